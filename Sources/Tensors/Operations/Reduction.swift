import BackendCore

// Reductions over any axes, by default all. A reduced axis is removed, or kept with extent 1 if `keepingRank`.

extension Tensor {
  /// Returns Σ x for floating point, int32, or int64; integers wrap around. For int8, uint8, and int16, returns int64
  /// (PyTorch). For bool, returns the number of true elements as int32: `(p .== y).sum()`.
  public func sum(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    if dtype == .bool { return cast(to: .int32).sum(axes: axes, keepingRank: keepingRank) }
    return checked { totaled.reduced(.sum, try mask("sum", axes), keepingRank: keepingRank) }
  }
  /// Returns Σ x along one axis.
  public func sum(axis: Int, keepingRank: Bool = false) -> Tensor { sum(axes: [axis], keepingRank: keepingRank) }

  /// Returns Σ x / n; NaN for no elements. For bool, returns the fraction of true elements as float32:
  /// `(p .== y).mean()`.
  public func mean(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked {
      if dtype == .bool { return cast(to: .float32).mean(axes: axes, keepingRank: keepingRank) }
      try Checks.floatingPoint("mean", self)
      return reduced(.mean, try mask("mean", axes), keepingRank: keepingRank)
    }
  }
  /// Returns Σ x / n along one axis.
  public func mean(axis: Int, keepingRank: Bool = false) -> Tensor { mean(axes: [axis], keepingRank: keepingRank) }

  /// Returns the largest element; NaN if any is NaN, −∞ (the smallest integer of the type, false) for no elements.
  /// Equal maxima share the gradient evenly (like PyTorch's `amax`).
  public func max(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked { reduced(.maximum, try mask("max", axes), keepingRank: keepingRank) }
  }
  /// Returns the largest element along one axis.
  public func max(axis: Int, keepingRank: Bool = false) -> Tensor { max(axes: [axis], keepingRank: keepingRank) }

  /// Returns the smallest element; NaN if any is NaN, ∞ (the largest integer of the type, true) for no elements. Equal
  /// minima share the gradient evenly (like PyTorch's `amin`).
  public func min(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked { reduced(.minimum, try mask("min", axes), keepingRank: keepingRank) }
  }
  /// Returns the smallest element along one axis.
  public func min(axis: Int, keepingRank: Bool = false) -> Tensor { min(axes: [axis], keepingRank: keepingRank) }

  /// Returns Π x; integers wrap around. For int8, uint8, and int16, returns int64 (PyTorch). The gradient is correct
  /// even if elements are 0 or infinite; a second derivative takes n² memory for n reduced elements.
  public func product(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked {
      try Checks.number("product", self)
      return totaled.reduced(.product, try mask("product", axes), keepingRank: keepingRank)
    }
  }
  /// Returns Π x along one axis.
  public func product(axis: Int, keepingRank: Bool = false) -> Tensor {
    product(axes: [axis], keepingRank: keepingRank)
  }

  /// Returns whether any element is true, as bool. Numbers other than 0 are true, and so is NaN (NumPy, PyTorch).
  public func any(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked { cast(to: .bool).reduced(.maximum, try mask("any", axes), keepingRank: keepingRank) }
  }
  /// Returns whether any element along one axis is true.
  public func any(axis: Int, keepingRank: Bool = false) -> Tensor { any(axes: [axis], keepingRank: keepingRank) }

  /// Returns whether all elements are true, as bool. Numbers other than 0 are true, and so is NaN (NumPy, PyTorch).
  public func all(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    checked { cast(to: .bool).reduced(.minimum, try mask("all", axes), keepingRank: keepingRank) }
  }
  /// Returns whether all elements along one axis are true.
  public func all(axis: Int, keepingRank: Bool = false) -> Tensor { all(axes: [axis], keepingRank: keepingRank) }

  /// The tensor in the type of its sum and product.
  private var totaled: Tensor { dtype.isShortInteger ? cast(to: .int64) : self }

  /// Returns the axes of a reduction, all if none are named.
  func mask(_ operation: StaticString, _ axes: [Int]?) throws -> AxisMask {
    try axes.map { try Checks.axes(operation, $0, extents) } ?? AxisMask(all: extents.rank)
  }

  // MARK: The primitive

  func reduced(_ op: ReductionOp, _ mask: AxisMask, keepingRank: Bool) -> Tensor {
    var y = self
    y.node = .constant
    var high = extents.rank - 1
    while high >= 0 {
      guard mask.contains(high) else {
        high -= 1
        continue
      }
      // Neighboring axes are reduced in one call; all higher axes have already been reduced.
      var low = high
      while low > 0 && mask.contains(low - 1) { low -= 1 }
      y = y.reducedRun(op, low...high)
      high = low - 1
    }
    let kept = y.extents
    if !keepingRank { y.extents = kept.removing(mask) }
    if let tape = Tape.recording(node), dtype.isFloatingPoint {
      y.node = tape.append(.reduction(ReductionRecord(op, mask, kept: kept, x: self, y: y, on: tape)))
    }
    return y
  }

