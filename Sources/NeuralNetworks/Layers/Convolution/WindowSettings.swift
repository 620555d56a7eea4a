import BackendCore

/// How the window of a layer moves, before the size of the images is known.
struct WindowSettings: Sendable, Hashable {
  var kernel: Extent2D
  var stride: Extent2D = 1
  var padding: Padding = .valid
  var dilation: Extent2D = 1

  /// The windows over images of a size.
  func geometry(height: Int, width: Int) -> WindowGeometry {
    let vertical = padding.positions(
      height, kernel: kernel.height, stride: stride.height, dilation: dilation.height, isHeight: true)
    let horizontal = padding.positions(
      width, kernel: kernel.width, stride: stride.width, dilation: dilation.width, isHeight: false)
    return WindowGeometry(
      kernel: kernel.pair, stride: stride.pair, dilation: dilation.pair,
      padding: (vertical.before, vertical.after, horizontal.before, horizontal.after))
  }

  func geometry(for images: Tensor) -> WindowGeometry {
    geometry(height: images.shape[2], width: images.shape[3])
  }

  /// Throws for numbers that make no sense, and for images that are smaller than the window.
  /// - Parameter inputShape: The shape of one example; `[C, H, W]`.
  func check(layer: String, inputShape: [Int]) throws {
    func fail(_ reason: String) throws -> Never { throw ModelError.invalidConfiguration(layer: layer, reason: reason) }
    for (name, extent) in [("window", kernel), ("stride", stride), ("dilation", dilation)]
    where extent.height < 1 || extent.width < 1 {
      try fail("a \(name) of \(extent); both numbers are at least 1")
    }
    if case .explicit(let vertical, let horizontal) = padding, vertical < 0 || horizontal < 0 {
      try fail("a padding of \(vertical) and \(horizontal); both numbers are at least 0")
    }
    guard inputShape.count == 3 else {
      try fail("an example is an image [channels, height, width], not \(inputShape); hint: Reshape([1, height, width])")
    }
    let geometry = geometry(height: inputShape[1], width: inputShape[2])
    let seen = (
      (kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1
    )
    let padded = (
      inputShape[1] + geometry.padding.top + geometry.padding.bottom,
      inputShape[2] + geometry.padding.left + geometry.padding.right
    )
    if seen.0 > padded.0 || seen.1 > padded.1 {
      try fail(
        "a window that reaches over \(seen.0)x\(seen.1) is larger than the image of \(padded.0)x\(padded.1) with its "
          + "padding")
    }
  }
}
