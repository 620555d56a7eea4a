internal import HostSystem
import BackendCore
import CPUKernels

/// Gathers and scatters at positions given by an int32 buffer. Positions out of range read as NaN (0 for integers
/// and bool) and are ignored by scatters.
extension CPUBackend {
  public func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {
    try require(.gatherRows, for: x.dtype)
    let size = x.dtype.byteCount
    let rowBytes = shape.inner * size
    let (source, positions, result) = (x.address, indices.integers, y.address)
    parallel(shape.outer * indexCount, grain: max(1, Grain.copy / max(1, shape.inner)), unit: 1) {
      for row in $0 {
        let index = Int(positions[row % indexCount])
        let target = result + row * rowBytes
        if index >= 0 && index < shape.extent {
          memcpy(target, source + (row / indexCount * shape.extent + index) * rowBytes, rowBytes)
        } else {
          storeOutOfRange(y.dtype, target, shape.inner)
        }
      }
    }
  }

  public func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {
    try require(.gatherElements, for: x.dtype)
    let (positions, inner, size) = (indices.integers, shape.inner, x.dtype.byteCount)
    let plane = indexExtent * inner
    parallel(shape.outer * plane, grain: Grain.simple, unit: 1) {
      for target in $0 {
        let index = Int(positions[target])
        guard index >= 0 && index < shape.extent else {
          storeOutOfRange(y.dtype, y.address + target * size, 1)
          continue
        }
        let from = (target / plane * shape.extent + index) * inner + target % inner
        switch size {
        case 1: y.bytes[target] = x.bytes[from]
        case 2: y.halves[target] = x.halves[from]
        case 8: y.longs[target] = x.longs[from]
        default: y.words[target] = x.words[from]
        }
      }
    }
  }

  private func storeOutOfRange(_ dtype: DType, _ target: UnsafeMutableRawPointer, _ count: Int) {
    switch dtype {
    case .float32:
      kernels.pointee.fill_words(target.assumingMemoryBound(to: UInt32.self), Float.nan.bitPattern, count)
    case .float16, .bfloat16:
      kernels.pointee.fill_halves(
        target.assumingMemoryBound(to: UInt16.self), HalfFormat(dtype).bits(of: .nan), count)
    case .float64:
      kernels.pointee.fill_longs(target.assumingMemoryBound(to: UInt64.self), Double.nan.bitPattern, count)
    case .int8, .uint8, .int16, .int32, .int64, .bool: memset(target, 0, count * dtype.byteCount)
    }
  }

