import BackendCore

extension Tensor {
  /// Returns the convolution with a weight, which is a cross-correlation as in every framework: y = x ⋆ W + b (PyTorch's
  /// `conv1d`, `conv2d`, and `conv3d`).
  ///
  /// ```swift
  /// let blurred = images.convolution(.full([3, 1, 5, 5], 0.04), padding: 2, groups: 3)
  /// ```
  ///
  /// The input is `[N, C, L]`, `[N, C, H, W]`, or `[N, C, D, H, W]`, the weight `[filters, C/groups, kernel…]`, and the
  /// result `[N, filters, …]`. An output axis has ⌊(L + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1 positions.
  /// Shapes that do not fit and windows larger than the padded input end the program. For volumes, the input is copied
  /// once for each layer of the window's depth.
  /// - Parameters:
  ///   - weight: The weight, W.
  ///   - bias: The bias of each filter, b, `[filters]`.
  ///   - stride: The distance from one window to the next.
  ///   - padding: The number of zeros before and after each axis. For other padding, use `padded(_:mode:)` first.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - groups: The number of groups. Must divide the channels and the filters.
  public func convolution(
    _ weight: Tensor, bias: Tensor? = nil, stride: SpatialExtent = 1, padding: SpatialExtent = 0,
    dilation: SpatialExtent = 1, groups: Int = 1
  ) -> Tensor {
    checked {
      let name: StaticString = "convolution"
      try Checks.sameRank(name, self, weight)
      let windows = try SpatialWindows(
        name, self, kernel: SpatialExtent(Array(weight.shape.dropFirst(2))), stride: stride, padding: padding,
        dilation: dilation)
      try Checks.convolutionOperands(name, self, weight, bias, groups)
      try windows.checkFit(name, in: self)
      switch rank {
      case 3:
        return expanded(axis: 2).convolution(
          weight.expanded(axis: 2), bias: bias, windows.planes, groups: groups
        ).squeezed(axis: 2)
      case 4: return convolution(weight, bias: bias, windows.planes, groups: groups)
      default: return try volumeConvolution(weight, bias, windows, groups)
      }
    }
  }

  /// Convolves volumes as images: the layers of depth that a window covers are channels of one image.
  private func volumeConvolution(
    _ weight: Tensor, _ bias: Tensor?, _ windows: SpatialWindows, _ groups: Int
  ) throws -> Tensor {
    let depth = try windows.depthAxis("convolution", of: self)
    var widths = [(before: Int, after: Int)](repeating: (0, 0), count: 5)
    widths[2] = (windows.padding[0], windows.padding[0])
    let volumes = padded(widths)
    let layers = (0..<depth.kernel).map { layer in
      volumes.narrowed(axis: 2, from: layer * depth.dilation, by: depth.stride, count: depth.output)
    }
    let images = Tensor.stacked(layers, axis: 2).permuted([0, 3, 1, 2, 4, 5])
    let y = images.reshaped([extents[0] * depth.output, extents[1] * depth.kernel, extents[3], extents[4]])
      .convolution(
        weight.reshaped([weight.extents[0], weight.extents[1] * depth.kernel, weight.extents[3], weight.extents[4]]),
        bias: bias, windows.planes, groups: groups)
    return y.reshaped([extents[0], depth.output] + y.shape.dropFirst()).permuted([0, 2, 1, 3, 4])
  }

