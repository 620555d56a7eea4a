#if OpenCL
internal import BackendOpenCL
import BackendCore
#endif

extension Device {
  /// Compiles a custom OpenCL C program and returns one of its kernels. Keep the kernel: compilation is slow.
  ///
  /// The program consists only of the given source. Every OpenCL device compiles OpenCL C 1.2.
  /// - Parameters:
  ///   - source: The complete program.
  ///   - name: The name of the kernel function.
  /// - Throws: `DeviceError.kernelBuild` with the compiler's log, also if the program does not contain the kernel;
  ///   `DeviceError.unsupported` on a device that is not driven through OpenCL, such as `.cpu`.
  public func kernel(source: String, name: String) throws -> Kernel {
    #if OpenCL
    do {
      // A device that could not be opened throws the reason.
      if let closed = backend as? MetaBackend { try closed.synchronize() }
      if let backend = backend as? OpenCLBackend {
        return Kernel(try backend.customKernel(source: source, name: name), on: self)
      }
    } catch {
      throw DeviceError(error, on: self)
    }
    #endif
    throw DeviceError.unsupported(operation: "kernels in OpenCL C", dtype: .float32, device: "\(self)")
  }
}
