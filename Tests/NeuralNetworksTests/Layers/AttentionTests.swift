import HostSystem
import Testing

@testable import NeuralNetworks

/// ProgramsTests compares the layers with PyTorch's; these tests cover masks and rejected arguments.
@Suite struct AttentionTests {
  private func sequence(_ shape: [Int], _ seed: UInt64, on device: Device) -> Tensor {
    .normal(shape, using: RandomStream(seed: seed), on: device)
  }

  /// Compared with explicit sums, with a mask for each query.
  @Test(arguments: TestDevices.all) func weightedMeans(_ device: Device) throws {
    let (q, k) = (sequence([1, 2, 3], 1, on: device), sequence([1, 4, 3], 2, on: device))
    let v = sequence([1, 4, 2], 3, on: device)
    let allowed = [[true, false, true, true], [false, true, true, false]]
    let mask = Tensor(allowed.flatMap { $0 }, shape: [1, 2, 4], on: device)
    let found = try scaledDotProductAttention(q, key: k, value: v, mask: mask).scalars(as: Double.self)
    let (qs, ks, vs) = try (q.scalars(as: Double.self), k.scalars(as: Double.self), v.scalars(as: Double.self))
    for query in 0..<2 {
      var (sum, means) = (0.0, [0.0, 0.0])
      for key in 0..<4 where allowed[query][key] {
        let product = (0..<3).reduce(0) { $0 + qs[query * 3 + $1] * ks[key * 3 + $1] }
        let weight = Self.exponential(product / 3.0.squareRoot())
        sum += weight
        for column in 0..<2 { means[column] += weight * vs[key * 2 + column] }
      }
      for column in 0..<2 { expectClose(found[query * 2 + column], means[column] / sum, relative: 1e-5) }
    }
  }

  private static func exponential(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for n in 1..<60 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }

  /// Masked positions have no influence, whatever their values are, and get no gradient.
  @Test(arguments: TestDevices.all) func padding(_ device: Device) throws {
    let attention = MultiHeadAttention(heads: 2, width: 6)
    let (x, memory) = (sequence([2, 3, 6], 1, on: device), sequence([2, 4, 5], 2, on: device))
    try attention.build(on: device, seed: 1) { module in
      _ = module(.zeros([1, 3, 6]), key: .zeros([1, 4, 5]), value: .zeros([1, 4, 5]), .inference)
    }
    let mask = Tensor([true, true, false, true, true, false, false, false], shape: [2, 4], on: device)
    let others = memory.replacing(with: 7, where: (.!mask).expanded(axis: 2))
    func result(_ memory: Tensor) -> Tensor { attention(x, key: memory, value: memory, mask: mask, .inference) }
    #expect(try result(memory).scalars() == result(others).scalars())
    let (_, gradient) = valueAndGradient(at: memory) { result($0).squared().sum() }
    let sizes = try gradient.magnitude().sum(axis: 2).scalars()
    #expect(sizes.map { $0 > 0 } == [true, true, false, true, true, false, false, false])
  }

  /// A query without any visible key gets the mean of the values, not NaN.
  @Test(arguments: TestDevices.all) func nowhere(_ device: Device) throws {
    let v = sequence([1, 4, 2], 3, on: device)
    let y = scaledDotProductAttention(
      sequence([1, 2, 3], 1, on: device), key: sequence([1, 4, 3], 2, on: device), value: v,
      mask: Tensor([Bool](repeating: false, count: 4), shape: [1, 1, 4], on: device))
    try expectClose(y[0][1], try v.mean(axis: 1).scalars(as: Double.self))
  }