  /// Reduces the axes of a range to extent 1.
  private func reducedRun(_ op: ReductionOp, _ axes: ClosedRange<Int>) -> Tensor {
    var result = extents
    var shape = AxisShape(outer: 1, extent: 1, inner: 1)
    for axis in extents.axes {
      if axis < axes.lowerBound {
        shape.outer *= extents[axis]
      } else if axis > axes.upperBound {
        shape.inner *= extents[axis]
      } else {
        shape.extent *= extents[axis]
        result[axis] = 1
      }
    }
    if shape.extent == 0, !isPoisoned, let limit = dtype.limit(op) { return .full(result, limit, dtype, on: device) }
    return Tensor.launch(self, result, dtype, on: device) { backend, x, y in
      try backend.reduce(op, x, shape, into: y)
    }
  }

  /// The adjoint of broadcasting: returns the sum over the axes along which a tensor of shape `target` was repeated.
  func summed(to target: Shape) -> Tensor {
    if extents == target { return self }
    var mask = AxisMask()
    let missing = extents.rank - target.rank
    for axis in extents.axes where axis < missing || (target[axis - missing] == 1 && extents[axis] != 1) {
      mask.insert(axis)
    }
    let sum = mask.isEmpty ? self : reduced(.sum, mask, keepingRank: true)
    return sum.reshaped(to: target)
  }
}

extension DType {
  /// The maximum or minimum of no integers of 8 or 16 bits; nil for other reductions and types. That of int32, in which
  /// these integers are reduced, is not one of them.
  fileprivate func limit(_ op: ReductionOp) -> Double? {
    guard isShortInteger, op == .maximum || op == .minimum else { return nil }
    let (bits, isSigned) = (byteCount * 8, self != .uint8)
    let size = Double(1 << (isSigned ? bits - 1 : bits))
    return op == .minimum ? size - 1 : isSigned ? -size : 0
  }
}

extension Shape {
  /// Returns the shape without the axes of a set.
  func removing(_ mask: AxisMask) -> Shape {
    var left = 0
    for axis in axes where !mask.contains(axis) { left += 1 }
    var result = Shape(rank: left, repeating: 1)
    var next = 0
    for axis in axes where !mask.contains(axis) {
      result[next] = self[axis]
      next += 1
    }
    return result
  }

  /// Returns the shape viewed as `[outer, extent, inner]` around one axis.
  func about(_ axis: Int) -> AxisShape {
    var shape = AxisShape(outer: 1, extent: self[axis], inner: 1)
    for other in axes {
      if other < axis { shape.outer *= self[other] }
      if other > axis { shape.inner *= self[other] }
    }
    return shape
  }
}

/// y = a reduction of x over some axes.
struct ReductionRecord: GradientRule {
  let op: ReductionOp
  let mask: AxisMask
  /// The shape of y, with the reduced axes kept at extent 1.
  let kept: Shape
  let x, y: Operand

