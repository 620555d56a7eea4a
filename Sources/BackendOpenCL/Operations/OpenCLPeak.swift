#if OpenCL
package import BackendCore

/// Workloads of benchmarks that measure the peak rate of a device.
extension OpenCLBackend {
  /// The vector widths of `multiplyAdds`. The fastest one depends on the device.
  package static let multiplyAddWidths = [8, 16]

  /// Enqueues a kernel in which each of `items` work items (a multiple of 256) runs loops of independent fused
  /// multiply-adds in registers and writes one number to y.
  /// - Returns: The number of floating-point operations of the kernel.
  package func multiplyAdds(width: Int, loops: Int, items: Int, into y: BufferSlice) throws -> Double {
    let name = KernelName(
      program: ProgramName(family: .peak), stem: "peak", operation: width == 8 ? "float8" : "float16")
    try launch(name, .items(items)) { arguments in
      arguments.slice(y)
      arguments.value(UInt32(loops))
      arguments.float(0.999999)
      arguments.float(1e-6)
    }
    return Double(items) * Double(loops) * 4 * 8 * Double(width == 8 ? 8 : 16) * 2
  }
}
#endif
