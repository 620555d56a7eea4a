#if OpenCL
public import BackendCore

/// Sorting rows.
extension OpenCLBackend {
  public func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {
    try BackendError.requirePositions("sort", below: columns)
    let type = try kernelType(of: x.dtype, for: .sort)
    guard rows * columns > 0 else { return }
    if x.dtype.byteCount == 8 {
      return try sortByHalves(x, rows, columns, descending: descending, values: values, indices: indices)
    }
    var padded = 2
    while padded < columns { padded *= 2 }
    let program = ProgramName(family: .sort, isWide: isWide(rows * padded))
    guard padded <= KernelConstants.sortBlock else {
      let row = SortedRows(rows: rows, columns: columns, padded: padded, descending: descending)
      return try sortLong(x, row, program, type, values: values, indices: indices)
    }
    try launch(KernelName(program: program, stem: "sortRows", type: type), WorkGroups(x: rows)) { arguments in
      arguments.slice(x)
      arguments.slice(values ?? x)
      arguments.slice(indices)
      arguments.count(columns)
      arguments.count(padded)
      arguments.flag(descending)
      arguments.flag(values != nil)
    }
  }

  /// Sorts 64-bit numbers by the lower and then by the upper halves of their keys: sorting is stable.
  private func sortByHalves(
    _ x: BufferSlice, _ rows: Int, _ columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {
    let count = rows * columns
    let keys = try temporary(count, .int32)
    let (lower, upper) = (try temporary(count, .int32), try temporary(count, .int32))
    try keyHalves(x, count, columns, order: nil, into: keys)
    try sort(keys, rows: rows, columns: columns, descending: descending, values: nil, indices: lower)
    try keyHalves(x, count, columns, order: lower, into: keys)
    try sort(keys, rows: rows, columns: columns, descending: descending, values: nil, indices: upper)
    let shape = AxisShape(outer: rows, extent: columns, inner: 1)
    try gatherElements(lower, shape, indices: upper, indexExtent: columns, into: indices)
    if let values { try gatherElements(x, shape, indices: indices, indexExtent: columns, into: values) }
  }

  /// The lower halves of the keys of 64-bit numbers, or the upper halves in a given order.
  private func keyHalves(
    _ x: BufferSlice, _ count: Int, _ columns: Int, order: BufferSlice?, into keys: BufferSlice
  ) throws {
    let program = ProgramName(.sort, of: x.dtype, isWide: isWide(count))
    try launch(KernelName(program: program, stem: "sortHalves", type: x.dtype.kernelType), .elements(count)) {
      arguments in
      arguments.slice(x, count)
      arguments.memory(order ?? keys)
      arguments.memory(keys)
      arguments.count(count)
      arguments.count(columns)
      arguments.flag(order != nil)
    }
  }

  /// Rows that do not fit into local memory: keys are in device memory, sorted in blocks, then merged.
  private func sortLong(
    _ x: BufferSlice, _ shape: SortedRows, _ program: ProgramName, _ type: String, values: BufferSlice?,
    indices: BufferSlice
  ) throws {
    let (count, total) = (shape.rows * shape.columns, shape.rows * shape.padded)
    let keys = try temporary(2 * total, .int32)
    try launch(KernelName(program: program, stem: "sortKeys", type: type), .elements(total)) { arguments in
      arguments.slice(x)
      arguments.memory(keys)
      arguments.count(total)
      arguments.count(shape.columns)
      arguments.count(shape.padded)
      arguments.flag(shape.descending)
    }
    try sortBlocks(keys, shape, program, from: 2, to: KernelConstants.sortBlock)
    var size = 2 * KernelConstants.sortBlock
    while size <= shape.padded {
      var step = size / 2
      while step >= KernelConstants.sortBlock {
        try launch(KernelName(program: program, stem: "sortStep"), .elements(total / 2)) { arguments in
          arguments.memory(keys)
          arguments.count(total / 2)
          arguments.count(shape.padded)
          arguments.count(size)
          arguments.count(step)
        }
        step /= 2
      }
      try sortBlocks(keys, shape, program, from: size, to: size)
      size *= 2
    }
    try launch(KernelName(program: program, stem: "sortResults", type: type), .elements(count)) { arguments in
      arguments.slice(x)
      arguments.memory(keys)
      arguments.slice(values ?? x)
      arguments.slice(indices)
      arguments.count(count)
      arguments.count(shape.columns)
      arguments.count(shape.padded)
      arguments.flag(values != nil)
    }
  }

  /// The steps of the sorting network within a block, for runs of `first` to `last` keys.
  private func sortBlocks(
    _ keys: BufferSlice, _ shape: SortedRows, _ program: ProgramName, from first: Int, to last: Int
  ) throws {
    let groups = WorkGroups(x: shape.rows * shape.padded / KernelConstants.sortBlock)
    try launch(KernelName(program: program, stem: "sortBlocks"), groups) { arguments in
      arguments.memory(keys)
      arguments.count(shape.padded)
      arguments.count(first)
      arguments.count(last)
    }
  }
}

/// The rows to sort, and the power of two to which each is padded.
private struct SortedRows {
  let rows, columns, padded: Int
  let descending: Bool
}
#endif
