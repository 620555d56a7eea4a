/// Default implementations of pooling: the windows are laid out one after another and reduced.
extension Backend {
  public func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?
  ) throws {
    try require(.pool, for: x.dtype)
    guard shape.outputCount > 0 else { return }
    if indices != nil { try BackendError.requirePositions("pool", below: shape.inputPlane) }
    let elements = try temporary(shape.planes * shape.window * shape.outputPlane, x.dtype)
    let windows = AxisShape(outer: shape.planes, extent: shape.window, inner: shape.outputPlane)
    try Windows(shape).unfold(x, filling: op == .maximum ? -.infinity : 0, into: elements, on: self)
    guard op == .maximum else {
      try reduce(.sum, elements, windows, into: y)
      return try scale(y, by: op, shape, into: y)
    }
    try reduce(.maximum, elements, windows, into: y)
    if let indices { try locate(elements, windows, shape, into: indices) }
  }

  public func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice
  ) throws {
    try require(.poolGradient, for: dy.dtype)
    try fill(dx, count: shape.inputCount, with: 0)
    guard shape.outputCount > 0, shape.inputCount > 0 else { return }
    if op == .maximum {
      guard let indices else { fatalError("the gradient of a maximum needs the indices of the maxima") }
      let planes = AxisShape(outer: shape.planes, extent: shape.inputPlane, inner: 1)
      return try scatterElements(.sum, dy, indices: indices, indexExtent: shape.outputPlane, into: dx, planes)
    }
    let shares = try temporary(shape.outputCount, dy.dtype)
    try scale(dy, by: op, shape, into: shares)
    // Each element of a window gets the same share.
    let elements = try temporary(shape.planes * shape.window * shape.outputPlane, dy.dtype)
    let whole: Shape = [shape.planes, shape.window, shape.outputPlane]
    try copyStrided(
      shares, Strides([shape.outputPlane, 0, 1]), shape: whole, into: elements, Strides(dense: whole),
      accumulating: false)
    try Windows(shape).fold(elements, into: dx, on: self)
  }

  /// Multiplies each output by 1 divided by the number of elements that count in its window.
  private func scale(_ x: BufferSlice, by op: PoolingOp, _ shape: PoolingShape, into y: BufferSlice) throws {
    if op == .meanWithPadding {
      return try binaryScalar(
        .divide, x, Double(shape.window), scalarFirst: false, count: shape.outputCount, into: y)
    }
    let (rows, columns) = (shape.height.insideCounts, shape.width.insideCounts)
    let counts = rows.flatMap { row in columns.map { Double(Swift.max(row * $0, 1)) } }
    let divisors = try uploaded(counts, x.dtype)
    let whole: Shape = [shape.planes, shape.outputPlane]
    try binary(
      .divide, x, Layout(dense: whole), divisors, Layout(broadcasting: [shape.outputPlane], to: whole), into: y)
  }

  /// Finds the position in its plane of the largest element of each window.
  private func locate(
    _ elements: BufferSlice, _ windows: AxisShape, _ shape: PoolingShape, into indices: BufferSlice
  ) throws {
    let (height, width) = (shape.height, shape.width)
    // Padding must not win over −∞ inside the input, so a table marks the positions inside.
    var positions: [Double] = []
    for p in 0..<height.kernel {
      for q in 0..<width.kernel {
        for i in 0..<height.output {
          for j in 0..<width.output {
            let row = height.position(output: i, kernel: p)
            let column = width.position(output: j, kernel: q)
            positions.append(row.flatMap { row in column.map { Double(row * width.input + $0) } } ?? -1)
          }
        }
      }
    }
    let table = try uploaded(positions, .int32)
    let count = shape.planes * shape.window * shape.outputPlane
    let whole: Shape = [shape.planes, shape.window, shape.outputPlane]
    let repeated = Layout(broadcasting: [shape.window, shape.outputPlane], to: whole)
    // 2 for NaN, 1 for the largest number, 0 for other elements inside, −1 for padding. The first element of the
    // highest rank wins.
    let rank = try temporary(count, elements.dtype)
    let flags = try temporary(count, .bool)
    let largest = try temporary(shape.outputCount, elements.dtype)
    try reduce(.maximum, elements, windows, into: largest)
    try compare(
      .equal, elements, Layout(dense: whole), largest,
      Layout(broadcasting: [shape.planes, 1, shape.outputPlane], to: whole), into: flags)
    try cast(flags, count: count, into: rank)
    let second = try temporary(count, elements.dtype)
    try unary(UnaryOp(.isNaN), elements, count: count, into: flags)
    try cast(flags, count: count, into: second)
    try binary(.add, rank, Layout(flat: count), second, Layout(flat: count), into: rank)
    try binary(.add, rank, Layout(flat: count), second, Layout(flat: count), into: rank)
    let inside = try temporary(shape.window * shape.outputPlane, .bool)
    try compareScalar(.less, table, 0, count: shape.window * shape.outputPlane, into: inside)
    let outside = try temporary(shape.window * shape.outputPlane, elements.dtype)
    try cast(inside, count: shape.window * shape.outputPlane, into: outside)
    try binaryScalar(
      .multiply, outside, 4, scalarFirst: false, count: shape.window * shape.outputPlane, into: outside)
    try binary(.subtract, rank, Layout(dense: whole), outside, repeated, into: rank)
    let chosen = try temporary(shape.outputCount, .int32)
    try argReduce(.argmax, rank, windows, into: chosen)
    // positions[chosen, window], one table for all planes.
    let spread = try temporary(count, .int32)
    try copyStrided(
      table, Strides([0, shape.outputPlane, 1]), shape: whole, into: spread, Strides(dense: whole), accumulating: false)
    try gatherElements(spread, windows, indices: chosen, indexExtent: 1, into: indices)
  }

  /// Returns a buffer with numbers from the host that lives as long as the call.
  private func uploaded(_ numbers: [Double], _ dtype: DType) throws -> BufferSlice {
    let slice = try temporary(numbers.count, dtype)
    switch dtype {
    case .float32: try numbers.map { Float($0) }.withUnsafeBytes { try upload($0, into: slice) }
    case .float64: try numbers.withUnsafeBytes { try upload($0, into: slice) }
    case .int8: try uploadIntegers(numbers, Int8.self, into: slice)
    case .uint8: try uploadIntegers(numbers, UInt8.self, into: slice)
    case .int16: try uploadIntegers(numbers, Int16.self, into: slice)
    case .int32: try uploadIntegers(numbers, Int32.self, into: slice)
    case .int64: try uploadIntegers(numbers, Int64.self, into: slice)
    case .bool: try numbers.map { UInt8($0 == 0 ? 0 : 1) }.withUnsafeBytes { try upload($0, into: slice) }
    case .float16, .bfloat16:
      let format = HalfFormat(dtype)
      try numbers.map { format.bits(of: $0) }.withUnsafeBytes { try upload($0, into: slice) }
    }
    return slice
  }
}

extension Backend {
  private func uploadIntegers<Element: FixedWidthInteger & BitwiseCopyable>(
    _ numbers: [Double], _ type: Element.Type, into slice: BufferSlice
  ) throws {
    try numbers.map { Element(saturating: $0) }.withUnsafeBytes { try upload($0, into: slice) }
  }
}

extension WindowAxis {
  /// The number of elements of each window that lie inside the input.
  fileprivate var insideCounts: [Int] {
    (0..<output).map { i in (0..<kernel).count { position(output: i, kernel: $0) != nil } }
  }
}
