import BackendCore

/// Reductions, positions of maxima and minima, cumulative sums, and sorting.
extension ReferenceBackend {
  public func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    let (source, result) = (Elements(x), Elements(y))
    guard op.accepts(x.dtype) else { throw unsupported("\(op)", x.dtype) }
    for o in 0..<shape.outer {
      for i in 0..<shape.inner {
        let first = o * shape.extent * shape.inner + i
        let positions = (0..<shape.extent).lazy.map { first + $0 * shape.inner }
        let target = o * shape.inner + i
        if x.dtype.hasIntegerArithmetic {
          result[integer: target] = reducedInteger(op, source, positions)
        } else {
          result[target] = reduced(op, source, positions)
        }
      }
    }
  }

  private func reduced(_ op: ReductionOp, _ x: Elements, _ positions: some Collection<Int>) -> Double {
    switch op {
    case .sum: positions.reduce(0) { $0 + x[$1] }
    case .mean: positions.reduce(0) { $0 + x[$1] } / Double(positions.count)
    case .product: positions.reduce(1) { $0 * x[$1] }
    // The maximum ("any") of zero bools is false.
    case .maximum: positions.reduce(x.dtype == .bool ? 0 : -.infinity) { value(of: .maximum, $0, x[$1]) }
    case .minimum: positions.reduce(.infinity) { value(of: .minimum, $0, x[$1]) }
    }
  }

  /// The same for integers, which have no mean.
  private func reducedInteger(_ op: ReductionOp, _ x: Elements, _ positions: some Collection<Int>) -> Int64 {
    let isLong = x.dtype == .int64
    return switch op {
    case .sum, .mean: positions.reduce(0) { $0 &+ x[integer: $1] }
    case .product: positions.reduce(1) { $0 &* x[integer: $1] }
    case .maximum: positions.reduce(isLong ? .min : Int64(Int32.min)) { max($0, x[integer: $1]) }
    case .minimum: positions.reduce(isLong ? .max : Int64(Int32.max)) { min($0, x[integer: $1]) }
    }
  }

  public func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    try require(.argReduce, for: x.dtype)
    try BackendError.requirePositions("\(op)", below: shape.extent)
    let (source, result) = (Elements(x), Elements(y))
    let order: ComparisonOp = op == .argmax ? .greater : .less
    for o in 0..<shape.outer {
      for i in 0..<shape.inner {
        let first = o * shape.extent * shape.inner + i
        var best = 0
        for j in 1..<max(shape.extent, 1) {
          let (position, bestPosition) = (first + j * shape.inner, first + best * shape.inner)
          if x.dtype.hasIntegerArithmetic {
            if holds(order, source[integer: position], source[integer: bestPosition]) { best = j }
            continue
          }
          let (candidate, champion) = (source[position], source[bestPosition])
          // The first NaN is the maximum or minimum; nothing replaces it.
          if champion.isNaN { break }
          if candidate.isNaN || holds(order, candidate, champion) { best = j }
        }
        result[integer: o * shape.inner + i] = Int64(best)
      }
    }
  }

  public func scan(_ op: ScanOp, _ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws {
    try require(.scan, for: x.dtype)
    let (source, result) = (Elements(x), Elements(y))
    for o in 0..<shape.outer {
      for i in 0..<shape.inner {
        var (value, integer): (Double?, Int64?)
        for step in 0..<shape.extent {
          let j = reversed ? shape.extent - 1 - step : step
          let position = (o * shape.extent + j) * shape.inner + i
          if x.dtype.hasIntegerArithmetic {
            let next = source[integer: position]
            result[integer: position] = integer.map { integerValue(of: op.combination, $0, next, x.dtype)! } ?? next
            integer = result[integer: position]
          } else {
            let next = source[position]
            value = value.map { BackendCore.value(of: op.combination, $0, next) } ?? next
            result[position] = value ?? 0
            // Only sums are rounded once, at the end.
            if op != .sum { value = result[position] }
          }
        }
      }
    }
  }

  public func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice
  ) throws {
    try require(.sort, for: x.dtype)
    try BackendError.requirePositions("sort", below: columns)
    let (source, order) = (Elements(x), Elements(indices))
    let results = values.map { Elements($0) }
    for row in 0..<rows {
      let permutation =
        x.dtype.hasIntegerArithmetic
        ? sorted((0..<columns).map { source[integer: row * columns + $0] }, descending: descending, by: <)
        : sorted((0..<columns).map { source[row * columns + $0] }, descending: descending, by: isBelow)
      for (position, index) in permutation.enumerated() {
        order[integer: row * columns + position] = Int64(index)
        results?.copyElement(row * columns + position, from: source, row * columns + index)
      }
    }
  }

  /// The positions of numbers in their order. The sort is stable.
  private func sorted<Number>(
    _ numbers: [Number], descending: Bool, by isBelow: (Number, Number) -> Bool
  ) -> [Int] {
    numbers.indices.sorted { a, b in
      let (first, second) = descending ? (numbers[b], numbers[a]) : (numbers[a], numbers[b])
      return isBelow(first, second) || (!isBelow(second, first) && a < b)
    }
  }

  /// Whether a is less than b in the order of sorting: NaN is greater than every number and equal to itself.
  private func isBelow(_ a: Double, _ b: Double) -> Bool { b.isNaN ? !a.isNaN : a < b }
}
