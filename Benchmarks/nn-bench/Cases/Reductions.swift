import NeuralNetworks

extension Case {
  /// Sums and extremes over all elements, over rows and over columns.
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
    ]
  }

  private static func reduction(_ name: String, _ shape: [Int], _ function: @escaping @Sendable (Tensor) -> Tensor)
    -> Case
  {
    let count = shape[0] * shape[1]
    return Case(name: name, shape: shapeText(shape), work: .floats(count), isLarge: count > 1 << 20) { device in
      let x = operand(shape, device)
      return { function(x) }
    }
  }
}