  public func scatterRows(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws {
    try require(.scatterRows, for: y.dtype)
    let (positions, inner, table) = (indices.integers, shape.inner, kernels)
    guard inner > 0 && indexCount > 0 else { return }
    let isElement64 = y.dtype.isElement64
    let work = indexCount * inner
    let frequent =
      op == .sum && y.dtype == .float32 ? FrequentIndices(positions, indexCount, extent: shape.extent) : nil
    // Threads divide the columns, so that each element receives its updates in the order of the indices.
    parallelMatrix(shape.outer, inner, work: work) { outer, columns in
      for j in 0..<indexCount {
        let index = Int(positions[j])
        guard index >= 0 && index < shape.extent else { continue }
        if let frequent, frequent.slots[index] >= 0 { continue }
        let from = (outer * indexCount + j) * inner + columns.lowerBound
        let to = (outer * shape.extent + index) * inner + columns.lowerBound
        if isElement64 {
          scatterRow64(op, updates, from: from, into: y, to: to, count: columns.count)
          continue
        }
        switch (op.combination, y.dtype) {
        case (nil, _): (y.words + to).update(from: updates.words + from, count: columns.count)
        case (.add, .float32): table.pointee.add_floats(updates.floats + from, 1, y.floats + to, 1, columns.count)
        case (let combination?, .float32):
          let (a, b) = (
            nn_view(base: y.floats + to, row: 0, column: 1), nn_view(base: updates.floats + from, row: 0, column: 1)
          )
          table.pointee.binary(combination.code, a, b, y.floats + to, 0, 1, columns.count)
        case (let combination?, _):
          let (a, b) = (
            nn_view(base: y.integers + to, row: 0, column: 1), nn_view(base: updates.integers + from, row: 0, column: 1)
          )
          table.pointee.binary_int32(combination.code, a, b, y.integers + to, 0, 1, columns.count)
        }
      }
      guard let frequent else { return }
      frequent.add(
        positions, indexCount, updates.floats + (outer * indexCount * inner + columns.lowerBound),
        into: y.floats + (outer * shape.extent * inner + columns.lowerBound), columns: columns.count, step: inner)
    }
  }

  public func scatterElements(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws {
    try require(.scatterElements, for: y.dtype)
    let positions = indices.integers
    let scatter = ElementScatter(positions: positions, shape: shape, indexExtent: indexExtent)
    if y.dtype.isElement64 { return scatterElements64(op, updates, scatter, into: y) }
    let (floats, integers, floatResults, integerResults) = (updates.floats, updates.integers, y.floats, y.integers)
    switch (op, y.dtype) {
    // Lines with many updates of few elements are summed in Double.
    case (.sum, .float32) where indexExtent >= FrequentIndices.fewest && shape.extent <= indexExtent:
      let inner = shape.inner
      parallelMatrix(shape.outer, inner, work: indexExtent * inner) { outer, columns in
        let (first, target) = (outer * indexExtent * inner, floatResults + outer * shape.extent * inner)
        addLongLines(
          floats + first, positions + first, indexExtent, into: target, extent: shape.extent, columns, step: inner)
      }
    case (.sum, .float32): scatterElements(scatter) { floatResults[$0] += floats[$1] }
    case (.product, .float32): scatterElements(scatter) { floatResults[$0] *= floats[$1] }
    case (.maximum, .float32):
      scatterElements(scatter) { to, from in
        let (a, b) = (floatResults[to], floats[from])
        if !(a > b || a.isNaN) { floatResults[to] = b }
      }
    case (.minimum, .float32):
      scatterElements(scatter) { to, from in
        let (a, b) = (floatResults[to], floats[from])
        if !(a < b || a.isNaN) { floatResults[to] = b }
      }
    case (.sum, _): scatterElements(scatter) { integerResults[$0] &+= integers[$1] }
    case (.product, _): scatterElements(scatter) { integerResults[$0] &*= integers[$1] }
    case (.maximum, _): scatterElements(scatter) { integerResults[$0] = max(integerResults[$0], integers[$1]) }
    case (.minimum, _): scatterElements(scatter) { integerResults[$0] = min(integerResults[$0], integers[$1]) }
    case (.replacement, _): scatterElements(scatter) { integerResults[$0] = integers[$1] }
    }
  }

  /// Calls `combine` with the position of each update and of its target, in order for each target.
  @inline(__always)
  func scatterElements(_ scatter: ElementScatter, _ combine: (_ target: Int, _ update: Int) -> Void) {
    let (positions, shape, indexExtent) = (scatter.positions, scatter.shape, scatter.indexExtent)
    let inner = shape.inner
    parallelMatrix(shape.outer, inner, work: indexExtent * inner) { outer, columns in
      for j in 0..<indexExtent {
        for i in columns {
          let from = (outer * indexExtent + j) * inner + i
          let index = Int(positions[from])
          guard index >= 0 && index < shape.extent else { continue }
          combine((outer * shape.extent + index) * inner + i, from)
        }
      }
    }
  }

  /// Adds updates to the columns of y[extent, step], each column summed in Double.
  private func addLongLines(
    _ updates: UnsafePointer<Float>, _ positions: UnsafePointer<Int32>, _ indexExtent: Int,
    into y: UnsafeMutablePointer<Float>, extent: Int, _ columns: Range<Int>, step: Int
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: extent) { sums in
      for column in columns {
        for k in 0..<extent { sums[k] = Double(y[k * step + column]) }
        for j in 0..<indexExtent {
          let index = Int(positions[j * step + column])
          if index >= 0 && index < extent { sums[index] += Double(updates[j * step + column]) }
        }
        for k in 0..<extent { y[k * step + column] = Float(sums[k]) }
      }
    }
  }

  /// Divides `outer` matrices of `columns` columns among threads, by matrix or by column. `work` is the cost of one
  /// matrix in elements.
  private func parallelMatrix(_ outer: Int, _ columns: Int, work: Int, _ body: (Int, Range<Int>) -> Void) {
    if outer > 1 {
      parallel(outer, grain: max(1, Grain.simple / max(1, work)), unit: 1) {
        for index in $0 { body(index, 0..<columns) }
      }
    } else if outer == 1 {
      parallel(columns, grain: max(16, Grain.simple / max(1, work / max(1, columns)))) { body(0, $0) }
    }
  }
}

/// The positions of updates of single elements.
struct ElementScatter {
  let positions: UnsafePointer<Int32>
  let shape: AxisShape
  let indexExtent: Int
}

/// Indices that occur so often that plain float32 sums of their updates would lose digits.
private struct FrequentIndices {
  /// The minimum number of updates, of one element and in total, for which sums are computed in Double.
  static let fewest = 64
  /// The position of each index in the list of frequent ones, or -1.
  private(set) var slots: [Int32]
  private var indices: [Int] = []

  /// Finds the frequent indices; nil if there are none.
  init?(_ positions: UnsafePointer<Int32>, _ count: Int, extent: Int) {
    guard count >= FrequentIndices.fewest else { return nil }
    var counts = [Int32](repeating: 0, count: extent)
    for j in 0..<count {
      let index = Int(positions[j])
      if index >= 0 && index < extent { counts[index] += 1 }
    }
    guard counts.contains(where: { $0 >= FrequentIndices.fewest }) else { return nil }
    slots = counts
    for index in 0..<extent {
      if counts[index] < FrequentIndices.fewest {
        slots[index] = -1
      } else {
        slots[index] = Int32(indices.count)
        indices.append(index)
      }
    }
  }

  /// Adds the updates of the frequent indices to their rows of y[·, step], the first `columns` of each, in Double.
  func add(
    _ positions: UnsafePointer<Int32>, _ count: Int, _ updates: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>, columns: Int, step: Int
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: indices.count * columns) { sums in
      for (slot, index) in indices.enumerated() {
        for c in 0..<columns { sums[slot * columns + c] = Double(y[index * step + c]) }
      }
      for j in 0..<count {
        let index = Int(positions[j])
        guard index >= 0 && index < slots.count, slots[index] >= 0 else { continue }
        let (sum, update) = (sums.baseAddress! + Int(slots[index]) * columns, updates + j * step)
        for c in 0..<columns { sum[c] += Double(update[c]) }
      }
      for (slot, index) in indices.enumerated() {
        for c in 0..<columns { y[index * step + c] = Float(sums[slot * columns + c]) }
      }
    }
  }
}
