import BackendCore

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
