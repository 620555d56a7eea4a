import NeuralNetworks

extension Case {
  /// What a call costs before any work is done: operations on four elements.
  static var overheads: [Case] {
    [
      Case(name: "overhead add", shape: "4") { device in
        let a = operand([4], device)
        let b = operand([4], device, seed: 2)
        return { a + b }
      },
      Case(name: "overhead add with gradient", shape: "4") { device in
        let a = operand([4], device)
        let b = operand([4], device, seed: 2)
        return { valueAndGradient(at: a) { ($0 + b).sum() }.gradient }
      },
      Case(name: "overhead chain of 64 products", shape: "4") { device in
        let a = operand([4], device)
        let b = operand([4], device, seed: 2)
        return { products(a, b) }
      },
      Case(name: "overhead chain of 64 products with gradient", shape: "4") { device in
        let a = operand([4], device)
        let b = operand([4], device, seed: 2)
        return { valueAndGradient(at: a) { products($0, b).sum() }.gradient }
      },
      Case(name: "overhead synchronize", shape: "0") { device in
        {
          try device.synchronize()
          return nil
        }
      },
    ]
  }

  /// Many operations in a row, so that what a call of `valueAndGradient` costs once is shared among them.
  private static func products(_ a: Tensor, _ b: Tensor) -> Tensor {
    var y = a
    for _ in 0..<64 { y = y * b }
    return y
  }
}
