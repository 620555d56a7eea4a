extension Tensor {
  /// Returns a target in the shape and the element type of its prediction. A trailing axis of extent 1 is optional in
  /// both: labels `[N]` match a prediction `[N, 1]`, which would otherwise broadcast to `[N, N]`.
  func aligned(to prediction: Tensor, for name: String) -> Tensor {
    checked {
      let converted = dtype == prediction.dtype ? self : cast(to: prediction.dtype)
      if shape == prediction.shape { return converted }
      guard shape.withoutTrailingOnes == prediction.shape.withoutTrailingOnes else {
        try ProgrammerError.refuse(
          "\(name): the prediction has shape \(prediction.shape) and the target \(shape); they must be the same"
            + (dtype == .int32 ? " (class numbers need a sparse loss, or `target.oneHot(classes:)`)" : ""))
      }
      return converted.reshaped(prediction.shape)
    }
  }

  /// Returns the target in the shape of the prediction if the shapes differ only in trailing axes of extent 1, and
  /// unchanged otherwise. Without this, a custom loss of `[N, 1]` and `[N]` would broadcast to `[N, N]`.
  func withAxes(of prediction: Tensor) -> Tensor {
    if shape == prediction.shape || shape.withoutTrailingOnes != prediction.shape.withoutTrailingOnes { return self }
    return reshaped(prediction.shape)
  }

  /// Returns class indices as int32, in the shape of the predictions without their last axis. Floating-point numbers
  /// that are not class indices are rejected if checking them does not require waiting for another device.
  func alignedLabels(to prediction: Tensor, for name: String) -> Tensor {
    checked {
      let expected = Array(prediction.shape.dropLast())
      guard prediction.rank > 0, shape == expected || shape == expected + [1] else {
        try ProgrammerError.refuse(
          "\(name): the prediction has shape \(prediction.shape), so class numbers have shape \(expected), not \(shape)"
        )
      }
      // A failure of the device is detected later, when the result is read.
      let isChecked = dtype.isFloatingPoint && isReadAtOnce && device.backend.capabilities.finishesCalls
      if isChecked, let numbers = try? detached().scalars(as: Double.self) {
        if let place = numbers.firstIndex(where: { Int32(exactly: $0) == nil }) {
          let example = place / Swift.max(count / Swift.max(shape.first ?? 1, 1), 1)
          try ProgrammerError.refuse(
            "\(name): the target of example \(example) is \(numbers[place]), expected a class number")
        }
      }
      let numbers = dtype == .int32 ? self : cast(to: .int32)
      return shape == expected ? numbers : numbers.reshaped(expected)
    }
  }
}

extension Tensor {
  /// Whether the tensor has numbers that can be read without waiting for another device.
  var isReadAtOnce: Bool { device.kind == .cpu && !device.isShapeOnly && !device.isBeingRecorded }
}

extension Array where Element == Int {
  /// The shape without trailing axes of extent 1.
  var withoutTrailingOnes: ArraySlice<Int> {
    var end = endIndex
    while end > startIndex && self[end - 1] == 1 { end -= 1 }
    return self[startIndex..<end]
  }
}
