import BackendCore

// Writing to computed positions. Indices are integers of any type and must not be negative. An index out of range is
// ignored, because kernels cannot stop.

/// The combination of an element with the updates of its position, besides their sum (`scatterAdded`).
public enum ScatterReduction: Sendable, Hashable {
  /// The last update (PyTorch's `scatter` and `index_copy`, which do not specify which one).
  case replacement
  /// The product of the element and its updates.
  case product
  /// The mean of the element and its updates; floating point only.
  case mean
  /// The largest of the element and its updates; NaN if any is NaN.
  case maximum
  /// The smallest of the element and its updates; NaN if any is NaN.
  case minimum

  fileprivate var op: ScatterOp {
    switch self {
    case .replacement: .replacement
    case .product: .product
    case .mean: .sum
    case .maximum: .maximum
    case .minimum: .minimum
    }
  }
}

extension Tensor {
  /// Returns this tensor with `updates` added at positions along an axis. Repeated positions get every update, in
  /// order.
  ///
  /// The indices are the same as for `gathered` (with updates of their shape), or a vector that selects whole slices.
  public func scatterAdded(_ updates: Tensor, at indices: Tensor, axis: Int = 0) -> Tensor {
    scatterAdded(updates, at: indices, axis: axis, slices: indices.rank == 1 && rank != 1)
  }

  /// Returns this tensor with `updates` added. If `slices`, indices of any shape select whole slices, as in
  /// `rows(at:axis:)`; otherwise, they select single elements, as in `gathered`.
  func scatterAdded(_ updates: Tensor, at indices: Tensor, axis: Int, slices: Bool) -> Tensor {
    checked {
      let place = try ScatterPlace("scatterAdded", self, updates, at: indices, axis: axis, slices: slices)
      var y = combined(.sum, updates, place)
      if let tape = Tape.recording(node, updates.node) {
        let record = ScatterRecord(
          x: Operand(self), updates: Operand(updates), indices: Operand(place.indices, keeping: true), axis: place.axis,
          slices: slices)
        y.node = tape.append(.scatter(record))
      }
      return y
    }
  }

  /// Returns this tensor with its elements combined with `updates` at positions along an axis (PyTorch's
  /// `scatter_reduce` with `include_self`, and its `scatter`). Repeated positions get every update, in order.
  ///
  /// The indices are the same as for `gathered` (with updates of their shape), or a vector that selects whole slices.
  ///
  /// The gradient of a replacement goes to the last update. Equal maxima or minima share the gradient evenly (PyTorch).
  /// That of a product is exact next to zeros, but its derivative is not.
  /// Elements of bool tensors can only be replaced.
  public func scattered(
    _ updates: Tensor, at indices: Tensor, axis: Int = 0, by reduction: ScatterReduction
  ) -> Tensor {
    if dtype == .bool, updates.dtype == .bool, reduction == .replacement {
      return cast(to: .int32).scattered(updates.cast(to: .int32), at: indices, axis: axis, by: reduction)
        .cast(to: .bool)
    }
    return checked {
      let name: StaticString = "scattered"
      if reduction == .mean { try Checks.floatingPoint(name, self) }
      let place = try ScatterPlace(name, self, updates, at: indices, axis: axis, slices: indices.rank == 1 && rank != 1)
      if reduction == .mean {
        let sum = scatterAdded(updates, at: indices, axis: axis)
        return sum / (1 + place.added(Tensor.ones(like: updates.detached())))
      }
      return withCustomGradient(of: [self, updates]) { operands in
        operands[0].combined(reduction.op, operands[1], place)
      } backward: { dy, operands, y in
        place.gradients(of: reduction, dy, operands[0], operands[1], y)
      }
    }
  }

  /// Returns the elements combined with the updates, without a gradient.
  fileprivate func combined(_ op: ScatterOp, _ updates: Tensor, _ place: ScatterPlace) -> Tensor {
    let (shape, count) = (extents.about(place.axis), count)
    let (slices, indexCount) = (place.slices, place.indexCount)
    return Tensor.launch(self, updates, place.indices, extents, dtype, on: device) { backend, x, updates, indices, y in
      try backend.copy(x, count: count, into: y)
      if slices {
        try backend.scatterRows(op, updates, indices: indices, indexCount: indexCount, into: y, shape)
      } else {
        try backend.scatterElements(op, updates, indices: indices, indexExtent: indexCount, into: y, shape)
      }
    }
  }
}