  init(_ op: ReductionOp, _ mask: AxisMask, kept: Shape, x: Tensor, y: Tensor, on tape: Tape) {
    self.op = op
    self.mask = mask
    self.kept = kept
    let keeps = op == .maximum || op == .minimum || op == .product
    self.x = Operand(x, keeping: keeps)
    var result = Operand(y, keeping: keeps)
    result.node = tape.nextNode
    self.y = result
  }

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let dy = dy.reshaped(to: kept)
    switch op {
    case .sum: pass.accumulate(dy.broadcast(to: x.extents), to: x)
    case .mean:
      let count = Swift.max(x.extents.count, 1) / Swift.max(kept.count, 1)
      pass.accumulate((dy / count).broadcast(to: x.extents), to: x)
    case .maximum, .minimum: pass.accumulate(dy * maxMinShare(), to: x)
    case .product:
      let isRecorded = pass.isRecorded
      pass.accumulate(isRecorded ? exactProductGradient(dy) : productGradient(dy), to: x)
    }
  }

  /// Passes on the gradient of a sum or a mean.
  func propagate(_ dy: UniformGradient, in pass: inout BackwardPass) {
    let count = Double(Swift.max(x.extents.count, 1) / Swift.max(kept.count, 1))
    pass.accumulate(op == .mean ? dy.with(dy.value / count) : dy, to: x)
  }

  /// Returns 1/k for each of the k elements that are the maximum or minimum, else 0.
  private func maxMinShare() -> Tensor {
    let (x, y) = (x.tensor.detached(), y.tensor.detached().reshaped(to: kept))
    let isMaxOrMin = (x .== y).cast(to: x.dtype)
    return isMaxOrMin / isMaxOrMin.reduced(.sum, mask, keepingRank: true)
  }

  /// Returns dy times the product of the other elements. There are four kinds of elements: zeros, infinities, and NaN
  /// determine every product that they are part of; the magnitudes of all others are multiplied once, and the product
  /// is divided by each.
  private func productGradient(_ dy: Tensor) -> Tensor {
    let x = x.tensor
    let magnitude = x.magnitude()
    let kinds: [(mask: Tensor, factor: Double)] = [
      (x .== 0, 0), (magnitude .== Double.infinity, .infinity), (x.isNaN(), .nan),
    ]
    let counts = kinds.map { $0.mask.cast(to: x.dtype).reduced(.sum, mask, keepingRank: true) }
    let signs = Tensor.ones(like: x).replacing(with: -1, where: x .< 0)
    let sign = signs.reduced(.product, mask, keepingRank: true)

    /// Returns ±1 or the value that determines the product, ignoring one element of the excluded kind and its sign.
    func deciding(butFor excluded: Int?) -> Tensor {
      kinds.indices.reduce(sign) { result, index in
        let occurs = counts[index] .> (index == excluded ? 1 : 0)
        return result * Tensor.ones(like: sign).replacing(with: kinds[index].factor, where: occurs)
      }
    }
    let decided = kinds.indices.reduce(deciding(butFor: nil)) { result, index in
      result.replacing(with: deciding(butFor: index), where: kinds[index].mask)
    }
    let numbers = kinds.reduce(magnitude) { $0.replacing(with: 1, where: $1.mask) }
    let others = numbers.reduced(.product, mask, keepingRank: true) / numbers
    // An overflow of the other factors must not be multiplied by a zero.
    return dy * (decided * signs * others.replacing(with: 1, where: decided.magnitude() .!= 1))
  }

  /// Returns dy times the product of the other elements from an n×n table with ones on the diagonal, which is
  /// differentiable.
  private func exactProductGradient(_ dy: Tensor) -> Tensor {
    let x = x.tensor
    // The reduced axes move to the end, where they become one.
    let axes = Array(x.extents.axes)
    let order = axes.filter { !mask.contains($0) } + axes.filter { mask.contains($0) }
    let moved = x.permuted(order)
    let outer = x.extents.removing(mask).count
    let count = outer == 0 ? 0 : x.count / outer
    let products = moved.reshaped([outer, 1, count]).leavingOutEach().product(axis: 2).reshaped(to: moved.extents)
    let back = axes.map { axis in order.firstIndex(of: axis) ?? axis }
    return dy * products.permuted(back)
  }
}

extension Tensor {
  /// Returns n copies of each row, [outer, 1, n] → [outer, n, n], with a 1 in place of one factor: the j-th factor in the
  /// j-th copy.
  func leavingOutEach() -> Tensor {
    let (outer, count) = (extents[0], extents[2])
    let isSelf = Tensor.identity(count, on: device) .== 1
    return broadcast(to: [outer, count, count]).replacing(with: 1, where: isSelf)
  }
}

extension Tensor {
  /// Returns the position of the largest element along an axis, as int32. The first of equal elements wins, and the
  /// first NaN wins over every number.
  public func argmax(axis: Int = -1, keepingRank: Bool = false) -> Tensor {
    position(.argmax, axis, keepingRank: keepingRank, "argmax")
  }

  /// Returns the position of the smallest element along an axis, as int32. The first of equal elements wins, and the
  /// first NaN wins over every number.
  public func argmin(axis: Int = -1, keepingRank: Bool = false) -> Tensor {
    position(.argmin, axis, keepingRank: keepingRank, "argmin")
  }

  private func position(_ op: ArgReductionOp, _ axis: Int, keepingRank: Bool, _ name: StaticString) -> Tensor {
    checked {
      if dtype == .bool { return cast(to: .int32).position(op, axis, keepingRank: keepingRank, name) }
      let axis = try Checks.axis(name, axis, extents)
      let shape = extents.about(axis)
      if shape.extent == 0 && shape.reducedCount > 0 {
        try Checks.fail(name, "axis \(axis) of shape \(extents) has no elements")
      }
      var result = extents
      result[axis] = 1
      if !keepingRank { result = result.removing(AxisMask(axis: axis)) }
      return Tensor.launch(self, result, .int32, on: device) { backend, x, y in
        try backend.argReduce(op, x, shape, into: y)
      }
    }
  }
}
