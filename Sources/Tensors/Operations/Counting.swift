import BackendCore

// Counts, and selections whose size depends on numbers. The size of the results of binCount, nonZero, selected, and
// unique is read from the device: these functions wait for it, and a computation that calls them is not replayed from a
// recording but run each time.

extension Tensor {
  /// Returns the number of elements other than 0 (`false`), as int32. NaN counts.
  public func countNonZero(axes: [Int]? = nil, keepingRank: Bool = false) -> Tensor {
    cast(to: .bool).sum(axes: axes, keepingRank: keepingRank)
  }
  /// Returns the number of elements other than 0 along one axis.
  public func countNonZero(axis: Int, keepingRank: Bool = false) -> Tensor {
    countNonZero(axes: [axis], keepingRank: keepingRank)
  }

  /// Returns how many elements fall into each of `bins` intervals of equal width, as int32 `[bins]`, and the bounds of
  /// the intervals, `[bins + 1]` (NumPy's `histogram`). An interval includes its lower bound, the last one also its
  /// upper bound. Elements out of range and NaN are not counted. The bounds have the type of floating-point elements.
  /// Those of int32 and int64 elements are float64 on devices that compute in it, and otherwise float32, which does not
  /// hold all their numbers; those of shorter integers are float32.
  ///
  /// By default, the range of the intervals is from the smallest to the largest element. Around a single value, it has the
  /// width 1, or more if the element type does not have such close numbers; for no elements, it is 0...1. If the smallest
  /// or the largest element is infinite or NaN, nothing is counted.
  public func histogram(bins: Int = 10, range: ClosedRange<Double>? = nil) -> (counts: Tensor, edges: Tensor) {
    let x = detached()
    let edges = checked { try x.histogramEdges(bins, range) }
    let counts = checked {
      let values = x.flattened().cast(to: edges.dtype)
      let last = edges.count - 2
      let bin = (edges.searchSorted(values, side: .right) - 1).replacing(
        with: Double(last), where: values .== edges[-1])
      return Tensor.full([last + 1], 0, .int32, on: device)
        .scatterAdded(.full(bin.extents, 1, .int32, on: device), at: bin)
    }
    return (counts, edges)
  }

  /// Returns lower + k·(upper − lower)/bins, where the last one is exactly the upper bound. Bounds are halved first, so
  /// that their difference does not overflow.
  private func histogramEdges(_ bins: Int, _ range: ClosedRange<Double>?) throws -> Tensor {
    let name: StaticString = "histogram"
    try Checks.number(name, self)
    if bins < 1 || bins >= Int32.max { try Checks.fail(name, "\(bins) bins for shape \(extents)") }
    let isLong = dtype == .float64 || (dtype.hasIntegerArithmetic && device.backend.computes(.float64))
    let type: DType = isLong ? .float64 : .float32
    // The distance from one number to the next, relative to the number.
    let step = type == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
    let largest = type == .float64 ? Double.greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)
    if let range = range ?? (count == 0 ? 0...1 : nil) {
      if !(range.lowerBound >= -largest && range.upperBound <= largest) {
        try Checks.fail(name, "the range \(range) is infinite as \(type)")
      }
      let margin = range.lowerBound == range.upperBound ? Swift.max(0.5, range.lowerBound.magnitude * step) : 0
      let lower = Swift.max(range.lowerBound - margin, -largest)
      let upper = Swift.min(range.upperBound + margin, largest)
      return table([bins + 1], dtype: type) {
        let width = (upper / 2 - lower / 2) / Double(bins)
        var edges = (0..<bins).map { (bin: Int) -> Double in Swift.min((lower / 2 + Double(bin) * width) * 2, upper) }
        edges.append(upper)
        return edges
      }
    }
    let (least, most) = (min().cast(to: type), max().cast(to: type))
    let margin = (least.magnitude() * step).maximum(0.5).replacing(with: 0, where: least .!= most)
    let (lower, upper) = ((least - margin).maximum(-largest), (most + margin).minimum(largest))
    let width = (upper / 2 - lower / 2) / lower.constant(bins)
    let inner = (lower / 2 + Tensor.range(0..<bins, dtype: type, on: device) * width) * 2
    return Tensor.concatenated([inner.minimum(upper), upper.expanded(axis: 0)])
      .replacing(with: .nan, where: .!(least.isFinite() .& most.isFinite()))
  }

  /// Returns how often each of the numbers 0, 1, 2, … occurs in a tensor of integers, as int32; or the sum of the
  /// weights of its occurrences (NumPy's and PyTorch's `bincount`). The result ends at the largest number, but has at
  /// least `minimumLength` elements. Negative numbers are ignored (where NumPy and PyTorch fail), as is an int64 that
  /// int32 does not represent. Waits for the device. Weights are floating-point numbers of the same shape. Gradients
  /// flow to them.
  /// - Throws: `DeviceError`, the first error of the operations that produced this tensor.
  public func binCount(minimumLength: Int = 0, weights: Tensor? = nil) throws -> Tensor {
    let name: StaticString = "binCount"
    let numbers = try Checks.indices(name, self)
    if minimumLength < 0 { try Checks.fail(name, "a length of \(minimumLength)") }
    if let weights {
      try Checks.floatingPoint(name, weights)
      if weights.extents != extents {
        try Checks.fail(name, "weights of shape \(weights.extents) for elements of shape \(extents)")
      }
    }
    let largest = count == 0 ? -1 : try numbers.max().item(as: Int.self)
    let updates = weights?.flattened() ?? Tensor.full([count], 1, .int32, on: device)
    return Tensor.full([Swift.max(largest + 1, minimumLength)], 0, updates.dtype, on: device)
      .scatterAdded(updates, at: numbers.flattened())
  }
}

