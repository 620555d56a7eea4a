import BackendCore

extension Tensor {
  /// Returns the maximum of each window of sequences `[N, C, L]`, images `[N, C, H, W]`, or volumes `[N, C, D, H, W]`
  /// (PyTorch's `max_pool1d`, `max_pool2d`, and `max_pool3d`). The maximum of whole planes is `max(axes: [2, 3])`.
  ///
  /// An output axis has ⌊(L + 2·padding − dilation·(window − 1) − 1)/stride⌋ + 1 positions. Padding is never the maximum,
  /// NaN always is, and the gradient goes to the first of equal numbers (PyTorch). Windows larger than the padded input
  /// end the program.
  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: The distance from one window to the next; the size of the window by default.
  ///   - padding: The padding before and after each axis, at most half a window.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - ceilMode: Whether the number of positions is rounded up, with windows that extend over the end.
  public func maxPooled(
    _ window: SpatialExtent, stride: SpatialExtent? = nil, padding: SpatialExtent = 0, dilation: SpatialExtent = 1,
    ceilMode: Bool = false
  ) -> Tensor {
    checked {
      let name: StaticString = "maxPooled"
      var windows = try SpatialWindows(
        name, self, kernel: window, stride: stride ?? window, padding: padding, dilation: dilation)
      try windows.checkPooling(name, self)
      if ceilMode { windows.trailing = windows.trailingToCover(self) }
      return try pooled(name, .maximum, windows)
    }
  }

  /// Returns the mean of each window of sequences `[N, C, L]`, images `[N, C, H, W]`, or volumes `[N, C, D, H, W]`
  /// (PyTorch's `avg_pool1d`, `avg_pool2d`, and `avg_pool3d`). The mean of whole planes is `mean(axes: [2, 3])`.
  ///
  /// An output axis has ⌊(L + 2·padding − window)/stride⌋ + 1 positions. Windows larger than the padded input end the
  /// program.
  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: The distance from one window to the next; the size of the window by default.
  ///   - padding: The padding before and after each axis, at most half a window.
  ///   - ceilMode: Whether the number of positions is rounded up, with windows that extend over the end. Only their
  ///     elements in the padded input count.
  ///   - countsPadding: Whether padding counts as zeros, as in PyTorch; false in Keras.
  public func averagePooled(
    _ window: SpatialExtent, stride: SpatialExtent? = nil, padding: SpatialExtent = 0, ceilMode: Bool = false,
    countsPadding: Bool = true
  ) -> Tensor {
    checked {
      let name: StaticString = "averagePooled"
      var windows = try SpatialWindows(
        name, self, kernel: window, stride: stride ?? window, padding: padding, dilation: 1)
      try windows.checkPooling(name, self)
      guard ceilMode else { return try pooled(name, countsPadding ? .meanWithPadding : .mean, windows) }
      let trailing = windows.trailingToCover(self)
      if !countsPadding || windows.padding.allSatisfy({ $0 == 0 }) {
        windows.trailing = trailing
        return try pooled(name, .mean, windows)
      }
      // The padding counts, and positions after it do not, so the padding becomes part of the input.
      let frame = windows.padding.map { (before: $0, after: $0) }
      windows = try SpatialWindows(name, self, kernel: window, stride: stride ?? window, padding: 0, dilation: 1)
      windows.trailing = zip(trailing, frame).map { $0 - $1.after }
      return try padded([(0, 0), (0, 0)] + frame).pooled(name, .mean, windows)
    }
  }

  private func pooled(_ name: StaticString, _ op: PoolingOp, _ windows: SpatialWindows) throws -> Tensor {
    if rank == 3 { return expanded(axis: 2).pooled(op, windows.planes).squeezed(axis: 2) }
    if rank == 4 { return pooled(op, windows.planes) }
    // Along the planes first, so that the first of equal numbers in memory order wins.
    _ = try windows.depthAxis(name, of: self)
    let planes = reshaped([extents[0], extents[1] * extents[2], extents[3], extents[4]]).pooled(op, windows.planes)
    let (height, width) = (planes.extents[2], planes.extents[3])
    let y = planes.reshaped([extents[0], extents[1], extents[2], height * width]).pooled(op, windows.depth)
    return y.reshaped([extents[0], extents[1], y.extents[2], height, width])
  }
}

extension SpatialWindows {
  /// Checks that no window covers only padding.
  fileprivate func checkPooling(_ operation: StaticString, _ x: Tensor) throws {
    for axis in kernel.indices where 2 * padding[axis] > (kernel[axis] - 1) * dilation[axis] + 1 {
      try Checks.fail(
        operation,
        "a padding of \(padding[axis]) for shape \(x.extents) is more than half of the window, \(kernel[axis])")
    }
  }

  /// Returns the padding after each axis with which the windows cover the whole input. Every window starts within the
  /// input or the padding before it (PyTorch).
  fileprivate func trailingToCover(_ x: Tensor) -> [Int] {
    kernel.indices.map { axis in
      let (input, before, stride) = (x.extents[axis + 2], padding[axis], stride[axis])
      let reach = (kernel[axis] - 1) * dilation[axis] + 1
      // Pooling rejects windows that are larger than the input, and inputs that cannot be counted.
      guard input < 1 << 60, input + 2 * before >= reach else { return before }
      var steps = (input + 2 * before - reach).dividedRoundingUp(by: stride)
      if steps * stride >= input + before { steps -= 1 }
      return steps * stride + reach - input - before
    }
  }
}
