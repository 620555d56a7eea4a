import BackendCPU
import BackendCore

extension Device {
  /// The processor, on all its cores.
  public static let cpu = Device(CPUBackend.shared)

  /// The first GPU over all platforms, or the one at `index`; an accelerator where there are no GPUs. Never a processor that
  /// an OpenCL driver offers as a device.
  /// - Throws: `DeviceError.unavailable`, with what was found or the reason why nothing was.
  public static func gpu(_ index: Int = 0) throws -> Device {
    let requested = index == 0 ? "gpu" : "gpu \(index)"
    let entries = try DeviceList.entries(for: requested)
    let gpus = entries.filter { $0.kind == .gpu }
    let candidates = gpus.isEmpty ? entries.filter { $0.kind == .accelerator } : gpus
    guard candidates.indices.contains(index) else { throw DeviceList.unavailable(requested, among: entries) }
    return try DeviceList.opened(candidates[index], for: requested)
  }

  /// The device that `gpu()` gives, or the CPU where that throws.
  public static func best() -> Device { bestAndReason().device }

  /// The best device, and in one line why it is not a GPU; nil when it is one.
  public static func bestAndReason() -> (device: Device, reason: String?) {
    do {
      return (try gpu(), nil)
    } catch {
      return (.cpu, "\(error)")
    }
  }

  /// Every device of this machine, the CPU first. Nothing is opened.
  public static func available() -> [Device] {
    let others = (try? DeviceList.entries(for: "any")) ?? []
    return [.cpu] + others.map { Device($0) }
  }

  /// The device with this identifier: "cpu", or "opencl:P:D" as `available()` lists them.
  /// - Throws: `DeviceError.unavailable`, with what was found or the reason why nothing was.
  public static func named(_ identifier: String) throws -> Device {
    if identifier == Device.cpu.identifier { return .cpu }
    let entries = try DeviceList.entries(for: identifier)
    guard let entry = entries.first(where: { $0.identifier == identifier }) else {
      throw DeviceList.unavailable(identifier, among: entries)
    }
    return try DeviceList.opened(entry, for: identifier)
  }
}

extension Device {
  /// Writes a line on standard error for each environment variable of the backends that is invalid.
  package static func checkEnvironment() {
    CPUBackend.checkEnvironment()
    DeviceList.checkEnvironment()
  }
}

/// The devices beside the CPU.
package enum DeviceList {
  /// The error for a device that is not among those found.
  static func unavailable(_ requested: String, among entries: [DeviceEntry]) -> DeviceError {
    let found = [Device.cpu] + entries.map { Device($0) }
    return .unavailable(requested: requested, found: found.map(\.summary))
  }

  /// The device of an entry, opened.
  package static func opened(_ entry: DeviceEntry, for requested: String) throws -> Device {
    do {
      return Device(entry, opened: try entry.open())
    } catch {
      throw DeviceError.unavailable(requested: requested, found: ["\(entry.identifier) (\(entry.name)): \(error)"])
    }
  }
}

extension Device {
  /// "opencl:0:1 (NVIDIA H200, gpu)", for lists.
  var summary: String { "\(identifier) (\(name), \(kind.rawValue))" }
}
