#if OpenCL
import BackendCore
internal import BackendOpenCL
import Synchronization

extension DeviceList {
  /// The entries created so far, by identifier: one object for each physical device.
  private static let known = Mutex<[String: DeviceEntry]>([:])

  /// Returns the devices of the OpenCL drivers, without opening them.
  /// - Throws: `DeviceError.unavailable` with the reason why there are none, such as a missing loader or driver.
  static func entries(for requested: String) throws -> [DeviceEntry] {
    let devices: [OpenCLDevice]
    do {
      devices = try OpenCLDevice.available()
    } catch {
      throw DeviceError.unavailable(requested: requested, found: [Device.cpu.summary, "\(error)"])
    }
    return known.withLock { known in
      devices.map { device in
        if let entry = known[device.identifier] { return entry }
        let entry = DeviceEntry(identifier: device.identifier, name: device.name, kind: device.kind) {
          try OpenCLBackend.shared(for: device)
        }
        known[device.identifier] = entry
        return entry
      }
    }
  }

  static func checkEnvironment() { KernelSources.checkEnvironment() }
}
#else
extension DeviceList {
  /// Without the trait, there are no devices.
  static func entries(for requested: String) throws -> [DeviceEntry] {
    throw DeviceError.unavailable(
      requested: requested, found: [Device.cpu.summary, "no others: built without the OpenCL trait"])
  }

  static func checkEnvironment() {}
}
#endif
