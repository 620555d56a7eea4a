#if OpenCL
internal import HostSystem
package import BackendCore

/// Products of matrices of 8-bit integers.
extension OpenCLBackend: IntegerProducts {
  package func integerProduct(_ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, into c: BufferSlice) throws {
    for operand in [a, b] where operand.dtype != .int8 && operand.dtype != .uint8 {
      throw unsupported("integerMatmul", operand.dtype)
    }
    let (m, n) = (shape.m, shape.n)
    let isWide = isWide(max(m, n, shape.k, shape.batch, m * n))
    var program = ProgramName(family: .integerMatmul, isWide: isWide)
    if options.usesDotProducts && !options.runsLoops {
      program.usesDotProducts = true
      // Some drivers list the extension, but their compilers lack its functions.
      if try !launcher.programs.builds(program) { program.usesDotProducts = false }
    }
    // The extents of the part of C that a work group computes.
    let (rows, columns) =
      options.runsLoops
      ? (KernelConstants.integerRows, KernelConstants.integerColumns)
      : (KernelConstants.integerTile, KernelConstants.integerTile)
    let groups = WorkGroups(
      x: m.dividedRoundingUp(by: rows) * n.dividedRoundingUp(by: columns), y: min(shape.batch, 65535),
      items: options.runsLoops ? 1 : WorkGroup.size)
    let name = KernelName(
      program: program, stem: "integerMatmul", operation: a.dtype.kernelType, type: b.dtype.kernelType)
    try launch(name, groups) { arguments in
      arguments.slice(a)
      arguments.slice(b)
      arguments.slice(c)
      arguments.count(m)
      arguments.count(n)
      arguments.count(shape.k)
      arguments.count(shape.batch)
      arguments.value(UInt64(shape.strideA))
      arguments.value(UInt64(shape.strideB))
    }
  }
}
#endif
