extension Tensor {
  /// A target in the shape and the element type of its prediction. An axis of extent 1 at the end of either is free: labels
  /// `[N]` fit a prediction `[N, 1]`, which would otherwise broadcast to `[N, N]`.
  func aligned(to prediction: Tensor, for name: String) -> Tensor {
    let converted = dtype == prediction.dtype ? self : cast(to: prediction.dtype)
    if shape == prediction.shape { return converted }
    guard shape.withoutTrailingOnes == prediction.shape.withoutTrailingOnes else {
      fatalError(
        "\(name): the prediction has shape \(prediction.shape) and the target \(shape); they must be the same"
          + (dtype == .int32 ? " (class numbers need a sparse loss, or `target.oneHot(classes:)`)" : ""))
    }
    return converted.reshaped(prediction.shape)
  }

  /// Class numbers as int32, in the shape of the predictions without their last axis.
  func alignedLabels(to prediction: Tensor, for name: String) -> Tensor {
    let expected = Array(prediction.shape.dropLast())
    guard prediction.rank > 0, shape == expected || shape == expected + [1] else {
      fatalError(
        "\(name): the prediction has shape \(prediction.shape), so class numbers have shape \(expected), not \(shape)")
    }
    let numbers = dtype == .int32 ? self : cast(to: .int32)
    return shape == expected ? numbers : numbers.reshaped(expected)
  }
}

extension Array where Element == Int {
  /// A shape without the axes of extent 1 at its end.
  var withoutTrailingOnes: ArraySlice<Int> {
    var end = endIndex
    while end > startIndex && self[end - 1] == 1 { end -= 1 }
    return self[startIndex..<end]
  }
}
