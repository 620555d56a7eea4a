#if !OpenCL
extension DeviceList {
  /// There are none without the trait.
  static func entries(for requested: String) throws -> [DeviceEntry] {
    throw DeviceError.unavailable(requested: requested, found: ["nothing: built without the OpenCL trait"])
  }
}
#else
extension DeviceList {
  static func entries(for requested: String) throws -> [DeviceEntry] { [] }
}
#endif
