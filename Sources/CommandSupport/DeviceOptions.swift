import ModelFormats
import ArgumentParser
import Tensors

/// The options `--device` and `--no-fallback`, which are the same for every command.
package struct DeviceOptions: ParsableArguments {
  @Option(
    help: "auto, cpu, gpu, or opencl:P:D (platform and device, see 'nn devices'). (default: auto)",
    completion: .custom { _, _, _ in DeviceRequest.words },
    transform: DeviceRequest.init(word:)
  )
  package var device: DeviceRequest = .auto

  @Flag(help: "With --device gpu: fail (exit code 3) if there is no GPU, instead of using another device.")
  package var noFallback = false

  package init() {}

  /// Returns the device to use. Prints a line on standard error if it is not the requested one.
  package func resolve() throws -> ResolvedDevice {
    try device.resolve(allowsFallback: !noFallback) { Console.error($0) }
  }
}

/// The possible values of `--device`.
package enum DeviceRequest: Sendable, Hashable, CustomStringConvertible {
  /// The best available device.
  case auto
  case cpu
  case gpu
  /// `opencl:P:D`.
  case named(String)

  /// Parses a value of `--device`.
  /// - Throws: An error that lists the possible values.
  package init(word: String) throws {
    switch word {
    case "auto": self = .auto
    case "cpu": self = .cpu
    case "gpu": self = .gpu
    default:
      let parts = word.split(separator: ":", omittingEmptySubsequences: false)
      let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
      let areNumbers = parts.dropFirst().allSatisfy { part in
        (1...3).contains(part.utf8.count) && part.utf8.allSatisfy(digits.contains)
      }
      guard parts.count == 3, parts[0] == "opencl", areNumbers else {
        throw ValidationError("expected auto, cpu, gpu or opencl:P:D")
      }
      self = .named(word)
    }
  }

  /// The possible values on this machine.
  fileprivate static var words: [String] {
    let listed = Device.available().map(\.identifier)
    return ["auto", "cpu", "gpu"] + listed.filter { $0.hasPrefix("opencl:") }
  }

  package var description: String {
    switch self {
    case .auto: "auto"
    case .cpu: "cpu"
    case .gpu: "gpu"
    case .named(let identifier): identifier
    }
  }

  /// The first CPU device of an OpenCL driver that can be opened.
  private static var openCLProcessor: Device? {
    let processors = Device.available().lazy.filter { $0.identifier.hasPrefix("opencl:") && $0.kind == .cpu }
    return processors.compactMap { try? Device.named($0.identifier) }.first
  }

  /// Returns the requested device. A missing GPU is replaced, with one warning, by an OpenCL CPU device, which runs the
  /// same kernels, or else by the CPU. Nothing else is ever replaced.
  /// - Throws: `DeviceError`.
  package func resolve(allowsFallback: Bool, warn: (String) -> Void) throws -> ResolvedDevice {
    switch self {
    case .auto: return ResolvedDevice(requested: self, device: .best())
    case .cpu: return ResolvedDevice(requested: self, device: .cpu)
    case .named(let identifier): return ResolvedDevice(requested: self, device: try .named(identifier))
    case .gpu:
      do {
        return ResolvedDevice(requested: self, device: try .gpu())
      } catch {
        guard allowsFallback, let error = error as? DeviceError else { throw error }
        let device = Self.openCLProcessor ?? .cpu
        warn("WARNING: \(oneLine(error.description)); using \(device.identifier) (\(device.name)) instead")
        return ResolvedDevice(requested: self, device: device)
      }
    }
  }
}

/// The requested device and the device used.
package struct ResolvedDevice: Sendable {
  package let requested: DeviceRequest
  package let device: Device

  /// "cpu (AMD EPYC)", and the request if it differs.
  package var text: String {
    let used = "\(device.identifier) (\(device.name))"
    return requested.description == device.identifier ? used : "\(used), asked for: \(requested)"
  }

  /// `{"requested", "used", "name"}`.
  package var json: JSONValue {
    ["requested": .string(requested.description), "used": .string(device.identifier), "name": .string(device.name)]
  }
}