  /// The first outputs do not change if the sequence is extended; with a longer memory, the last query sees everything.
  /// Hidden positions stay hidden, however low the scores of the visible ones are.
  @Test(arguments: TestDevices.all) func maskedKeysNeverWin(_ device: Device) throws {
    let key = Tensor([-1e5, 0, 1] as [Float], shape: [1, 3, 1], on: device)
    let value = Tensor([1, 20, 300] as [Float], shape: [1, 3, 1], on: device)
    func result(_ query: Float, _ mask: [Float], isCausal: Bool = false) throws -> [Float] {
      let queries = Tensor.full([1, isCausal ? 3 : 1, 1], Double(query), on: device)
      let isVisible = Tensor(mask, on: device) .> 0
      func attended(_ queries: Tensor) -> Tensor {
        scaledDotProductAttention(queries, key: key, value: value, mask: isVisible, isCausal: isCausal)
      }
      let gradient = valueAndGradient(at: queries) { attended($0).sum() }.gradient
      #expect(try gradient.scalars(as: Float.self).allSatisfy(\.isFinite))
      return try attended(queries).scalars(as: Float.self)
    }
    // Scores of the visible key: −1e10, −1e15, −1e35.
    for query in [1e5, 1e10, 1e30] as [Float] { #expect(try result(query, [1, 0, 0]) == [1]) }
    #expect(try result(1e10, [1, 1, 1], isCausal: true)[0] == 1)
    // A query without any visible key gets the mean, whatever the scores: 107 of all, also if mask and order together
    // hide everything.
    #expect(abs(try result(1e5, [0, 0, 0])[0] - 107) < 1e-4)
    #expect(abs(try result(1e5, [0, 1, 1], isCausal: true)[0] - 107) < 1e-4)
  }

  @Test(arguments: TestDevices.all) func causality(_ device: Device) throws {
    let block = TransformerEncoderBlock(heads: 2, width: 4, dropout: 0, isCausal: true)
    try block.build(inputShape: [anyLength, 4], on: device, seed: 2)
    let x = sequence([1, 6, 4], 5, on: device)
    let whole = try block(x, .inference)[0][0..<3].scalars()
    let start = try block(x[0..., 0..<3], .inference).scalars()
    #expect(zip(whole, start).allSatisfy { abs($0 - $1) < 1e-5 })
    let (q, k) = (sequence([1, 1, 4], 6, on: device), sequence([1, 5, 4], 7, on: device))
    #expect(
      try scaledDotProductAttention(q, key: k, value: k, isCausal: true).scalars()
        == scaledDotProductAttention(q, key: k, value: k).scalars())
  }

