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
      Case(name: "overhead synchronize", shape: "0") { device in
        {
          try device.synchronize()
          return nil
        }
      },
    ]
  }
}
