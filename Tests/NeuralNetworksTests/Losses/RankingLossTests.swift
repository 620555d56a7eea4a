import NeuralNetworks
import Testing

/// Compares losses of ranks and embeddings, and gradients of the sum of their values, with PyTorch 2.15 in float64, and
/// `circle` with Keras 3.15 in float32.
@Suite struct RankingLossTests {
  private static let numbers = [0.2, -1.5, 3, 0.7, 0.1, -2.2], signs: [Double] = [1, -1, -1, 1, -1, 1]

  static let cases: [KerasLossTests.Case] = [
    .init(
      loss: .hingeEmbedding(margin: 1.5), prediction: numbers, target: signs,
      values: [1.066666666667, -0.033333333333],
      gradient: [0.333333333333, -0.333333333333, 0, 0.333333333333, -0.333333333333, 0.333333333333]),
    .init(
      loss: .softMargin, prediction: numbers, target: signs, values: [1.282713166313, 1.150888676243],
      gradient: [
        -0.150055334229, 0.060808507935, 0.317524708941, -0.110604075944, 0.174993062493, -0.300083170293,
      ]),
    // Any number that is not above 0 counts as -1.
    .init(
      loss: .softMargin, prediction: numbers, target: [1, 0, 0, 1, 0, 1], values: [1.282713166313, 1.150888676243],
      gradient: [
        -0.150055334229, 0.060808507935, 0.317524708941, -0.110604075944, 0.174993062493, -0.300083170293,
      ]),
    .init(
      loss: .multiMargin(), prediction: numbers, target: [2, 0], values: [0, 0.133333333333],
      gradient: [0, 0, 0, -0.333333333333, 0.333333333333, 0]),
    .init(
      loss: .multiMargin(margin: 4, p: 2), prediction: numbers, target: [2, 0], values: [0.48, 4.256666666667],
      gradient: [0.8, 0, -0.8, -3, 2.266666666667, 0.733333333333]),
    .init(
      loss: .multiLabelMargin, prediction: numbers, target: [1, 0, 1, 0, 1, 0], values: multiLabel.values,
      gradient: multiLabel.gradient),
  ]

  /// Classes 0 and 2 of the first example, class 1 of the second one.
  private static let multiLabel = (
    values: [0.0, 0.533333333333], gradient: [0.0, 0, 0, 0.333333333333, -0.333333333333, 0]
  )

  @Test(arguments: cases, TestDevices.all) func valuesAndGradients(_ item: KerasLossTests.Case, _ device: Device) throws
  {
    try KerasLossTests().valuesAndGradients(item, device)
  }

  /// PyTorch's `margin_ranking_loss`, with the gradients of both scores.
  @Test(arguments: TestDevices.all) func marginRanking(_ device: Device) throws {
    let x = Tensor([0.2, -1.5, 3, 0.7], on: device), y = Tensor([0.5, 1, -2, 0.7], on: device)
    let labels = Tensor(integers: [1, -1, -1, 1], on: device)
    let first = valueAndGradient(at: x) { Loss.marginRanking($0, y, labels: labels, margin: 0.5) }
    try expectClose(first.value, [1.7])
    try expectClose(first.gradient, [-0.25, 0, 0.25, -0.25])
    let second = valueAndGradient(at: y) { Loss.marginRanking(x, $0, labels: labels, margin: 0.5) }
    try expectClose(second.gradient, [0.25, 0, -0.25, 0.25])
  }

  private static let embeddings = [
    0.362353799485, 0.922744187531, 0.131312179084, -0.730610142765, -0.503412962563, 0.461285387165, 0.691105316953,
    -0.055209579999, -0.72064231291, -0.371415838676, 0.611562065377, 0.698600110916,
  ]

  @Test(arguments: TestDevices.all) func circle(_ device: Device) throws {
    let x = Tensor(Self.embeddings, shape: [4, 3], dtype: .float32, on: device)
    let pairs = Tensor(integers: [0, 1, 0, 1], on: device), loss = Loss.circle(gamma: 8, margin: 0.25)
    try expectClose(
      Loss.circle().values(x, pairs), [60.257598876953, 28.705858230591, 51.996459960938, 36.966995239258],
      relative: 1e-4)
    try expectClose(
      loss.values(x, pairs), [7.757796764374, 4.288242340088, 6.604832649231, 5.432690143585], relative: 1e-4)
    try expectClose(
      valueAndGradient(at: x) { loss.values($0, pairs).sum() }.gradient,
      [
        -24.986763954163, 10.155140399933, 30.419739723206, 8.412301063538, -13.851439476013, -15.822788715363,
        -10.370294094086, -26.408246994019, -3.758056044579, 21.628575325012, 24.340297698975, -8.606573104858,
      ], relative: 1e-4, absolute: 1e-4)
    // Two examples without another one of their class.
    let lonely = Tensor(integers: [0, 1, 0, 2], on: device)
    try expectClose(loss.values(x, lonely), [7.757796764374, 0, 6.604832649231, 0], relative: 1e-4)
    try expectClose(
      valueAndGradient(at: x) { loss.values($0, lonely).sum() }.gradient,
      [
        -22.387987136841, 5.876073598862, 25.531672477722, 0, 0, 0, -10.370294094086, -26.408246994019,
        -3.758056044579, 2.545413017273, 6.481966018677, 0.922423660755,
      ], relative: 1e-4, absolute: 1e-4)
  }

  /// Training with each loss takes labels of the expected shape, and lowers the loss.
  @Test func lossesTrain() throws {
    let x = Tensor.normal([12, 4], using: RandomStream(seed: 1))
    let classes = Tensor(integers: (0..<12).map { $0 % 3 }), rows = classes.oneHot(classes: 3)
    for (loss, target) in [
      (.hingeEmbedding(), rows), (.softMargin, rows), (.multiMargin(), classes), (.multiLabelMargin, rows),
      (.circle(gamma: 4), classes),
    ] as [(Loss, Tensor)] {
      let model = Sequential {
        Dense(3); UnitNormalization()
      }
      model.compile(optimizer: .adam(learningRate: 0.02), loss: loss)
      let history = try model.fit(TensorDataset(x, target), epochs: 8, batchSize: 12, verbosity: .silent)
      #expect(history["loss"][7] < history["loss"][0], "\(loss.name)")
    }
  }

  @Test func mistakesAreNamed() async {
    let exponent = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.multiMargin(p: 3)
    }
    #expect(text(exponent).contains("multiMargin: p is 3, expected 1 or 2"), "\(text(exponent))")
    let margin = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.circle(margin: 2)
    }
    #expect(text(margin).contains("circle: margin is 2.0, expected a number from 0 to 1"), "\(text(margin))")
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.circle()(.zeros([4, 3]), .zeros([3]))
    }
    #expect(text(shapes).contains("expected [N, D] and [N]"), "\(text(shapes))")
    let pairs = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.marginRanking(.zeros([4]), .zeros([3]), labels: .zeros([4]))
    }
    #expect(text(pairs).contains("marginRanking: y has shape [3], expected [4]"), "\(text(pairs))")
  }

  private func text(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }
}