/// The checked positions of a scatter.
private struct ScatterPlace {
  /// The shape of the tensor that gets the updates.
  let extents: Shape
  let indices: Tensor
  let axis: Int
  /// Whether each index selects a whole slice.
  let slices: Bool

  var indexCount: Int { slices ? indices.count : indices.extents[axis] }

  init(
    _ name: StaticString, _ x: Tensor, _ updates: Tensor, at indices: Tensor, axis: Int, slices: Bool
  ) throws {
    try Checks.number(name, x)
    try Checks.sameDType(name, x, updates)
    self.axis = try Checks.axis(name, axis, x.extents)
    let indices = try Checks.indices(name, indices)
    (extents, self.indices, self.slices) = (x.extents, indices, slices)
    let expected: Shape
    if slices {
      expected = try Checks.replacing(name, self.axis, of: x.extents, by: indices.extents)
    } else {
      try Checks.indices(name, indices, against: x.extents, axis: self.axis)
      expected = indices.extents
    }
    if updates.extents != expected {
      try Checks.fail(name, "updates of shape \(updates.extents) do not fit \(expected), as the indices ask")
    }
    _ = try Checks.sameDevice(name, x, updates, indices)
  }

  /// Returns the values at the position of each update; 0 for updates that are ignored.
  func values(_ x: Tensor) -> Tensor { x.scattered(at: indices, axis: axis, slices: slices) }

  /// Returns the sum of the updates at each position.
  func added(_ updates: Tensor) -> Tensor {
    Tensor.full(extents, 0, updates.dtype, on: updates.device)
      .scatterAdded(updates, at: indices, axis: axis, slices: slices)
  }

  func gradients(of reduction: ScatterReduction, _ dy: Tensor, _ x: Tensor, _ updates: Tensor, _ y: Tensor) -> [Tensor]
  {
    switch reduction {
    case .replacement:
      let numbers = Tensor.range(0..<updates.count, on: dy.device).reshaped(to: updates.extents)
      let last = Tensor.full(extents, -1, .int32, on: dy.device).combined(.replacement, numbers, self)
      return [
        dy.replacing(with: 0, where: last .>= 0), values(dy).replacing(with: 0, where: values(last) .!= numbers),
      ]
    case .maximum, .minimum:
      let (isX, isUpdate) = ((x .== y).cast(to: x.dtype), (updates .== values(y)).cast(to: x.dtype))
      let share = dy / (isX + added(isUpdate)).maximum(1)
      return [isX * share, isUpdate * values(share)]
    case .product: return productGradients(dy, x, updates)
    case .mean: return []
    }
  }

  /// The product of the other factors is that of the numbers that are not 0, unless another one is.
  private func productGradients(_ dy: Tensor, _ x: Tensor, _ updates: Tensor) -> [Tensor] {
    func product(_ x: Tensor, _ updates: Tensor) -> Tensor {
      x.scattered(updates, at: indices, axis: axis, by: .product)
    }
    let (isZero, isZeroUpdate) = (x .== 0, updates .== 0)
    let zeros = isZero.cast(to: .int32) + added(isZeroUpdate.cast(to: .int32))
    let factors = updates.replacing(with: 1, where: isZeroUpdate)
    let products = dy * product(x.replacing(with: 1, where: isZero), factors)
    let whole = values(products.replacing(with: 0, where: zeros .> 0)) / factors
    let ofZero = values(products.replacing(with: 0, where: zeros .!= 1))
    return [dy * product(.ones(like: x), updates), whole.replacing(with: ofZero, where: isZeroUpdate)]
  }
}

/// y = x with updates added to whole slices, or to elements.
struct ScatterRecord: GradientRule {
  let x, updates, indices: Operand
  let axis: Int
  let slices: Bool

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let indices = indices.tensor
    pass.accumulate(dy, to: x)
    pass.accumulate(dy.scattered(at: indices, axis: axis, slices: slices), to: updates)
  }
}

extension Tensor {
  /// Returns the values at the positions of a scatter. Those that it ignores give 0, where a gather has NaN.
  fileprivate func scattered(at indices: Tensor, axis: Int, slices: Bool) -> Tensor {
    let values = slices ? rows(at: indices, axis: axis) : gathered(indices, axis: axis)
    let isOutside = (indices .< 0) .| (indices .>= extents[axis])
    let trailing = slices ? Array(repeating: 1, count: rank - axis - 1) : []
    return values.replacing(with: 0, where: isOutside.reshaped(indices.shape + trailing))
  }
}
