import BackendCore

/// Cumulative reductions and sorting.
extension CPUBackend {
  public func scan(_ op: ScanOp, _ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {
    let (code, extent, inner, table) = (op.code, shape.extent, shape.inner, kernels)
    let streams = streams(shape.reducedCount * extent)
    switch x.dtype {
    case .float32 where inner == 1:
      let (source, result) = (x.floats, y.floats)
      parallel(shape.outer, grain: max(1, Grain.simple / max(1, extent)), unit: 1) {
        let first = $0.lowerBound * extent
        table.pointee.scan_rows(code, reversed, source + first, $0.count, extent, result + first, streams)
      }
    case .float32:
      let (source, result) = (x.floats, y.floats)
      forEachColumnStrip(shape.outer, inner, height: extent) { outer, columns in
        let first = outer * extent * inner + columns.lowerBound
        table.pointee.scan_columns(
          code, reversed, source + first, extent, columns.count, inner, result + first, streams)
      }
    case .int32:
      let (source, result) = (x.integers, y.integers)
      switch op {
      case .sum: scan(source, shape, reversed: reversed, into: result, from: 0) { $0 &+ $1 }
      case .product: scan(source, shape, reversed: reversed, into: result, from: 1) { $0 &* $1 }
      case .maximum: scan(source, shape, reversed: reversed, into: result, from: .min) { max($0, $1) }
      case .minimum: scan(source, shape, reversed: reversed, into: result, from: .max) { min($0, $1) }
      }
    case .int64, .float64: scan64(op, x, shape, reversed: reversed, into: y)
    case .bool, .float16, .bfloat16, .int8, .uint8, .int16: throw unsupported("scan", x.dtype)
    }
  }

  /// A cumulative reduction by a function of two elements, which starts with `start`.
  @inline(__always)
  func scan<Element>(
    _ x: UnsafePointer<Element>, _ shape: AxisShape, reversed: Bool, into y: UnsafeMutablePointer<Element>,
    from start: Element, _ combine: (Element, Element) -> Element
  ) {
    let (extent, inner) = (shape.extent, shape.inner)
    // One line along the axis for each outer and inner index.
    parallel(shape.reducedCount, grain: max(1, Grain.simple / max(1, extent)), unit: 1) {
      for line in $0 {
        var position = line / inner * extent * inner + line % inner
        if reversed { position += (extent - 1) * inner }
        var value = start
        for _ in 0..<extent {
          value = combine(value, x[position])
          y[position] = value
          position += reversed ? -inner : inner
        }
      }
    }
  }

  public func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {
    try BackendError.requirePositions("sort", below: columns)
    try require(.sort, for: x.dtype)
    guard rows > 0 && columns > 0 else { return }
    switch x.dtype {
    case .int64:
      let source = x.elements(Int64.self)
      try sort(rows, columns, descending: descending, x, values, indices) { source[$0].sortKey }
    case .float64:
      let source = x.elements(Double.self)
      try sort(rows, columns, descending: descending, x, values, indices) { source[$0].sortKey }
    default: try sort(rows, columns, descending: descending, x, values, indices) { sortKey(x, $0) }
    }
  }

  /// Sorts rows by unsigned keys.
  @inline(__always)
  private func sort<Key: UnsignedInteger & FixedWidthInteger & BitwiseCopyable>(
    _ rows: Int, _ columns: Int, descending: Bool, _ x: BufferSlice, _ values: BufferSlice?, _ indices: BufferSlice,
    by key: (Int) -> Key
  ) throws {
    let lanes = min(pieces(rows * columns / Grain.heavy), rows)
    let size = x.dtype.byteCount
    try withScratch(lanes * 2 * columns, of: SortItem<Key>.self) { scratch in
      pool.run(lanes) { lane in
        let items = scratch + lane * 2 * columns
        for row in lane * rows / lanes..<(lane + 1) * rows / lanes {
          let first = row * columns
          for i in 0..<columns {
            let key = key(first + i)
            items[i] = SortItem(key: descending ? ~key : key, index: UInt32(i))
          }
          sortStably(items, items + columns, columns)
          for i in 0..<columns {
            let index = Int(items[i].index)
            indices.integers[first + i] = Int32(index)
            guard let values else { continue }
            switch size {
            case 1: values.bytes[first + i] = x.bytes[first + index]
            case 8: values.longs[first + i] = x.longs[first + index]
            default: values.words[first + i] = x.words[first + index]
            }
          }
        }
      }
    }
  }

  /// An unsigned key with the same order as the elements: NaN is above all others, and both zeros are equal.
  private func sortKey(_ x: BufferSlice, _ index: Int) -> UInt32 {
    switch x.dtype {
    case .int32: return UInt32(bitPattern: x.integers[index]) ^ 0x8000_0000
    case .bool: return x.bytes[index] == 0 ? 0 : 1
    default:
      let value = x.floats[index]
      if value.isNaN { return .max }
      let bits = value == 0 ? 0 : value.bitPattern
      return bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
    }
  }
}

private struct SortItem<Key> {
  var key: Key
  var index: UInt32
}

/// Insertion sort for short rows, otherwise a radix sort by bytes, least significant first. Passes over bytes that are
/// all equal are skipped.
private func sortStably<Key: UnsignedInteger & FixedWidthInteger & BitwiseCopyable>(
  _ items: UnsafeMutablePointer<SortItem<Key>>, _ spare: UnsafeMutablePointer<SortItem<Key>>, _ count: Int
) {
  guard count > 48 else {
    for i in 1..<max(count, 1) {
      let item = items[i]
      var j = i
      while j > 0 && items[j - 1].key > item.key {
        items[j] = items[j - 1]
        j -= 1
      }
      items[j] = item
    }
    return
  }
  /// A byte of a key.
  func digit(_ item: SortItem<Key>, _ shift: Int) -> Int { Int(truncatingIfNeeded: item.key &>> Key(shift) & 0xFF) }

  var (from, to) = (items, spare)
  withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { starts in
    for shift in stride(from: 0, to: Key.bitWidth, by: 8) {
      starts.initialize(repeating: 0)
      for i in 0..<count { starts[digit(from[i], shift)] += 1 }
      if starts[digit(from[0], shift)] == count { continue }
      var sum = 0
      for value in 0..<256 {
        let size = starts[value]
        starts[value] = sum
        sum += size
      }
      for i in 0..<count {
        let position = digit(from[i], shift)
        to[starts[position]] = from[i]
        starts[position] += 1
      }
      swap(&from, &to)
    }
  }
  if from != items { items.update(from: from, count: count) }
}
