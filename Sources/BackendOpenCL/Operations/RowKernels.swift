#if OpenCL
/// Kernels that work on the rows of a matrix.
extension OpenCLBackend {
  /// The kernel for rows of this length, and its work groups: `items` has an item for each row, `rowGroups` a work group.
  func rowKernel(
    _ family: KernelFamily, _ items: String, _ rowGroups: String, _ rows: Int, _ columns: Int
  ) -> (KernelName, WorkGroups) {
    let program = ProgramName(family: family, isWide: isWide(max(rows, columns)))
    return options.runsLoops || columns <= 32
      ? (KernelName(program: program, stem: items), .elements(rows, each: columns))
      : (KernelName(program: program, stem: rowGroups), WorkGroups(x: rows))
  }
}
#endif
