import NeuralNetworks

extension Case {
  /// Networks in float32 and in mixed precision: the training of a convolutional network and of a language model, and
  /// predictions of the blocks of MiniLM.
  static var mixedPrecision: [Case] {
    [networkStep(128, .mixedBFloat16)]
      + [Precision.float32, .mixedBFloat16].flatMap { precision in
        [1, 8].map { sentences($0, precision) } + [languageModelStep(precision)]
      }
  }

  /// "training step", and the precision if it is mixed.
  static func stepName(_ precision: Precision) -> String { name("training step", precision) }

  private static func name(_ text: String, _ precision: Precision) -> String {
    precision == .float32 ? text : "\(text) \(precision.rawValue)"
  }

  /// A step of the training of a classifier with Adam.
  static func stepOperation(of model: sending Sequential, on data: Batch, _ precision: Precision) throws -> Operation {
    model.precision = precision
    try model.build(inputShape: Array(data.input.shape.dropFirst()), on: data.input.device, seed: 1)
    let step = try TrainingStep(
      model, optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true), seed: 1)
    return { try step(data).loss }
  }

  /// Multiply-adds, twice, of blocks 384 wide for sequences of `length`: four projections, two dense layers of 1536, and
  /// the products of attention.
  private static func operationsOfBlocks(_ count: Int, batch: Int, length: Int) -> Double {
    let rows = Double(batch * length)
    return Double(count) * 2 * rows * (4 * 384 * 384 + 2 * 384 * 1536 + 2 * 384 * Double(length))
  }

  /// The six blocks of MiniLM (Wang et al., MiniLM, 2020): 12 heads, 384 wide, for sequences of 128 words.
  private static func sentences(_ batch: Int, _ precision: Precision) -> Case {
    let shape = [batch, 128, 384]
    let work = Work.operations(operationsOfBlocks(6, batch: batch, length: 128), of: precision.ofLayers)
    return Case(
      name: name("predictor", precision), shape: "6 blocks of MiniLM \(shapeText(shape))", work: work, isLarge: true
    ) { device in
      let blocks: [any Layer] = (0..<6).map { _ in TransformerEncoderBlock(heads: 12, width: 384, activation: .gelu) }
      let model = Sequential(blocks)
      model.precision = precision
      try model.build(inputShape: [128, 384], on: device, seed: 1)
      let predictor = Predictor(model)
      let words = operand(shape, device)
      return { try predictor.predict(words) }
    }
  }

  /// A step of the training of a GPT with six blocks: 6 heads, 384 wide, 8 texts of 128 characters out of 96.
  private static func languageModelStep(_ precision: Precision) -> Case {
    let (batch, length, characters) = (8, 128, 96)
    let output = 2.0 * Double(batch * length) * Double(384 * characters)
    let work = 3 * (operationsOfBlocks(6, batch: batch, length: length) + output)
    return Case(
      name: stepName(precision), shape: "GPT 6 blocks 384 wide 128 long batch 8",
      work: .operations(work, of: precision.ofLayers), isLarge: true
    ) { device in
      var layers: [any Layer] = [Embedding(characters, 384), PositionalEncoding()]
      for _ in 0..<6 {
        layers.append(
          TransformerEncoderBlock(
            heads: 6, width: 384, activation: .gelu, dropout: 0, normalizesFirst: true, isCausal: true))
      }
      layers += [LayerNorm(), Dense(characters)]
      let text = labels(batch * length, below: characters, device).reshaped([batch, length])
      return try stepOperation(of: Sequential(layers), on: Batch(input: text, target: text), precision)
    }
  }
}

extension Precision {
  /// The element type of most operations.
  var ofLayers: DType {
    switch self {
    case .mixedBFloat16: .bfloat16
    case .mixedFloat16: .float16
    case .float32: .float32
    }
  }
}
