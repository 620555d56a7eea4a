import BackendCPU

extension Device {
  /// The processor, on all its cores.
  public static let cpu = Device(CPUBackend.shared)

  /// The first GPU, or the one at `index`, over all platforms; an accelerator where there is no GPU.
  /// - Throws: `DeviceError.unavailable` with the list of what was found.
  public static func gpu(_ index: Int = 0) throws -> Device {
    throw DeviceError.unavailable(requested: "gpu", found: available().map(\.description))
  }

  /// The first GPU if there is one, else the CPU.
  public static func best() -> Device {
    do {
      return try gpu()
    } catch {
      return .cpu
    }
  }

  /// Every device of this machine, the CPU first; asks nothing of them.
  public static func available() -> [Device] { [.cpu] }

  /// The device with this identifier.
  /// - Throws: `DeviceError.unavailable` with the list of what was found.
  public static func named(_ identifier: String) throws -> Device {
    if identifier == "cpu" { return .cpu }
    throw DeviceError.unavailable(requested: identifier, found: available().map(\.description))
  }
}
