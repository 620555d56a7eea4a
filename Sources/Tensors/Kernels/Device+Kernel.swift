#if OpenCL
internal import BackendOpenCL
import BackendCore
#endif

extension Device {
  /// Compiles a program of your own, in OpenCL C, and takes a kernel from it. Keep the kernel: compiling takes long.
  ///
  /// The program gets nothing but its source; every OpenCL device compiles OpenCL C 1.2.
  /// - Parameters:
  ///   - source: The whole program.
  ///   - name: The kernel function.
  /// - Throws: `DeviceError.kernelBuild` with the compiler's log, also when the program has no such kernel;
  ///   `DeviceError.unsupported` on a device that is not driven through OpenCL, such as `.cpu`.
  public func kernel(source: String, name: String) throws -> Kernel {
    #if OpenCL
    do {
      // A device that could not be opened says why.
      if let closed = driver as? MetaBackend { try closed.synchronize() }
      if let backend = driver as? OpenCLBackend {
        return Kernel(try backend.customKernel(source: source, name: name), on: self)
      }
    } catch {
      throw DeviceError(error, on: self)
    }
    #endif
    throw DeviceError.unsupported(operation: "kernels in OpenCL C", dtype: .float32, device: "\(self)")
  }
}
