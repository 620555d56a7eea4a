#if OpenCL
package import BackendCore

/// Work for benchmarks, which compare with the highest rate that a device reaches.
extension OpenCLBackend {
  /// The widths of the vectors of `multiplyAdds`; which one is faster depends on the device.
  package static let multiplyAddWidths = [8, 16]

  /// Puts a kernel into the queue in which each of `items` work items (a multiple of 256) makes loops of independent fused
  /// multiply-adds in registers, and writes one number to y.
  /// - Returns: the floating-point operations of the kernel.
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
