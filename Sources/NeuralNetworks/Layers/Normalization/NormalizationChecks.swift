/// Checks of the settings and inputs of normalization layers.
enum NormalizationChecks {
  static func epsilon(_ layer: String, _ epsilon: Double) throws {
    guard epsilon >= 0, epsilon.isFinite else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "an epsilon of \(epsilon); it is a small number, not below 0")
    }
  }

  /// Returns the extent of the last axis.
  static func lastAxis(_ layer: String, _ inputShape: [Int], _ epsilon: Double, known weight: Parameter?) throws
    -> Int
  {
    try self.epsilon(layer, epsilon)
    guard let width = inputShape.last else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "the input has no axis other than the batch's; there is nothing to take a mean of")
    }
    try fit(layer, inputShape, axis: inputShape.count - 1, known: weight)
    return width
  }

  /// Throws an error if a parameter has a value for a different number of channels.
  static func fit(_ layer: String, _ inputShape: [Int], axis: Int, known weight: Parameter?) throws {
    guard let known = weight?.shape?.first, weight?.slab != nil, known != inputShape[axis] else { return }
    var expected = inputShape
    expected[axis] = known
    throw ModelError.inputShape(layer: layer, expected: expected, found: inputShape)
  }
}

extension Tensor {
  /// Returns one number per channel, `[C]`, in a shape that broadcasts over an input `[N, C, …]`.
  func perChannel(of input: Tensor) -> Tensor {
    reshaped([count] + [Int](repeating: 1, count: input.rank - 2))
  }
}
