import BackendCore

// Statistics of sorted numbers, and searches in them. NaN counts as larger than every number.

/// The value of a quantile whose position is between two of the sorted numbers a and b (NumPy, PyTorch).
public enum QuantileInterpolation: Sendable {
  /// a + fraction·(b − a).
  case linear
  /// a.
  case lower
  /// b.
  case higher
  /// The nearer of both; at equal distances, the one at the even position.
  case nearest
  /// (a + b)/2.
  case midpoint
}

extension Tensor {
  /// Returns the median along axes: the number in the middle of the sorted numbers, or the mean of the two in the middle
  /// (NumPy; PyTorch's `median` is the lower of both, `quantile(0.5, interpolation: .lower)`). NaN if any number is NaN.
  /// The gradient goes to the numbers in the middle.
  public func median(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    quantile(0.5, axes: axes, keepingRank: keepingRank)
  }
  /// Returns the median along one axis.
  public func median(axis: Int, keepingRank: Bool = false) -> Tensor { median(axes: [axis], keepingRank: keepingRank) }

  /// Returns the number below which a fraction `q` of the numbers is: the one at the position q·(n − 1) of the sorted
  /// numbers, by default interpolated (NumPy, PyTorch). NaN if any number is NaN. The gradient goes to the two numbers
  /// between which the position is.
  /// The fraction `q` is from 0, the smallest number, to 1, the largest.
  public func quantile(
    _ q: Double, axes: [Int]? = nil, interpolation: QuantileInterpolation = .linear, keepingRank: Bool = false
  ) -> Tensor {
    checked {
      if dtype.isHalf {
        return inFloat32 { $0.quantile(q, axes: axes, interpolation: interpolation, keepingRank: keepingRank) }
      }
      let name: StaticString = "quantile"
      try Checks.floatingPoint(name, self)
      if !(0...1).contains(q) { try Checks.fail(name, "\(q) is not a fraction from 0 to 1") }
      let reduced = try mask(name, axes)
      let sorted = rows(along: reduced).sorted()
      let count = sorted.extents[1]
      if count == 0 { try Checks.fail(name, "there are no elements along the axes in shape \(extents)") }
      let position = q * Double(count - 1)
      let last = sorted.narrowed(axis: 1, from: count - 1, count: 1)
      let y = sorted.interpolated(at: position, interpolation).replacing(with: last, where: last.isNaN())
      return y.reshaped(to: keepingRank ? extents.keeping(reduced) : extents.removing(reduced))
    }
  }
  /// Returns the number below which a fraction `q` of the numbers along one axis is.
  public func quantile(
    _ q: Double, axis: Int, interpolation: QuantileInterpolation = .linear, keepingRank: Bool = false
  ) -> Tensor {
    quantile(q, axes: [axis], interpolation: interpolation, keepingRank: keepingRank)
  }

  /// Returns a matrix whose rows are the elements along these axes, in the order of the other axes.
  private func rows(along mask: AxisMask) -> Tensor {
    let axes = extents.axes
    let count = axes.reduce(1) { mask.contains($1) ? $0 * extents[$1] : $0 }
    let moved = permuted(axes.filter { !mask.contains($0) } + axes.filter { mask.contains($0) })
    return moved.reshaped(to: [extents.removing(mask).count, count])
  }

  /// Returns the column at a position between two columns, as `[rows, 1]`.
  private func interpolated(at position: Double, _ interpolation: QuantileInterpolation) -> Tensor {
    func column(_ position: Double) -> Tensor { narrowed(axis: 1, from: Int(position), count: 1) }
    let (lower, higher) = (position.rounded(.down), position.rounded(.up))
    if lower == higher { return column(position) }
    return switch interpolation {
    case .linear: column(lower).between(column(higher), position - lower)
    case .lower: column(lower)
    case .higher: column(higher)
    case .nearest: column(position.rounded(.toNearestOrEven))
    case .midpoint: column(lower).between(column(higher), 0.5)
    }
  }

  /// Returns a point between two numbers, of which the difference may be infinite or, of two infinities, NaN.
  private func between(_ end: Tensor, _ weight: Double) -> Tensor {
    let point = lerp(to: end, weight: weight)
    return point.replacing(with: self * (1 - weight) + end * weight, where: .!point.isFinite())
  }
}

extension Shape {
  /// Returns the shape with extents of 1 for the axes of a set.
  fileprivate func keeping(_ mask: AxisMask) -> Shape {
    var result = self
    for axis in axes where mask.contains(axis) { result[axis] = 1 }
    return result
  }
}

// MARK: Searching

/// The position before or after the equal elements of a sorted sequence.
public enum SearchSide: Sendable {
  /// Before the elements that are equal to the value.
  case left
  /// After the elements that are equal to the value.
  case right
}

extension Tensor {
  /// Returns the positions in this sorted tensor at which values would be inserted to keep the order, as int32 from 0 to
  /// n (NumPy's and PyTorch's `searchsorted`). NaN goes to the end.
  ///
  /// A vector `[n]` takes values of any shape; sorted rows `[..., n]` take values `[..., m]`. The search is binary.
  ///
  /// ```swift
  /// let bins = bounds.searchSorted(x, side: .right)   // bounds[bin - 1] ≤ x < bounds[bin]: NumPy's digitize
  /// ```
  public func searchSorted(_ values: Tensor, side: SearchSide = .left) -> Tensor {
    checked {
      let name: StaticString = "searchSorted"
      try Checks.number(name, self)
      try Checks.sameDType(name, self, values)
      let fits = rank > 1 && values.rank == rank && extents.dropping(last: 1) == values.extents.dropping(last: 1)
      if rank != 1 && !fits {
        try Checks.fail(
          name, "values \(values.extents) do not fit sorted elements \(extents)",
          hint: "a vector takes values of any shape; rows [..., n] take values [..., m]")
      }
      let device = try Checks.sameDevice(name, self, values)
      let (sorted, sought) = (detached(), rank == 1 ? values.detached().flattened() : values.detached())
      let count = extents[-1]
      var position = Tensor.full(sought.extents, 0, .int32, on: device)
      // The positions grow by powers of two, as long as the element before is still on the left.
      var step = count == 0 ? 0 : 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
      while step > 0 {
        let next = position + step
        let isLeft = sorted.gathered(next - 1, axis: -1).isBefore(sought, side)
        position = position.replacing(with: next, where: isLeft .& (next .<= count))
        step /= 2
      }
      return position.reshaped(to: values.extents)
    }
  }

  /// Returns whether each element is on the left of the position of a value.
  private func isBefore(_ value: Tensor, _ side: SearchSide) -> Tensor {
    let isBefore = side == .left ? self .< value : self .<= value
    if !dtype.isFloatingPoint { return isBefore }
    return isBefore .| (side == .left ? value.isNaN() .& .!isNaN() : value.isNaN())
  }

  /// Returns whether each element equals one of the elements of another tensor (NumPy's and PyTorch's `isin`). NaN
  /// equals nothing.
  public func isIn(_ elements: Tensor) -> Tensor {
    checked {
      let name: StaticString = "isIn"
      try Checks.sameDType(name, self, elements)
      if dtype == .bool { return cast(to: .int32).isIn(elements.cast(to: .int32)) }
      let sorted = elements.detached().flattened().sorted()
      let position = sorted.searchSorted(self)
      // At the end, the position is out of range, and what is read there has no meaning.
      let found = sorted.gathered(position.flattened()).reshaped(to: extents)
      return (found .== detached()) .& (position .< elements.count)
    }
  }
}
