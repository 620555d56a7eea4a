import BackendCore

/// The movement of a layer's window, independent of the image size.
struct WindowSettings: Sendable, Hashable {
  var kernel: Extent2D
  var stride: Extent2D = 1
  var padding: Padding = .valid
  var dilation: Extent2D = 1
  /// Whether examples are sequences `[C, L]`, treated as images of one row.
  var isRow = false
  /// Whether the windows over a row end at the position of their output.
  var isCausal = false
  /// How the padding is filled.
  var paddingMode = PaddingMode.zeros

  /// Returns the windows over images of the given size.
  func geometry(height: Int, width: Int) -> WindowGeometry {
    let vertical = padding.positions(
      height, kernel: kernel.height, stride: stride.height, dilation: dilation.height, isHeight: true)
    let horizontal =
      isCausal
      ? (before: (kernel.width - 1) * dilation.width, after: 0)
      : padding.positions(
        width, kernel: kernel.width, stride: stride.width, dilation: dilation.width, isHeight: false)
    return WindowGeometry(
      kernel: kernel.pair, stride: stride.pair, dilation: dilation.pair,
      padding: (vertical.before, vertical.after, horizontal.before, horizontal.after))
  }

  func geometry(for images: Tensor) -> WindowGeometry {
    geometry(height: images.shape[2], width: images.shape[3])
  }

  /// Returns activation(convolution of images with w + bias).
  func convolve(
    _ images: Tensor, _ weight: Tensor, bias: Tensor?, groups: Int, activation: UnaryOp? = nil
  ) -> Tensor {
    var (images, geometry) = (images, geometry(for: images))
    if paddingMode != .zeros {
      let edges = geometry.padding
      images = images.padded(
        [(0, 0), (0, 0), (edges.top, edges.bottom), (edges.left, edges.right)], mode: paddingMode)
      geometry.padding = (0, 0, 0, 0)
    }
    return images.convolution(weight, bias: bias, geometry, groups: groups, activation: activation)
  }

  /// Returns the image size of an example.
  func size(of inputShape: [Int]) -> (height: Int, width: Int) {
    isRow ? (1, inputShape[1]) : (inputShape[1], inputShape[2])
  }

  /// Returns an extent as text: "3x5", or "5" for sequences.
  func text(_ extent: Extent2D) -> String { isRow ? "\(extent.width)" : "\(extent)" }

  /// Throws an error for invalid settings, and for examples that are smaller than the window.
  /// - Parameter inputShape: The shape of one example: `[C, H, W]`, or `[C, L]` for sequences.
  func check(layer: String, inputShape: [Int]) throws {
    try checkNumbers(layer: layer, inputShape: inputShape)
    let size = size(of: inputShape)
    let geometry = geometry(height: size.height, width: size.width)
    try checkPadding(layer: layer, size, geometry)
    let seen = Extent2D((kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1)
    let padded = Extent2D(
      size.height + geometry.padding.top + geometry.padding.bottom,
      size.width + geometry.padding.left + geometry.padding.right)
    if seen.height > padded.height || seen.width > padded.width {
      throw ModelError.invalidConfiguration(
        layer: layer,
        reason: "a window that reaches over \(text(seen)) is larger than the \(isRow ? "sequence" : "image") of "
          + "\(text(padded)) with its padding"
          + (InputHint.looksLikeChannelsLast(inputShape) ? "; hint: \(InputHint.channelsFirst(inputShape))" : ""))
    }
    let positions = Extent2D(
      (padded.height - seen.height) / stride.height + 1, (padded.width - seen.width) / stride.width + 1)
    try WindowSettings.checkSize(layer: layer, [positions.height, positions.width])
  }

  /// Throws an error for images that are too small for their padding.
  private func checkPadding(layer: String, _ size: (height: Int, width: Int), _ geometry: WindowGeometry) throws {
    let edges = geometry.padding
    for (extent, widest) in [(size.height, max(edges.top, edges.bottom)), (size.width, max(edges.left, edges.right))] {
      let limit = paddingMode.limit(for: extent)
      guard widest <= limit else {
        throw ModelError.invalidConfiguration(
          layer: layer,
          reason: "a padding of \(widest) for \(extent) positions; at most \(limit) is possible with \(paddingMode)")
      }
    }
  }

  /// Throws an error for padding that only convolutions have.
  func checkPlainPadding(layer: String) throws {
    if isCausal || paddingMode != .zeros {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "a padding \(isCausal ? "causal" : "\(paddingMode)"), which only a convolution has")
    }
  }