// MARK: Selections

extension Tensor {
  /// Returns the positions of the elements other than 0 (`false`) in row-major order, as int32 `[n, rank]` (PyTorch's
  /// `nonzero`). Waits for the device.
  /// - Throws: `DeviceError`, the first error of the operations that produced this tensor.
  public func nonZero() throws -> Tensor {
    let positions = try nonZeroPositions()
    if rank == 0 || count == 0 { return .full([positions.count, rank], 0, .int32, on: device) }
    var inner = 1
    var columns: [Tensor] = []
    for axis in extents.axes.reversed() {
      columns.append((positions / inner).remainder(extents[axis]))
      inner *= extents[axis]
    }
    return .stacked(columns.reversed(), axis: 1)
  }

  /// Returns the elements, or whole slices, at which a mask is true, in row-major order: for a bool mask with the shape
  /// of the first k axes of this tensor, these axes become one (NumPy's `x[mask]`; for a mask of the same shape,
  /// PyTorch's `masked_select`). Gradients flow. Waits for the device.
  ///
  /// ```swift
  /// let positive = try x.selected(where: x .> 0)              // [n]
  /// let rows = try x.selected(where: labels .== 3)            // [batch, width] → [n, width]
  /// ```
  /// - Throws: `DeviceError`, the first error of the operations that produced the mask.
  public func selected(where mask: Tensor) throws -> Tensor {
    let name: StaticString = "selected"
    try Checks.dtype(name, mask, is: .bool)
    _ = try Checks.sameDevice(name, self, mask)
    if mask.rank > rank || mask.shape[...] != shape.prefix(mask.rank) {
      try Checks.fail(
        name, "a mask of shape \(mask.extents) does not fit shape \(extents)",
        hint: "it has the extents of the first axes; replacing(with:where:) takes masks that are broadcast")
    }
    return reshaped([mask.count] + shape.dropFirst(mask.rank)).rows(at: try mask.nonZeroPositions())
  }

  /// Returns the positions of the elements other than 0 in row-major order, as int32 `[n]`.
  private func nonZeroPositions() throws -> Tensor {
    let isOther = detached().cast(to: .bool).flattened()
    let total = try isOther.sum().item(as: Int.self)
    let targets = (isOther.cast(to: .int32).cumulativeSum(axis: 0) - 1).replacing(with: -1, where: .!isOther)
    return Tensor.full([total], 0, .int32, on: device).scatterAdded(.range(0..<count, on: device), at: targets)
  }

  /// Returns the distinct elements in ascending order, the index of the first occurrence of each, for each element of this
  /// tensor the position of its value, and how often each value occurs (NumPy's and PyTorch's `unique`; the Array API's
  /// `unique_all`). Each NaN is distinct from all others (PyTorch). The gradient of a value goes to its first occurrence.
  /// Waits for the device.
  /// - Throws: `DeviceError`, the first error of the operations that produced this tensor.
  public func unique() throws -> UniqueElements {
    let x = flattened()
    if x.count == 0 {
      let none = Tensor.full([0], 0, .int32, on: device)
      return UniqueElements(values: x, indices: none, positions: none.reshaped(to: extents), counts: none)
    }
    let order = x.argsort()
    let sorted = x.detached().gathered(order)
    let isFirst = Tensor.concatenated([Tensor.full([1], 1, .bool, on: device), sorted[1...] .!= sorted[..<(-1)]])
    let group = isFirst.cast(to: .int32).cumulativeSum(axis: 0) - 1
    let total = try group[-1].item(as: Int.self) + 1
    let zeros = Tensor.full([total], 0, .int32, on: device)
    let firsts = zeros.scatterAdded(order, at: group.replacing(with: -1, where: .!isFirst))
    let positions = Tensor.full(x.extents, 0, .int32, on: device).scatterAdded(group, at: order)
    let counts = zeros.scatterAdded(.full(x.extents, 1, .int32, on: device), at: group)
    return UniqueElements(
      values: x.gathered(firsts), indices: firsts, positions: positions.reshaped(to: extents), counts: counts)
  }
}

/// The distinct elements of a tensor, the result of `unique()`.
public struct UniqueElements: Sendable {
  /// The distinct elements in ascending order, `[n]`.
  public let values: Tensor
  /// The index of the first occurrence of each value in the flattened tensor, int32 `[n]`; `x.flattened().rows(at: indices)`
  /// are the values.
  public let indices: Tensor
  /// The position in `values` of each element, int32 in the shape of the tensor; `values.rows(at: positions)` is the tensor.
  public let positions: Tensor
  /// How often each value occurs, int32 `[n]`.
  public let counts: Tensor
}
