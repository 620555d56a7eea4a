import NeuralNetworks

extension Case {
  /// Products of 8-bit integers, and products of one row with weights in blocks of small integers, as in the generation
  /// of text.
  static var integers: [Case] {
    [256, 512, 1024, 2048].map { product($0, $0, $0) } + [product(128, 384, 1536)]
      + [BlockFormat.q80, .q40, .q41].flatMap { format in
        QuantizedMatrix.Activations.allCases.flatMap { activations in
          [(576, 1536), (2048, 2048), (4096, 11008)].map { rowProduct(inputs: $0, units: $1, format, activations) }
        }
      }
  }

  private static func product(_ m: Int, _ k: Int, _ n: Int) -> Case {
    let work = Work.operations(2 * Double(m) * Double(k) * Double(n), of: .int8)
    return Case(name: "matmul int8", shape: shapeText([m, k, n]), work: work, isLarge: m * k * n > 1 << 30) { device in
      let (a, b) = (integers([m, k], device), integers([k, n], device))
      return { a.integerMatmul(b) }
    }
  }

  private static func integers(_ shape: [Int], _ device: Device) -> Tensor {
    (operand(shape, device) * 127).cast(to: .int8)
  }

  /// One product with each of several matrices, the largest of which come from memory and not from a cache.
  private static func rowProduct(
    inputs: Int, units: Int, _ format: BlockFormat, _ activations: QuantizedMatrix.Activations
  ) -> Case {
    let isLarge = units == 11008
    let matrices = isLarge ? 4 : 1
    let bytes = Double(matrices * units * inputs / format.count * format.size)
    return Case(
      name: "quantized \(format.rawValue)" + (activations == .int8 ? " int8" : ""),
      shape: "\(shapeText([1, inputs, units])) times \(matrices)",
      work: .bytes(bytes), isLarge: isLarge
    ) { device in
      let weights = try (0..<matrices).map { _ in
        try QuantizedMatrix(quantizing: operand([units, inputs], .cpu), as: format)
      }
      let x = operand([1, inputs], device)
      return { weights.map { x.quantizedMatmul($0, activations: activations) }.last }
    }
  }
}
