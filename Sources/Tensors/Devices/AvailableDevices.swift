import BackendCPU
import BackendCore

extension Device {
  /// The CPU, with all its cores.
  public static let cpu = Device(CPUBackend.shared)

  /// Returns the first GPU across all platforms, or the GPU at `index`; an accelerator if there are no GPUs. Never
  /// returns a CPU that an OpenCL driver exposes as a device.
  /// - Throws: `DeviceError.unavailable`, with the devices that were found or the reason why there are none.
  public static func gpu(_ index: Int = 0) throws -> Device {
    let requested = index == 0 ? "gpu" : "gpu \(index)"
    let entries = try DeviceList.entries(for: requested)
    let gpus = entries.filter { $0.kind == .gpu }
    let candidates = gpus.isEmpty ? entries.filter { $0.kind == .accelerator } : gpus
    guard candidates.indices.contains(index) else { throw DeviceList.unavailable(requested, among: entries) }
    return try DeviceList.opened(candidates[index], for: requested)
  }

  /// Returns the device that `gpu()` returns, or the CPU if `gpu()` throws.
  public static func best() -> Device { bestAndReason().device }

  /// Returns the best device and, if it is not a GPU, the reason in one line.
  public static func bestAndReason() -> (device: Device, reason: String?) {
    do {
      return (try gpu(), nil)
    } catch {
      return (.cpu, "\(error)")
    }
  }

  /// Returns all devices of this machine, with the CPU first. No device is opened.
  public static func available() -> [Device] {
    let others = (try? DeviceList.entries(for: "any")) ?? []
    return [.cpu] + others.map { Device($0) }
  }

  /// Returns the device with this identifier: "cpu", or "opencl:P:D" as listed by `available()`.
  /// - Throws: `DeviceError.unavailable`, with the devices that were found or the reason why there are none.
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
  /// Prints a line to standard error for each environment variable of the backends that has an invalid value.
  package static func checkEnvironment() {
    CPUBackend.checkEnvironment()
    DeviceList.checkEnvironment()
  }
}

/// The devices other than the CPU.
package enum DeviceList {
  /// Returns the error for a device that is not among those found.
  static func unavailable(_ requested: String, among entries: [DeviceEntry]) -> DeviceError {
    let found = [Device.cpu] + entries.map { Device($0) }
    return .unavailable(requested: requested, found: found.map(\.summary))
  }

  /// Opens the device of an entry.
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