  /// Throws an error for images that exceed the size limit.
  static func checkSize(layer: String, _ size: [Int]) throws {
    if SizeLimit.count(size) == nil {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "an output of \(size) has more than \(SizeLimit.tensor) numbers")
    }
  }

  /// Throws an error for invalid settings, and for examples of a different rank.
  func checkNumbers(layer: String, inputShape: [Int]) throws {
    func fail(_ reason: String) throws -> Never { throw ModelError.invalidConfiguration(layer: layer, reason: reason) }
    for (name, extent) in [("window", kernel), ("stride", stride), ("dilation", dilation)]
    where extent.height < 1 || extent.width < 1 {
      try fail("a \(name) of \(text(extent)); \(isRow ? "it is" : "both numbers are") at least 1")
    }
    var numbers = [kernel.height, kernel.width, stride.height, stride.width, dilation.height, dilation.width]
    if case .explicit(let vertical, let horizontal) = padding { numbers += [vertical, horizontal] }
    if let largest = numbers.max(), largest > SizeLimit.setting {
      try fail("a window, stride, dilation or padding of \(largest); at most \(SizeLimit.setting) is possible")
    }
    if case .explicit(let vertical, let horizontal) = padding, vertical < 0 || horizontal < 0 {
      try fail(
        isRow
          ? "a padding of \(horizontal); it is at least 0"
          : "a padding of \(vertical) and \(horizontal); both numbers are at least 0")
    }
    guard inputShape.count == (isRow ? 2 : 3) else {
      try fail(
        isRow
          ? "an example is a sequence [channels, length], not \(inputShape); hint: Reshape([1, length])"
          : "an example is an image [channels, height, width], not \(inputShape); hint: Reshape([1, height, width])")
    }
  }
}

extension PaddingMode {
  /// Returns the largest padding of an axis.
  func limit(for extent: Int) -> Int {
    switch self {
    case .zeros, .replicate: .max
    case .reflect: extent - 1
    case .circular: extent
    }
  }
}

/// The positions of the windows of a transposed convolution over its output.
struct TransposedSettings: Sendable {
  let windows: WindowSettings
  let outputPadding: Extent2D

  /// Returns the output size for an input size.
  func output(height: Int, width: Int) -> (height: Int, width: Int) {
    let (kernel, stride, dilation) = (windows.kernel, windows.stride, windows.dilation)
    func extent(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ cut: Int, _ behind: Int) -> Int {
      (input - 1) * stride - 2 * cut + (kernel - 1) * dilation + behind + 1
    }
    var cut = (vertical: 0, horizontal: 0)
    switch windows.padding {
    case .same: return (height * stride.height, width * stride.width)
    case .explicit(let vertical, let horizontal): cut = (vertical, horizontal)
    case .valid: break
    }
    return (
      extent(height, kernel.height, stride.height, dilation.height, cut.vertical, outputPadding.height),
      extent(width, kernel.width, stride.width, dilation.width, cut.horizontal, outputPadding.width)
    )
  }

  /// Throws an error for invalid settings.
  /// - Parameter inputShape: The shape of one example.
  func check(layer: String, inputShape: [Int]) throws {
    func fail(_ reason: String) throws -> Never { throw ModelError.invalidConfiguration(layer: layer, reason: reason) }
    try windows.checkPlainPadding(layer: layer)
    try windows.checkNumbers(layer: layer, inputShape: inputShape)
    let (behind, stride) = (outputPadding, windows.stride)
    if behind.height < 0 || behind.width < 0 || behind.height >= stride.height || behind.width >= stride.width {
      try fail("an output padding of \(windows.text(behind)); it is less than the stride of \(windows.text(stride))")
    }
    if windows.padding == .same && behind != 0 { try fail("an output padding together with the padding \"same\"") }
    let size = windows.size(of: inputShape)
    let result = output(height: size.height, width: size.width)
    if result.height < 1 || result.width < 1 {
      try fail("a padding that leaves an output of \(windows.text(Extent2D(result.height, result.width)))")
    }
    try WindowSettings.checkSize(layer: layer, [result.height, result.width])
  }

  /// Returns activation(transposed convolution of x with w + bias).
  func apply(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, groups: Int, _ activation: ActivationFunction
  ) -> Tensor {
    let size = output(height: x.shape[2], width: x.shape[3])
    var y = x.transposedConvolution(
      weight, windows.geometry(height: size.height, width: size.width), groups: groups, height: size.height,
      width: size.width)
    if let bias { y = y + bias.reshaped([bias.count, 1, 1]) }
    return activation(y)
  }
}
