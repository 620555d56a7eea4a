#if OpenCL
/// The reasons why no OpenCL device can be opened.
public enum OpenCLError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `libOpenCL.so.1` could not be opened; the reason is the dynamic linker's message.
  case noLoader(reason: String)
  /// The loader found no working driver; `tried` lists the searched locations and the failures.
  case noPlatform(tried: OpenCLVendors)
  /// There is no device with this identifier; `found` lists the existing ones.
  case noDevice(identifier: String, found: [String])
  /// The device cannot run the kernels, or its driver failed to create a context or a queue.
  case unusable(device: String, reason: String)

  public var description: String {
    switch self {
    case .noLoader(let reason): "no OpenCL loader: \(reason)"
    case .noPlatform(let tried): "no OpenCL platform; \(tried)"
    case .noDevice(let identifier, let found):
      "no OpenCL device \(identifier); found: \(found.isEmpty ? "none" : found.joined(separator: ", "))"
    case .unusable(let device, let reason): "OpenCL device \(device) cannot be used: \(reason)"
    }
  }
}
#endif
