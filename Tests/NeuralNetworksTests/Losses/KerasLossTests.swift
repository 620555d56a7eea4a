import NeuralNetworks
import Testing

/// Compares losses and gradients of the sum of their values with Keras 3.15, and where a comment says so with PyTorch
/// 2.15, in float64. Values of Keras have the digits of float32.
@Suite struct KerasLossTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let loss: Loss
    /// `[2, 3]`.
    let prediction: [Double]
    /// `[2, 3]`, or `[2]` for class indices.
    let target: [Double]
    /// One for each example.
    let values: [Double]
    let gradient: [Double]
    var testDescription: String { "\(loss.name), \(target)" }
  }

  private static let numbers = [0.2, -1.5, 3, 0.7, 0.1, -2.2], targets = [0.5, 1, 2.5, 1, -0.4, 2]
  private static let positive = [0.2, 1.5, 3, 0.7, 0.1, 2.2], counts: [Double] = [0, 1, 2.5, 1, 3, 2]
  private static let logits = [-3, 0.4, 5, 1.2, -0.5, -4], answers = [0, 1, 1, 1, 0.25, 1]
  private static let shares = [0.2, 0.9, 0.6, 0.7, 0.45, 0.05]
  private static let classLogits: [Double] = [1, 2, 0.5, -1, 0, 3], oneHot: [Double] = [0, 1, 0, 1, 0, 0]

  static let cases: [Case] = [
    Case(
      loss: .meanAbsolutePercentageError, prediction: numbers, target: targets, values: [110, 121.666666667],
      gradient: [-66.6666666667, -33.3333333333, 13.3333333333, -33.3333333333, 83.3333333333, -16.6666666667]),
    Case(
      loss: .meanSquaredLogarithmicError, prediction: positive, target: counts,
      values: [0.0336215980351, 0.56573921442],
      gradient: [
        0.101289704442, 0.059504956007, 0.0222552232444, -0.063732907176, -0.782414674759, 0.0134455170482,
      ]),
    Case(
      loss: .meanSquaredLogarithmicError, prediction: numbers, target: targets,
      values: [0.182692170143, 0.414148420095],
      gradient: [-0.123968631029, 0, 0.0222552232444, -0.063732907176, 0.057763684541, 0]),
    Case(
      loss: .logCosh, prediction: numbers, target: targets, values: [0.659341096878, 1.22384428978],
      gradient: [
        -0.0971042070445, -0.328871442518, 0.154039057011, -0.0971042070445, 0.154039057011, -0.333183465416,
      ]),
    Case(
      loss: .poisson(), prediction: positive, target: counts, values: [0.516001403332, 2.89583754539],
      gradient: [
        0.333333343267, 0.111111129237, 0.0555555664705, -0.142857079087, -9.66665695477, 0.0303030449802,
      ]),
    Case(  // of PyTorch
      loss: .poisson(fromLogarithm: true), prediction: numbers, target: counts,
      values: [5.17668994717, 2.20990892797],
      gradient: [
        0.40713425272, -0.258956613284, 5.86184564106, 0.337917569157, -0.631609693975, -0.629732280546,
      ]),
    Case(
      loss: .cosineSimilarity, prediction: numbers, target: targets, values: [-0.662906407644, 0.712485658564],
      gradient: [
        -0.0425933413236, -0.196747552583, -0.0955342119485, -0.283901185346, 0.0628592463464, -0.0874749495038,
      ]),
    Case(
      loss: .binaryFocalCrossEntropy(fromLogits: true), prediction: logits, target: answers,
      values: [0.0275771692395, 1.33478271961],
      gradient: [
        0.000104957285291, -0.0545204833116, -2.99130930938e-07, -0.0113618649213, 0.0287754920779, -0.362131961821,
      ]),
    Case(
      loss: .binaryFocalCrossEntropy(gamma: 1.5, alpha: 0.3, fromLogits: true), prediction: logits, target: answers,
      values: [0.0131597546861, 0.428778499365],
      gradient: [
        0.000281598415259, -0.0219148855699, -9.14309154005e-07, -0.00595795814681, 0.0214020674883, -0.106113463241,
      ]),
    Case(
      loss: .binaryFocalCrossEntropy(), prediction: shares, target: answers,
      values: [0.0305704828352, 0.960651695728],
      gradient: [
        0.0464191415586, -0.0107277384006, -0.225109061935, -0.114192135048, 0.163375155792, -7.91396400911,
      ]),
    Case(
      loss: .categoricalFocalCrossEntropy(fromLogits: true), prediction: classLogits, target: oneHot,
      values: [0.0160194093097, 0.981909333182],
      gradient: [
        0.0205112914082, -0.0329520185176, 0.0124407271094, -0.271033626105, 0.0128540063785, 0.258179619726,
      ]),
    Case(
      loss: .categoricalFocalCrossEntropy(fromLogits: true), prediction: classLogits, target: [1, 0],
      values: [0.0160194093097, 0.981909333182],
      gradient: [
        0.0205112914082, -0.0329520185176, 0.0124407271094, -0.271033626105, 0.0128540063785, 0.258179619726,
      ]),
    Case(
      loss: .categoricalFocalCrossEntropy(gamma: 1.5, alpha: 0.5, fromLogits: true), prediction: classLogits,
      target: [0.2, 0.8, 0, 0.3, 0.3, 0.4], values: [0.140761363357, 1.02258068594],
      gradient: [
        -0.0404362206321, -0.00293205435416, 0.0433682749862, -0.155869341275, -0.155153623601, 0.311022964875,
      ]),
    Case(  // Keras' gradient is that of probabilities divided by their sum; this one is worked out by hand.
      loss: .categoricalFocalCrossEntropy(), prediction: [0.2, 0.5, 0.3, 0.1, 0.15, 0.75], target: oneHot,
      values: [0.043321698785, 0.466273481331], gradient: [0, -0.298286795, 0, -3.06116329185, 0, 0]),
    Case(
      loss: .dice(), prediction: shares, target: answers, values: [0.189189189189, 0.5],
      gradient: [0.219138045131, -0.321402480801, -0.321402480801, -0.434782600294, 0, -0.434782600294]),
    // Of Keras with alpha and beta exchanged.
    Case(
      loss: .tversky(alpha: 0.3, beta: 0.7), prediction: shares, target: answers,
      values: [0.214659685864, 0.554263565891],
      gradient: [
        0.123351881801, -0.400208327623, -0.400208327623, -0.44768944174, -0.0600925425155, -0.44768944174,
      ]),
    Case(
      loss: .squaredHinge, prediction: [0.5, -2, 1.5, -0.3, 0.2, 1], target: [1, 1, -1, 0, 1, 1],
      values: [5.16666666667, 0.376666666667], gradient: [-1.0 / 3, -2, 5.0 / 3, 1.4 / 3, -1.6 / 3, 0]),
    Case(
      loss: .categoricalHinge, prediction: [1, 1.4, 0.5, -1, 0, 3], target: oneHot, values: [0.6, 5],
      gradient: [1, -1, 0, -1, 0, 1]),
    Case(
      loss: .categoricalHinge, prediction: [1, 1.4, 0.5, -1, 0, 3], target: [1, 0], values: [0.6, 5],
      gradient: [1, -1, 0, -1, 0, 1]),
    Case(  // of PyTorch
      loss: .binaryCrossEntropy(fromLogits: true, positiveWeight: 3), prediction: [-3, 0.4, 8, 1.2, -0.5, -20],
      target: answers, values: [0.529546442631, 20.6253209615],
      gradient: [
        0.0158086243925, -0.401312339888, -0.000335350130466, -0.231475216501, -0.0612296656009, -0.999999997939,
      ]),
  ]

  @Test(arguments: cases, TestDevices.all) func valuesAndGradients(_ item: Case, _ device: Device) throws {
    let dtype: DType = device == TestDevices.reference ? .float64 : .float32
    let prediction = Tensor(item.prediction, shape: [2, 3], dtype: dtype, on: device)
    let target =
      item.target.count == 2
      ? Tensor(item.target, dtype: .int32, on: device)
      : Tensor(item.target, shape: [2, 3], dtype: dtype, on: device)
    try expectClose(item.loss.values(prediction, target), item.values, relative: 2e-5)
    let (_, gradient) = valueAndGradient(at: prediction) { item.loss.values($0, target).sum() }
    try expectClose(gradient, item.gradient, relative: 3e-5)
  }

  /// PyTorch's `gaussian_nll_loss`; the outputs of a model with two targets are two means and two logarithms.
  @Test(arguments: TestDevices.all) func gaussianNegativeLogLikelihood(_ device: Device) throws {
    let p = Tensor([0.2, -1.5, 3, -2, 0.7, 0.1, -1, 0.5], shape: [2, 4], on: device)
    let t = Tensor([0.5, 1, 1, -0.4], shape: [2, 2], on: device), loss = Loss.gaussianNegativeLogLikelihood
    try expectClose(loss.values(p, t), [11.796520363617, -0.025930492628])
    try expectClose(
      valueAndGradient(at: p) { loss.values($0, t).sum() }.gradient,
      [
        -0.007468060255, -9.236320123663, 0.248879790962, -11.295400154579, -0.407742274269, 0.151632664928,
        0.18883865886, 0.212091833768,
      ])
    let model = Sequential(inputShape: [2]) { Dense(4) }
    model.compile(optimizer: .sgd(), loss: loss, device: device)
    let history = try model.fit(TensorDataset(.ones([6, 2]), .ones([6, 2])), epochs: 3, verbosity: .silent)
    #expect(history["loss"].count == 3 && history["loss"][2] < history["loss"][0])
  }

  /// From probabilities, with a weight of yes.
  @Test(arguments: TestDevices.all) func positiveWeightOfProbabilities(_ device: Device) throws {
    let p = Tensor([0.25, 0.25], on: device), t = Tensor([1, 0], on: device)
    try expectClose(Loss.binaryCrossEntropy(positiveWeight: 3).values(p, t), [4.1588830834, 0.2876820724])
  }

  /// Nothing to find and nothing found; half of two pixels found; all of them.
  @Test(arguments: TestDevices.all) func areasMayBeEmpty(_ device: Device) throws {
    let t = Tensor([0, 0, 1, 1, 1, 1], shape: [3, 2, 1], on: device)
    let p = Tensor([0, 0, 1, 0, 1, 1], shape: [3, 2, 1], on: device)
    try expectClose(Loss.dice().values(p, t), [0, 1.0 / 3, 0])
    let (_, gradient) = valueAndGradient(at: p) { Loss.dice().values($0, t).sum() }
    #expect(try gradient.scalars().allSatisfy(\.isFinite))
    let logits = Tensor([-1e4, -1e4, 1e4, -1e4, 1e4, 1e4], shape: [3, 2, 1], on: device)
    try expectClose(Loss.dice(fromLogits: true).values(logits, t), [0, 1.0 / 3, 0])
    try expectClose(Loss.tversky(alpha: 0, beta: 1).values(p, t), [0, 0.5, 0])
  }

  /// A vector of 0 has no direction, and huge and tiny vectors have the same as others.
  @Test(arguments: TestDevices.all) func anglesOfUnusualVectors(_ device: Device) throws {
    let p = Tensor([0, 0, 3e30, 4e30, 3e-30, 4e-30], shape: [3, 2], on: device)
    let t = Tensor([4, 3, 4e-30, 3e-30, 4e30, 3e30], shape: [3, 2], on: device)
    try expectClose(Loss.cosineSimilarity.values(p, t), [0, -0.96, -0.96])
    let (_, gradient) = valueAndGradient(at: p) { Loss.cosineSimilarity.values($0, t).sum() }
    #expect(try gradient.scalars().allSatisfy(\.isFinite))
  }

  // MARK: Embeddings

  private static let anchors = [0.2, 1, -1, 2, 0.5, 0.1, 0.3, 0.3, 0.3]
  private static let others = [-1, 0.5, 0.2, 1.5, 0.7, 0.2, 0.3, 0.3, 0.3]

  private func rows(_ numbers: [Double], _ device: Device) -> Tensor {
    Tensor(numbers, shape: [3, 3], dtype: device == TestDevices.reference ? .float64 : .float32, on: device)
  }

  /// PyTorch's `triplet_margin_loss`: value, and gradient with respect to the positive examples. In the last row, all
  /// three are equal.
  @Test(arguments: TestDevices.all) func tripletMargin(_ device: Device) throws {
    let anchor = rows(Self.anchors, device), negative = rows(Self.others, device)
    let positive = rows([0.1, 0.7, -1.2, 1, 0, 0, 0.3, 0.3, 0.3], device)
    let expected: [(p: Double, value: Double, gradient: [Double])] = [
      (
        2, 0.72492523959,
        [
          0, 0, 0, -0.296956855327, -0.148478576142, -0.0296959527936, -0.19245008973, -0.19245008973, -0.19245008973,
        ]
      ),
      (1, 0.800001333333, [0, 0, 0] + [Double](repeating: -1.0 / 3, count: 6)),
      (
        3, 0.709542462176,
        [
          0, 0, 0, -0.30797801457, -0.0769946576313, -0.00307983558193, -0.160249952256, -0.160249952256,
          -0.160249952256,
        ]
      ),
    ]
    for (p, value, gradient) in expected {
      let found = valueAndGradient(at: positive) {
        Loss.tripletMargin(anchor: anchor, positive: $0, negative: negative, margin: 0.8, p: p)
      }
      try expectClose(found.value, [value])
      try expectClose(found.gradient, gradient, relative: 1e-4)
    }
  }

  /// PyTorch's `cosine_embedding_loss`.
  @Test(arguments: TestDevices.all) func cosineEmbedding(_ device: Device) throws {
    let y = rows(Self.others, device), labels = Tensor([1, -1, -1], on: device)
    let found = valueAndGradient(at: rows(Self.anchors, device)) {
      Loss.cosineEmbedding($0, y, labels: labels, margin: 0.3)
    }
    try expectClose(found.value, [0.772542225892])
    try expectClose(
      found.gradient,
      [
        0.207494151171, -0.0926672908141, -0.0511684605799, -0.00795811101115, 0.0294904856615, 0.0117097919165, 0, 0,
        0,
      ])
  }

  /// Settings and shapes that do not fit end the program with a line that names them.
  @Test func mistakesAreNamed() async {
    let settings = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.tversky(alpha: -1)
    }
    #expect(text(settings).contains("tversky: alpha is -1.0, expected a number of at least 0"), "\(text(settings))")
    let weight = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.binaryCrossEntropy(positiveWeight: .nan)
    }
    #expect(text(weight).contains("positiveWeight is nan, expected a number above 0"), "\(text(weight))")
    let balance = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.binaryFocalCrossEntropy(alpha: 2)
    }
    #expect(text(balance).contains("alpha is 2.0, expected a number from 0 to 1"), "\(text(balance))")
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.tripletMargin(anchor: .zeros([2, 3]), positive: .zeros([2, 3]), negative: .zeros([3]))
    }
    #expect(text(shapes).contains("tripletMargin: negative has shape [3], expected [2, 3]"), "\(text(shapes))")
    let margin = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.tripletMargin(anchor: .zeros([2, 3]), positive: .zeros([2, 3]), negative: .zeros([2, 3]), margin: 0)
    }
    #expect(text(margin).contains("margin is 0.0, expected a finite number above 0"), "\(text(margin))")
    let pairs = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.cosineEmbedding(.zeros([2, 3]), .zeros([2, 3]), labels: .zeros([2, 1]))
    }
    #expect(text(pairs).contains("cosineEmbedding: labels has shape [2, 1], expected [2]"), "\(text(pairs))")
  }

  private func text(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }
}
