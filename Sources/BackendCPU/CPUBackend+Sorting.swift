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
      switch op {
      case .sum: scanIntegers(x, shape, reversed: reversed, into: y, from: 0) { $0 &+ $1 }
      case .product: scanIntegers(x, shape, reversed: reversed, into: y, from: 1) { $0 &* $1 }
      case .maximum: scanIntegers(x, shape, reversed: reversed, into: y, from: .min) { max($0, $1) }
      case .minimum: scanIntegers(x, shape, reversed: reversed, into: y, from: .max) { min($0, $1) }
      }
    case .bool, .float64, .float16, .bfloat16, .int8, .uint8, .int16, .int64:
      throw unsupported("scan", x.dtype)
    }
  }

  @inline(__always)
  private func scanIntegers(
    _ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice, from start: Int32,
    _ combine: @Sendable (Int32, Int32) -> Int32
  ) {
    let (source, result, extent, inner) = (x.integers, y.integers, shape.extent, shape.inner)
    // One line along the axis for each outer and inner index.
    parallel(shape.reducedCount, grain: max(1, Grain.simple / max(1, extent)), unit: 1) {
      for line in $0 {
        var position = line / inner * extent * inner + line % inner
        if reversed { position += (extent - 1) * inner }
        var value = start
        for _ in 0..<extent {
          value = combine(value, source[position])
          result[position] = value
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
    let pieces = pieces(rows * columns / Grain.heavy)
    let lanes = min(pieces, rows)
    try withScratch(lanes * 2 * columns, of: SortItem.self) { scratch in
      pool.run(lanes) { lane in
        let items = scratch + lane * 2 * columns
        for row in lane * rows / lanes..<(lane + 1) * rows / lanes {
          let first = row * columns
          for i in 0..<columns {
            let key = sortKey(x, first + i)
            items[i] = SortItem(key: descending ? ~key : key, index: UInt32(i))
          }
          sortStably(items, items + columns, columns)
          for i in 0..<columns {
            let index = Int(items[i].index)
            indices.integers[first + i] = Int32(index)
            guard let values else { continue }
            if x.dtype == .bool {
              values.bytes[first + i] = x.bytes[first + index]
            } else {
              values.words[first + i] = x.words[first + index]
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

private struct SortItem {
  var key: UInt32
  var index: UInt32
}

/// Insertion sort for short rows, otherwise a radix sort by bytes, least significant first. Passes over bytes that are
/// all equal are skipped.
private func sortStably(_ items: UnsafeMutablePointer<SortItem>, _ spare: UnsafeMutablePointer<SortItem>, _ count: Int)
{
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
  var (from, to) = (items, spare)
  withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { starts in
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      starts.initialize(repeating: 0)
      for i in 0..<count { starts[Int(from[i].key >> shift & 0xFF)] += 1 }
      if starts[Int(from[0].key >> shift & 0xFF)] == count { continue }
      var sum = 0
      for digit in 0..<256 {
        let size = starts[digit]
        starts[digit] = sum
        sum += size
      }
      for i in 0..<count {
        let digit = Int(from[i].key >> shift & 0xFF)
        to[starts[digit]] = from[i]
        starts[digit] += 1
      }
      swap(&from, &to)
    }
  }
  if from != items { items.update(from: from, count: count) }
}