  /// Returns the transposed convolution with a weight, in which each input adds a window of the output: the operation
  /// that computes the input gradient of `convolution` (PyTorch's `conv_transpose1d`, `conv_transpose2d`, and
  /// `conv_transpose3d`).
  ///
  /// The input is `[N, C, L]`, `[N, C, H, W]`, or `[N, C, D, H, W]`, the weight `[C, filters/groups, kernel…]`, and the
  /// result `[N, filters, …]`. An output axis has (L − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1
  /// positions. Shapes that do not fit end the program.
  /// - Parameters:
  ///   - weight: The weight.
  ///   - bias: The bias of each filter, `[filters]`.
  ///   - stride: The distance from the window of one input to the window of the next.
  ///   - padding: The number of positions removed from both ends of each output axis.
  ///   - outputPadding: The number of positions added at the end of each output axis, less than the larger one of
  ///     the stride and the dilation.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - groups: The number of groups. Must divide the channels and the filters.
  public func transposedConvolution(
    _ weight: Tensor, bias: Tensor? = nil, stride: SpatialExtent = 1, padding: SpatialExtent = 0,
    outputPadding: SpatialExtent = 0, dilation: SpatialExtent = 1, groups: Int = 1
  ) -> Tensor {
    checked {
      let name: StaticString = "transposedConvolution"
      try Checks.sameRank(name, self, weight)
      var windows = try SpatialWindows(
        name, self, kernel: SpatialExtent(Array(weight.shape.dropFirst(2))), stride: stride, padding: padding,
        dilation: dilation)
      try Checks.transposedOperands(name, self, weight, groups)
      let outputPadding = try outputPadding.perAxis(name, "output padding", self, atLeast: 0)
      let size = try transposedSize(name, windows, outputPadding)
      // The last window ends where the output without output padding ends.
      windows.trailing = zip(windows.padding, outputPadding).map { $0 - $1 }
      let y: Tensor
      switch rank {
      case 3:
        y = expanded(axis: 2).transposedConvolution(
          weight.expanded(axis: 2), windows.planes, groups: groups, height: 1, width: size[0]
        ).squeezed(axis: 2)
      case 4:
        y = transposedConvolution(weight, windows.planes, groups: groups, height: size[0], width: size[1])
      default: y = try volumeTransposedConvolution(weight, windows, groups, size)
      }
      guard let bias else { return y }
      if bias.extents != [y.extents[1]] {
        try Checks.fail(name, "a bias of shape \(bias.extents) does not fit the weight of shape \(weight.extents)")
      }
      return y + bias.reshaped([bias.count] + Array(repeating: 1, count: rank - 2))
    }
  }

  /// Returns the extents of the spatial axes of a transposed convolution.
  private func transposedSize(
    _ name: StaticString, _ windows: SpatialWindows, _ outputPadding: [Int]
  ) throws -> [Int] {
    try outputPadding.indices.map { axis in
      let (input, stride, dilation) = (extents[axis + 2], windows.stride[axis], windows.dilation[axis])
      if outputPadding[axis] >= Swift.max(stride, dilation) {
        try Checks.fail(
          name,
          "an output padding of \(outputPadding[axis]) for shape \(extents); it is less than the stride, \(stride), or "
            + "the dilation, \(dilation)")
      }
      // Each of the two products is less than 2⁶².
      let window = (windows.kernel[axis] - 1) * dilation + 1
      let reach = window + outputPadding[axis] - 2 * windows.padding[axis]
      if input < 1 || input > Int32.max || (input - 1) * stride + reach < 1 {
        try Checks.fail(
          name, "a padding of \(windows.padding) and a window of \(windows.kernel) leave no output of shape \(extents)")
      }
      return (input - 1) * stride + reach
    }
  }

  /// Computes the layers of depth as additional channels of images, and adds them where they overlap.
  private func volumeTransposedConvolution(
    _ weight: Tensor, _ windows: SpatialWindows, _ groups: Int, _ size: [Int]
  ) throws -> Tensor {
    let (depth, kernel) = (extents[2], windows.kernel[0])
    let channels = try Checks.repeated("transposedConvolution", weight.extents[1], groups, weight.extents)
    let images = permuted([0, 2, 1, 3, 4]).reshaped([extents[0] * depth, extents[1], extents[3], extents[4]])
    let y = images.transposedConvolution(
      weight.reshaped([weight.extents[0], weight.extents[1] * kernel, weight.extents[3], weight.extents[4]]),
      windows.planes, groups: groups, height: size[1], width: size[2])
    let layers = y.reshaped([extents[0], depth, channels, kernel, size[1], size[2]]).permuted([0, 2, 1, 3, 4, 5])
      .reshaped([extents[0], channels, depth * kernel, size[1], size[2]])
    // The layers within the padding are computed, too, and removed.
    let whole = size[0] + 2 * windows.padding[0]
    let places = positions(depth * kernel) {
      (0..<depth).flatMap { layer in
        (0..<kernel).map { layer * windows.stride[0] + $0 * windows.dilation[0] }
      }
    }
    let sums = Tensor.zeros([extents[0], channels, whole, size[1], size[2]], dtype: dtype, on: device)
      .scatterAdded(layers, at: places, axis: 2)
    return sums.narrowed(axis: 2, from: windows.padding[0], count: size[0])
  }
}

extension Checks {
  static func sameRank(_ operation: StaticString, _ x: Tensor, _ weight: Tensor) throws {
    if x.rank != weight.rank {
      try fail(
        operation, "the input of shape \(x.extents) and the weight of shape \(weight.extents) have different ranks",
        hint: "the input has [N, C, …], and the weight has as many spatial axes")
    }
  }
}
