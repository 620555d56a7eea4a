import BackendCore

// Windows of images as columns, and the exchange of channels and pixels.

extension Tensor {
  /// Returns the windows of images as columns: `[N, C, H, W]` → `[N, C·kH·kW, L]`, with one column for each of the L
  /// positions of the window, row by row (PyTorch's `unfold`, also known as im2col).
  ///
  /// A product of `weight.reshaped([filters, -1])` with the result is a convolution. Windows larger than the padded
  /// images end the program.
  /// - Parameters:
  ///   - window: The size of the window, kH and kW.
  ///   - stride: The distance from one window to the next.
  ///   - padding: The number of zeros before and after each axis.
  ///   - dilation: The distance from one element of the window to the next.
  public func unfolded(
    _ window: SpatialExtent, stride: SpatialExtent = 1, padding: SpatialExtent = 0, dilation: SpatialExtent = 1
  ) -> Tensor {
    checked {
      let name: StaticString = "unfolded"
      if rank != 4 { try Checks.fail(name, "the input has the shape \(extents); images are [N, C, H, W]") }
      let windows = try SpatialWindows(
        name, self, kernel: window, stride: stride, padding: padding, dilation: dilation)
      let plane = try WindowPlane(name, windows, height: extents[2], width: extents[3], extents)
      let edges = windows.padding.map { (before: $0, after: $0) }
      let pixels = padded([(0, 0), (0, 0)] + edges).flattened(from: 2)
      return pixels.rows(at: positions(plane.count, plane.positions), axis: 2)
        .reshaped([extents[0], extents[1] * plane.window, plane.outputs])
    }
  }

  /// Adds the columns of windows to images: `[N, C·kH·kW, L]` → `[N, C, H, W]`, the adjoint of `unfolded` (PyTorch's
  /// `fold`, also known as col2im). Where windows overlap, their values are added.
  ///
  /// The number of columns, L, is the number of positions of the window; another one ends the program.
  /// - Parameters:
  ///   - size: The size of the images, H and W.
  ///   - window: The size of the window, kH and kW.
  ///   - stride: The distance from one window to the next.
  ///   - padding: The number of positions around the images that the windows cover, too. Their values are left out.
  ///   - dilation: The distance from one element of the window to the next.
  public func folded(
    to size: SpatialExtent, window: SpatialExtent, stride: SpatialExtent = 1, padding: SpatialExtent = 0,
    dilation: SpatialExtent = 1
  ) -> Tensor {
    checked {
      let name: StaticString = "folded"
      if rank != 3 { try Checks.fail(name, "the input has the shape \(extents); columns are [N, C·kH·kW, L]") }
      try Checks.number(name, self)
      let row = expanded(axis: -1)
      let size = try size.perAxis(name, "size", row, atLeast: 1)
      let windows = try SpatialWindows(
        name, row, kernel: window, stride: stride, padding: padding, dilation: dilation)
      let plane = try WindowPlane(name, windows, height: size[0], width: size[1], extents)
      if extents[1] % plane.window != 0 || extents[2] != plane.outputs {
        try Checks.fail(
          name,
          "shape \(extents) does not fit images of \(size): the window of \(windows.kernel) has \(plane.window) elements "
            + "and \(plane.outputs) positions")
      }
      let channels = extents[1] / plane.window
      let pixels = Tensor.zeros([extents[0], channels, plane.height * plane.width], dtype: dtype, on: device)
        .scatterAdded(
          reshaped([extents[0], channels, plane.count]), at: positions(plane.count, plane.positions), axis: 2)
      return pixels.reshaped([extents[0], channels, plane.height, plane.width])
        .narrowed(axis: 2, from: windows.padding[0], count: size[0])
        .narrowed(axis: 3, from: windows.padding[1], count: size[1])
    }
  }

  /// Moves channels to pixels: `[..., C·factor², H, W]` → `[..., C, H·factor, W·factor]`. Channel c·factor² + i·factor + j
  /// becomes row i and column j of each block (Shi et al. 2016; PyTorch's `pixel_shuffle`).
  public func pixelShuffled(by factor: Int) -> Tensor {
    checked {
      let name: StaticString = "pixelShuffled"
      let (leading, channels, height, width) = try planes(name, factor)
      let (area, overflow) = factor.multipliedReportingOverflow(by: factor)
      if overflow || channels % area != 0 {
        try Checks.fail(name, "\(factor)·\(factor) does not divide the \(channels) channels of shape \(extents)")
      }
      return reshaped([leading, channels / area, factor, factor, height, width]).permuted([0, 1, 4, 2, 5, 3])
        .reshaped(shape.dropLast(3) + [channels / area, height * factor, width * factor])
    }
  }

  /// Moves pixels to channels: `[..., C, H·factor, W·factor]` → `[..., C·factor², H, W]`, the inverse of `pixelShuffled`
  /// (PyTorch's `pixel_unshuffle`).
  public func pixelUnshuffled(by factor: Int) -> Tensor {
    checked {
      let name: StaticString = "pixelUnshuffled"
      let (leading, channels, height, width) = try planes(name, factor)
      if height % factor != 0 || width % factor != 0 {
        try Checks.fail(name, "\(factor) does not divide the height and width of shape \(extents)")
      }
      return reshaped([leading, channels, height / factor, factor, width / factor, factor])
        .permuted([0, 1, 3, 5, 2, 4])
        .reshaped(shape.dropLast(3) + [channels * factor * factor, height / factor, width / factor])
    }
  }

  /// Returns the extents with the leading axes merged into one.
  private func planes(
    _ name: StaticString, _ factor: Int
  ) throws -> (leading: Int, channels: Int, height: Int, width: Int) {
    if rank < 3 || factor < 1 || extents[-3] < 1 || extents[-2] < 1 || extents[-1] < 1 {
      try Checks.fail(
        name,
        "a factor of \(factor) for shape \(extents); images are [..., C, H, W], and C, H, W, and the factor are at least 1"
      )
    }
    return (extents.dropping(last: 3).count, extents[-3], extents[-2], extents[-1])
  }
}

/// The positions of windows in a plane with its padding.
private struct WindowPlane {
  /// The size of the plane with its padding.
  let height, width: Int
  private let vertical, horizontal: WindowAxis

  init(_ operation: StaticString, _ windows: SpatialWindows, height: Int, width: Int, _ extents: Shape) throws {
    (vertical, horizontal) = try windows.planes.axes(operation, height: height, width: width, extents)
    self.height = height + 2 * windows.padding[0]
    self.width = width + 2 * windows.padding[1]
    let (area, overflow) = self.height.multipliedReportingOverflow(by: self.width)
    if overflow || area > Int32.max {
      try Checks.fail(operation, "a plane of \(self.height)x\(self.width) for shape \(extents) cannot be indexed")
    }
    try Checks.countable(operation, [vertical.kernel, horizontal.kernel, vertical.output, horizontal.output])
  }

  /// The number of elements of the window, and the number of its positions.
  var window: Int { vertical.kernel * horizontal.kernel }
  var outputs: Int { vertical.output * horizontal.output }
  var count: Int { window * outputs }

  /// The indices in the plane of the elements of the windows, by element, then by position.
  func positions() -> [Int] {
    var positions: [Int] = []
    positions.reserveCapacity(count)
    for p in 0..<vertical.kernel {
      for q in 0..<horizontal.kernel {
        for i in 0..<vertical.output {
          let row = (i * vertical.stride + p * vertical.dilation) * width + q * horizontal.dilation
          for j in 0..<horizontal.output { positions.append(row + j * horizontal.stride) }
        }
      }
    }
    return positions
  }
}
