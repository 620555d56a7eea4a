import BackendCore

// The places of maxima, and the way back from maxima to planes.

extension Tensor {
  /// Returns the maximum of each window, and its position (PyTorch's `max_pool2d` with `return_indices`, also for one and
  /// three spatial axes).
  ///
  /// The values are those of `maxPooled`. A position is an int32 index into the flattened spatial axes of the input:
  /// row · W + column for images. The first of equal numbers wins.
  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: The distance from one window to the next; the size of the window by default.
  ///   - padding: The padding before and after each axis, at most half a window.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - ceilMode: Whether the number of positions is rounded up, with windows that extend over the end.
  public func maxPooledWithPositions(
    _ window: SpatialExtent, stride: SpatialExtent? = nil, padding: SpatialExtent = 0, dilation: SpatialExtent = 1,
    ceilMode: Bool = false
  ) -> (values: Tensor, positions: Tensor) {
    let values = maxPooled(window, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    let positions = checked {
      let name: StaticString = "maxPooledWithPositions"
      let windows = try SpatialWindows(
        name, self, kernel: window, stride: stride ?? window, padding: padding, dilation: dilation)
      let outputs = windows.kernel.indices.map { values.extents[$0 + 2] }
      _ = try Checks.countable(name, Shape(windows.kernel + outputs))
      let planes = detached().flattened(from: 2)
      if planes.extents[2] > Int32.max { try Checks.fail(name, "a plane of shape \(extents) cannot be indexed") }
      let (size, count) = (windows.kernel.reduce(1, *), outputs.reduce(1, *))
      let elements = self.positions(size * count) { windows.elements(of: self, outputs) }
      // The place in the window of each maximum, [N, C, count].
      let places = planes.rows(at: elements, axis: 2).reshaped([extents[0], extents[1], size, count]).argmax(axis: 2)
      let index = places * Double(count) + Tensor.range(0..<count, on: device)
      return elements.rows(at: index).reshaped(to: values.extents)
    }
    return (values, positions)
  }

  /// Returns zeros with the elements of this tensor at their positions: the inverse of `maxPooledWithPositions`, except
  /// for the numbers that are not a maximum (PyTorch's `max_unpool2d`, also for one and three spatial axes). The last of
  /// equal positions wins.
  /// - Parameters:
  ///   - positions: The positions in the flattened spatial axes of the result, of type int32, in the shape of this
  ///     tensor.
  ///   - size: The extents of the spatial axes of the result.
  public func maxUnpooled(at positions: Tensor, to size: SpatialExtent) -> Tensor {
    checked {
      let name: StaticString = "maxUnpooled"
      if !(3...5).contains(rank) {
        try Checks.fail(name, "the input has the shape \(extents); it is [N, C, L], [N, C, H, W] or [N, C, D, H, W]")
      }
      if positions.extents != extents {
        try Checks.fail(name, "positions of shape \(positions.extents) for maxima of shape \(extents)")
      }
      let size = try size.perAxis(name, "size", self, atLeast: 1)
      let result = try Checks.countable(name, Shape([extents[0], extents[1]] + size))
      return Tensor.full(Shape([extents[0], extents[1], size.reduce(1, *)]), 0, dtype, on: device)
        .scattered(flattened(from: 2), at: positions.flattened(from: 2), axis: 2, by: .replacement)
        .reshaped(to: result)
    }
  }
}

extension SpatialWindows {
  /// Returns the indices in the flattened plane of the elements of the windows, by element, then by position. Instead of
  /// an element in the padding, it is the first element of the window along that axis that is not in the padding: the
  /// maximum stays the same, and so does the first one.
  fileprivate func elements(of x: Tensor, _ outputs: [Int]) -> [Int] {
    var elements = [0], positions = 1
    for axis in kernel.indices {
      let extent = x.extents[axis + 2], output = outputs[axis]
      var next: [Int] = []
      next.reserveCapacity(elements.count * kernel[axis] * output)
      for element in 0..<(elements.count / positions) {
        for step in 0..<kernel[axis] {
          for position in 0..<positions {
            let row = elements[element * positions + position] * extent
            for place in 0..<output { next.append(row + coordinate(axis, place, step, extent)) }
          }
        }
      }
      elements = next
      positions *= output
    }
    return elements
  }

  /// Returns the coordinate of an element of a window, or that of the first element that is not in the padding.
  private func coordinate(_ axis: Int, _ place: Int, _ step: Int, _ extent: Int) -> Int {
    let start = place * stride[axis] - padding[axis]
    let coordinate = start + step * dilation[axis]
    if (0..<extent).contains(coordinate) { return coordinate }
    if start >= 0 { return start }
    // All elements of a window can be in the padding, on both sides.
    return Swift.min(start + (-start).dividedRoundingUp(by: dilation[axis]) * dilation[axis], extent - 1)
  }
}
