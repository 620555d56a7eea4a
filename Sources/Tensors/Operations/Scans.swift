import BackendCore

// Cumulative reductions: the result so far at each position of an axis. Sums and products of int8, uint8, and int16 are
// int64 (PyTorch); those of int32 and int64 keep the type and wrap around.

extension Tensor {
  /// Returns the cumulative sum along an axis: y[j] = Σ x[0...j], or Σ x[j...] if `reversed`. For int8, uint8, and
  /// int16, the result is int64 (PyTorch).
  public func cumulativeSum(axis: Int, reversed: Bool = false) -> Tensor {
    scanned(.sum, axis, reversed: reversed, "cumulativeSum")
  }

  /// Returns the cumulative product along an axis: y[j] = Π x[0...j], or Π x[j...] if `reversed`. For int8, uint8, and
  /// int16, the result is int64 (PyTorch). Devices multiply in different orders, so if the product of a part is out of
  /// range, the results may differ. The gradient is exact next to zeros, but NaN next to infinities (PyTorch); a second
  /// derivative takes n² memory for n elements along the axis.
  public func cumulativeProduct(axis: Int, reversed: Bool = false) -> Tensor {
    scanned(.product, axis, reversed: reversed, "cumulativeProduct")
  }

  /// Returns the cumulative maximum along an axis: y[j] = max x[0...j], or max x[j...] if `reversed`; NaN from the first
  /// NaN on. The gradient goes to the last of the elements that are the maximum (PyTorch's `cummax`).
  public func cumulativeMax(axis: Int, reversed: Bool = false) -> Tensor {
    scanned(.maximum, axis, reversed: reversed, "cumulativeMax")
  }

  /// Returns the cumulative minimum along an axis: y[j] = min x[0...j], or min x[j...] if `reversed`; NaN from the first
  /// NaN on. The gradient goes to the last of the elements that are the minimum (PyTorch's `cummin`).
  public func cumulativeMin(axis: Int, reversed: Bool = false) -> Tensor {
    scanned(.minimum, axis, reversed: reversed, "cumulativeMin")
  }

  private func scanned(_ op: ScanOp, _ axis: Int, reversed: Bool, _ name: StaticString) -> Tensor {
    checked {
      try Checks.number(name, self)
      let axis = try Checks.axis(name, axis, extents)
      if dtype.isShortInteger && (op == .sum || op == .product) {
        return cast(to: .int64).scanned(op, axis, reversed: reversed, name)
      }
      let shape = extents.about(axis)
      var y = Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
        try backend.scan(op, x, shape, reversed: reversed, into: y)
      }
      if let tape = Tape.recording(node), dtype.isFloatingPoint {
        let record = ScanRecord(op: op, x: Operand(self, keeping: op != .sum), axis: axis, isReversed: reversed)
        y.node = tape.append(.scan(record))
      }
      return y
    }
  }
}

/// y = a cumulative reduction of x.
struct ScanRecord: GradientRule {
  let op: ScanOp
  /// With its values, except for a sum.
  let x: Operand
  let axis: Int
  let isReversed: Bool

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    switch op {
    case .sum: pass.accumulate(dy.cumulativeSum(axis: axis, reversed: !isReversed), to: x)
    case .product:
      let isRecorded = pass.isRecorded
      pass.accumulate(isRecorded ? exactProductGradient(dy) : productGradient(dy), to: x)
    case .maximum, .minimum:
      pass.accumulate(Tensor.zeros(like: dy).scatterAdded(dy, at: positions(), axis: axis, slices: false), to: x)
    }
  }

  /// Returns the last position so far of an element that is the maximum or minimum.
  private func positions() -> Tensor {
    let x = x.tensor.detached()
    let y =
      op == .maximum
      ? x.cumulativeMax(axis: axis, reversed: isReversed) : x.cumulativeMin(axis: axis, reversed: isReversed)
    var extents = Shape(rank: x.rank, repeating: 1)
    extents[axis] = x.extents[axis]
    let range = Tensor.range(0..<x.extents[axis], on: x.device).reshaped(to: extents).broadcast(to: x.extents)
    let isNew = (x .== y) .| x.isNaN()
    return isReversed
      ? range.replacing(with: Double(x.extents[axis] - 1), where: .!isNew).cumulativeMin(axis: axis, reversed: true)
      : range.replacing(with: 0, where: .!isNew).cumulativeMax(axis: axis)
  }

  /// dx[j] = Σ dy[i]·y[i]/x[j] over the products that contain x[j]. A zero ends all products: the elements before it have
  /// this gradient, the zero itself has that of the products without it, and the elements after it have none.
  private func productGradient(_ dy: Tensor) -> Tensor {
    let x = x.tensor
    func products(_ x: Tensor) -> Tensor { x.cumulativeProduct(axis: axis, reversed: isReversed) }
    func total(_ terms: Tensor) -> Tensor { terms.cumulativeSum(axis: axis, reversed: !isReversed) }
    let isZero = x .== 0
    let zeros = isZero.cast(to: .int32).cumulativeSum(axis: axis, reversed: isReversed)
    let isFirstZero = isZero .& (zeros .== 1)
    let gradient = total(dy * products(x)) / x.replacing(with: 1, where: isZero)
    let ofZero = total(dy * products(x.replacing(with: 1, where: isFirstZero)))
    return gradient.replacing(with: 0, where: zeros .> 0).replacing(with: ofZero, where: isFirstZero)
  }

  /// The same from an n×n table with ones on the diagonal, whose derivative is exact, too.
  private func exactProductGradient(_ dy: Tensor) -> Tensor {
    let x = x.tensor
    let count = x.extents[axis]
    let order = x.extents.axes.filter { $0 != axis } + [axis]
    let moved = x.permuted(order)
    let outer = count == 0 ? 0 : x.count / count
    let (rows, weights) = (moved.reshaped([outer, 1, count]), dy.permuted(order).reshaped([outer, 1, count]))
    let positions = Tensor.range(0..<count, on: x.device)
    let (element, product) = (positions.reshaped([count, 1]), positions.reshaped([1, count]))
    let products = rows.leavingOutEach().cumulativeProduct(axis: 2, reversed: isReversed)
    let isContained = isReversed ? product .<= element : product .>= element
    let gradient = (weights * products).replacing(with: 0, where: .!isContained).sum(axis: 2)
    let back = x.extents.axes.map { axis in order.firstIndex(of: axis) ?? axis }
    return gradient.reshaped(to: moved.extents).permuted(back)
  }
}
