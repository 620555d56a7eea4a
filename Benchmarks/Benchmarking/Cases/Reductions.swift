import NeuralNetworks

extension Case {
  /// Sums, maxima, and minima over all elements, over rows and columns and over each axis of three, and running sums.
  static var reductions: [Case] {
    [
      reduction("sum", [32, 128]) { $0.sum() },
      reduction("sum", [4096, 4096]) { $0.sum() },
      reduction("sum rows", [32, 128]) { $0.sum(axis: 1) },
      reduction("sum rows", [4096, 4096]) { $0.sum(axis: 1) },
      reduction("sum columns", [32, 128]) { $0.sum(axis: 0) },
      reduction("sum columns", [4096, 4096]) { $0.sum(axis: 0) },
      reduction("max rows", [4096, 4096]) { $0.max(axis: 1) },
      reduction("argmax rows", [32, 10]) { $0.argmax(axis: 1) },
      reduction("argmax rows", [4096, 4096]) { $0.argmax(axis: 1) },
      reduction("argmax columns", [4096, 4096]) { $0.argmax(axis: 0) },
      reduction("sum of the first axis", [256, 256, 256]) { $0.sum(axis: 0) },
      reduction("sum of the middle axis", [256, 256, 256]) { $0.sum(axis: 1) },
      reduction("sum of the last axis", [256, 256, 256]) { $0.sum(axis: 2) },
      reduction("cumulative sum of rows", [32, 128], passes: 2) { $0.cumulativeSum(axis: 1) },
      reduction("cumulative sum of rows", [2048, 2048], passes: 2) { $0.cumulativeSum(axis: 1) },
      reduction("cumulative sum of columns", [2048, 2048], passes: 2) { $0.cumulativeSum(axis: 0) },
    ]
  }

  private static func reduction(
    _ name: String, _ shape: [Int], passes: Int = 1, _ function: @escaping @Sendable (Tensor) -> Tensor
  ) -> Case {
    let count = shape.reduce(1, *)
    return Case(name: name, shape: shapeText(shape), work: .floats(passes * count), isLarge: count > 1 << 20) {
      device in
      let x = operand(shape, device)
      return { function(x) }
    }
  }
}
