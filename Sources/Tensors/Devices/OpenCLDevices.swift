#if OpenCL
internal import BackendOpenCL

extension DeviceList {
  /// The devices that OpenCL drivers offer, looked for once.
  static func entries(for requested: String) throws -> [DeviceEntry] {
    do {
      return try found.get()
    } catch {
      throw DeviceError.unavailable(requested: requested, found: ["\(error)"])
    }
  }

  private static let found = Result<[DeviceEntry], any Error> {
    try OpenCLDevice.available().map { device in
      DeviceEntry(identifier: device.identifier, name: device.name, kind: device.kind) {
        try OpenCLBackend.shared(for: device)
      }
    }
  }
}
#else
extension DeviceList {
  /// There are none without the trait.
  static func entries(for requested: String) throws -> [DeviceEntry] {
    throw DeviceError.unavailable(requested: requested, found: ["nothing: built without the OpenCL trait"])
  }
}
#endif
