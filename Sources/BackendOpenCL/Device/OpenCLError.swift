#if OpenCL
/// Why there is no OpenCL device to open.
public enum OpenCLError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `libOpenCL.so.1` could not be opened; the reason is the dynamic linker's.
  case noLoader(reason: String)
  /// The loader found no driver that works; `tried` says where it looked, and what failed there.
  case noPlatform(tried: OpenCLVendors)
  /// No device has this identifier; `found` lists those that there are.
  case noDevice(identifier: String, found: [String])
  /// The device cannot run the kernels, or its driver refused a context or a queue.
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