  @Test(arguments: TestDevices.all) func positions(_ device: Device) throws {
    let y = PositionalEncoding()(.zeros([1, 3, 4], on: device), .inference)
    let expected: [Double] = [
      0, 1, 0, 1, 0.8414709848, 0.5403023059, 0.0099998333, 0.9999500004, 0.9092974268, -0.4161468365, 0.0199986667,
      0.9998000067,
    ]
    try expectClose(y, expected)
    let embedding = PositionalEmbedding(5)
    try embedding.build(inputShape: [anyLength, 2], on: device)
    #expect(
      try embedding(.zeros([1, 3, 2], on: device), .inference).scalars() == embedding.weight.value[0..<3].scalars())
  }

  /// A small Transformer learns which half of a sequence contains the larger numbers, with replayed steps.
  @Test(arguments: TestDevices.real) func learns(_ device: Device) throws {
    var random = Knuth(5)
    var (numbers, labels): ([Float], [Int]) = ([], [])
    for _ in 0..<64 {
      let row = random.numbers(6)
      numbers += row.map { Float($0) }
      labels.append(row[..<3].reduce(0, +) > row[3...].reduce(0, +) ? 1 : 0)
    }
    let model = Sequential(inputShape: [6, 1]) {
      Dense(8)
      PositionalEncoding()
      TransformerEncoderBlock(heads: 2, width: 8, dropout: 0.05)
      Flatten()
      Dense(2)
    }
    model.compile(
      optimizer: .adam(learningRate: 0.01), loss: .crossEntropy(), metrics: [.accuracy], device: device)
    let data = TensorDataset(Tensor(numbers, shape: [64, 6, 1]), Tensor(integers: labels))
    let history = try model.fit(data, epochs: 20, batchSize: 16, seed: 1, verbosity: .silent)
    #expect(history["accuracy"].last! > 0.9)
    #expect(model.allowsReplay)
  }

  @Test func refusals() {
    func message(_ layer: any Layer, _ shape: [Int]) -> String {
      do {
        try layer.build(inputShape: shape)
        return "built"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(SelfAttention(heads: 3, width: 8), [5, 8]).contains("3 heads do not divide a width of 8"))
    #expect(message(SelfAttention(heads: 2, width: 8), [8]).contains("it is a sequence of vectors"))
    #expect(message(TransformerEncoderBlock(heads: 2, width: 8), [5, 6]).contains("is not the width, 8"))
    #expect(message(TransformerEncoderBlock(heads: 2, width: .max), [5, 6]).contains("is not the width"))
    #expect(message(PositionalEncoding(), [5, 3]).contains("an even width"))
    #expect(message(PositionalEmbedding(4), [5, 3]).contains("at most 4 vectors"))
    let attention = MultiHeadAttention(heads: 2, width: 4)
    let x = Tensor.zeros([2, 3, 4])
    func refusal(_ mask: Tensor) -> String {
      do {
        try attention.build { _ = $0(x, key: x, value: x, mask: mask, .inference) }
        return "built"
      } catch {
        return "\(error)"
      }
    }
    #expect(refusal(.zeros([2, 3])).contains("the mask is float32; it is bool"))
    #expect(refusal(.zeros([2, 5], dtype: .bool)).contains("a mask of shape [2, 5] does not fit"))
  }

  /// Numbers that are added to the products, with −∞ as a bool mask; a query that sees nothing gets the mean.
  @Test(arguments: TestDevices.all) func additiveMasks(_ device: Device) throws {
    let (q, k) = (sequence([1, 2, 3], 1, on: device), sequence([1, 4, 3], 2, on: device))
    let v = sequence([1, 4, 2], 3, on: device)
    let allowed = Tensor([true, false, true, true, false, false, false, false], shape: [2, 4], on: device)
    let hidden = Tensor.zeros([2, 4], on: device).replacing(with: -.infinity, where: .!allowed)
    let found = scaledDotProductAttention(q, key: k, value: v, mask: hidden)
    #expect(try found.scalars() == scaledDotProductAttention(q, key: k, value: v, mask: allowed).scalars())
    // Adding log 2 doubles a weight.
    let bias = Tensor([0.6931472, 0, 0, 0], on: device)
    let once = scaledDotProductAttention(q, key: k, value: v, mask: bias)
    let twice = scaledDotProductAttention(
      q, key: .concatenated([k, k[.all, ..<1]], axis: 1), value: .concatenated([v, v[.all, ..<1]], axis: 1))
    for (a, b) in zip(try once.scalars(as: Double.self), try twice.scalars(as: Double.self)) {
      expectClose(a, b, relative: 1e-5)
    }
    let (_, gradient) = valueAndGradient(at: hidden) { mask in
      scaledDotProductAttention(q, key: k, value: v, mask: mask).squared().sum()
    }
    #expect(try gradient.scalars().allSatisfy(\.isFinite))
  }

  /// A head of keys and values serves neighboring heads of queries, as if it were repeated.
  @Test(arguments: TestDevices.all) func groupedHeads(_ device: Device) throws {
    let (q, k) = (sequence([2, 4, 3, 5], 1, on: device), sequence([2, 2, 6, 5], 2, on: device))
    let v = sequence([2, 2, 6, 3], 3, on: device)
    let found = scaledDotProductAttention(q, key: k, value: v)
    let heads = (0..<4).map { head in
      scaledDotProductAttention(q[.all, head], key: k[.all, head / 2], value: v[.all, head / 2])
    }
    let expected = Tensor.stacked(heads, axis: 1)
    #expect(found.shape == [2, 4, 3, 3])
    #expect(try (found - expected).magnitude().max().item() < 1e-6)

    let attention = MultiHeadAttention(heads: 4, width: 8, keyValueHeads: 2)
    let x = sequence([2, 3, 8], 4, on: device)
    try attention.build(on: device, seed: 1) { module in
      _ = module(.zeros([1, 3, 8]), key: .zeros([1, 3, 8]), value: .zeros([1, 3, 8]), .inference)
    }
    #expect(attention.key.weight.shape == [8, 4] && attention.query.weight.shape == [8, 8])
    let mask = Tensor([true, true, false, true, true, true], shape: [2, 3], on: device)
    #expect(attention(x, key: x, value: x, mask: mask, isCausal: true, .inference).shape == [2, 3, 8])
  }

  private func wave(_ shape: [Int], _ phase: Double, on device: Device) -> Tensor {
    let values = (0..<shape.reduce(1, *)).map { Float(0.8 * sin(Double($0) * 0.7 + phase)) }
    return Tensor(values, shape: shape, on: device)
  }

  /// PyTorch's `MultiheadAttention` in float64: the output, the weights of each head, the gradient of the sum of their
  /// squares with respect to the queries, and the average over the heads.
  @Test(arguments: TestDevices.all) func weightsOfHeads(_ device: Device) throws {
    let attention = MultiHeadAttention(heads: 2, width: 4)
    let q = wave([1, 2, 4], 0.5, on: device), memory = wave([1, 3, 4], 1.5, on: device)
    try attention.build(on: device) {
      _ = $0(.zeros([1, 2, 4]), key: .zeros([1, 3, 4]), value: .zeros([1, 3, 4]), .inference)
    }
    for (index, layer) in [attention.query, attention.key, attention.value, attention.output].enumerated() {
      layer.weight.assign(wave([4, 4], Double(index + 1), on: device))
      layer.bias?.assign(wave([4], Double(index + 5), on: device))
    }
    let (output, weights) = attention.outputAndWeights(q, key: memory, value: memory, .inference)
    try expectClose(
      output,
      [
        0.6666352677, 0.3819798635, -0.0823266391, -0.5079136369, 0.6639408052, 0.3811769079, -0.0808604453,
        -0.5048678675,
      ])
    try expectClose(
      weights,
      [
        0.2546522499, 0.4308114143, 0.3145363358, 0.2538967815, 0.4330618478, 0.3130413708, 0.3129467068, 0.3660584331,
        0.3209948601, 0.3036162184, 0.3860533903, 0.3103303913,
      ])
    #expect(weights.shape == [1, 2, 2, 3])
    try expectClose(
      weights.mean(axis: 1),
      [0.2837994783, 0.3984349237, 0.3177655979, 0.2787564999, 0.409557619, 0.311685881])
    let (_, gradient) = valueAndGradient(at: q) {
      attention.outputAndWeights($0, key: memory, value: memory, .inference).weights.squared().sum()
    }
    try expectClose(
      gradient,
      [
        -0.0406017347, 0.0322959011, -0.0202581043, 0.0058793759, -0.0412381856, 0.0316243803, -0.0183562096,
        0.0029668813,
      ])
    #expect(try attention(q, key: memory, value: memory, .inference).scalars() == output.scalars())
  }

  /// The weights average the values, are 0 for hidden keys, and are not dropped themselves.
  @Test(arguments: TestDevices.all) func weightsAverageValues(_ device: Device) throws {
    let (q, k) = (sequence([2, 4, 3, 5], 1, on: device), sequence([2, 2, 3, 5], 2, on: device))
    let v = sequence([2, 2, 3, 2], 3, on: device)
    let weights = attentionWeights(q, key: k, isCausal: true, scale: 0.3)
    let expected = scaledDotProductAttention(q, key: k, value: v, isCausal: true, scale: 0.3)
    try expectClose(weights.matmul(v.repeated(2, axis: 1)), expected.scalars(as: Double.self))
    #expect(try weights[.all, .all, 0, 1...].scalars().allSatisfy { $0 == 0 })
    let attention = MultiHeadAttention(heads: 2, width: 4, dropout: 0.5), x = sequence([1, 3, 4], 4, on: device)
    try attention.build(on: device, seed: 1) {
      _ = $0(.zeros([1, 3, 4]), key: .zeros([1, 3, 4]), value: .zeros([1, 3, 4]), .inference)
    }
    let training = attention.outputAndWeights(x, key: x, value: x, .training(RandomStream(seed: 1)))
    let inference = attention.outputAndWeights(x, key: x, value: x, .inference)
    #expect(try training.weights.scalars() == inference.weights.scalars())
    #expect(try training.output.scalars() != inference.output.scalars())
  }
}
