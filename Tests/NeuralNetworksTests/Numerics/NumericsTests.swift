import NeuralNetworks
import Testing

/// Results at numerical limits: extreme logits, infinities, empty sums, constant data. The figures are PyTorch's
/// (`Benchmarks/peers/numerics.py` prints them); tests state deliberate differences.
@Suite struct NumericsTests {
  private static let infinity = Double.infinity
  private static let nan = Double.nan

  /// Expects these numbers; NaN equals NaN, and infinity equals infinity.
  private func expect(
    _ tensor: Tensor, _ expected: [Double], _ name: String = "", relative: Double = 2e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try tensor.scalars(as: Double.self)
    let isSame =
      found.count == expected.count
      && zip(found, expected).allSatisfy { found, expected in
        found == expected || (found.isNaN && expected.isNaN)
          || (found - expected).magnitude <= relative * max(1, expected.magnitude)
      }
    #expect(isSame, "\(name) found \(found), expected \(expected)", sourceLocation: sourceLocation)
  }

  /// Expects the mean of a loss, and its gradient.
  private func expect(
    _ loss: Loss, _ prediction: Tensor, _ target: Tensor, _ expected: Double, gradient: [Double],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (value, found) = valueAndGradient(at: prediction) { loss($0, target) }
    try expect(value, [expected], loss.name, sourceLocation: sourceLocation)
    try expect(found, gradient, "\(loss.name), gradient", sourceLocation: sourceLocation)
  }

  private func row(_ numbers: [Double], _ device: Device) -> Tensor {
    Tensor(numbers.map { Float($0) }, shape: [1, numbers.count], on: device)
  }

  @Test(arguments: TestDevices.all) func softmax(_ device: Device) throws {
    let (infinity, nan) = (Self.infinity, Self.nan)
    let half = -0.6931471824645996
    let cases: [(row: [Double], softmax: [Double], logarithm: [Double])] = [
      ([1e4, 0, -1e4], [1, 0, 0], [0, -1e4, -2e4]),
      ([infinity, 0, 1], [nan, nan, nan], [nan, nan, nan]),
      ([-infinity, -infinity, -infinity], [nan, nan, nan], [nan, nan, nan]),
      (
        [-infinity, 0, 1], [0, 0.2689414322376251, 0.7310585975646973],
        [-infinity, -1.31326162815094, -0.31326165795326233]
      ),
      ([3e38, 3e38, -3e38], [0.5, 0.5, 0], [half, half, -infinity]),
    ]
    for item in cases {
      try expect(row(item.row, device).softmax(), item.softmax, "softmax of \(item.row)")
      try expect(row(item.row, device).logSoftmax(), item.logarithm, "log-softmax of \(item.row)")
    }
    try expect(row([1e4, 0, -1e4], device).logSumExp(), [1e4])
    try expect(row([-infinity, -infinity], device).logSumExp(), [-infinity])
  }

  @Test(arguments: TestDevices.all) func crossEntropy(_ device: Device) throws {
    let logits = row([1000, -1000, 0], device)
    func label(_ number: Int) -> Tensor { Tensor(integers: [number], on: device) }
    let loss = Loss.crossEntropy()
    try expect(loss, logits, label(0), 0, gradient: [0, 0, 0])
    try expect(loss, logits, label(1), 2000, gradient: [1, -1, 0])
    try expect(loss, logits, label(2), 1000, gradient: [1, 0, -1])
    try expect(loss, row([0, -Self.infinity], device), label(1), Self.infinity, gradient: [1, -1])
    try expect(loss, row([0, -Self.infinity], device), label(0), 0, gradient: [0, 0])
    let smoothed = Loss.crossEntropy(labelSmoothing: 0.1)
    try expect(smoothed, row([100, -100], device), label(0), 10, gradient: [0.05, -0.05])
  }

  @Test(arguments: TestDevices.all) func oneClassIsCertain(_ device: Device) throws {
    let logits = Tensor([5, -7] as [Float], shape: [2, 1], on: device)
    try expect(.crossEntropy(), logits, Tensor(integers: [0, 0], on: device), 0, gradient: [0, 0])
  }

  /// PyTorch's mean over no labels is NaN, which would reach every parameter; here, the mean is 0 and nothing changes.
  @Test(arguments: TestDevices.all) func nothingIsLearntFromIgnoredLabels(_ device: Device) throws {
    let loss = Loss.crossEntropy(ignoring: 0)
    try expect(loss, row([1, 2], device), Tensor(integers: [0], on: device), 0, gradient: [0, 0])
  }

  @Test(arguments: TestDevices.all) func binaryCrossEntropy(_ device: Device) throws {
    func one(_ number: Double) -> Tensor { Tensor([Float(number)], on: device) }
    for (logit, target, value, gradient) in [
      (1000.0, 0.0, 1000.0, 1.0), (1000, 1, 0, 0), (-1000, 0, 0, 0), (-1000, 1, 1000, -1),
    ] {
      try expect(.binaryCrossEntropy(fromLogits: true), one(logit), one(target), value, gradient: [gradient])
    }
    let loss = Loss.binaryCrossEntropy()
    for (probability, target, value) in [(0.0, 0.0, 0.0), (0, 1, 100), (1, 0, 100), (1, 1, 0)] {
      try expect(loss(one(probability), one(target)), [value])
      // PyTorch's is 1e12 where the loss is 100; this test only requires a finite number.
      let gradient = valueAndGradient(at: one(probability)) { loss($0, one(target)) }.gradient
      #expect(try gradient.scalars(as: Double.self)[0].isFinite)
    }
  }

  @Test(arguments: TestDevices.all) func regressionLosses(_ device: Device) throws {
    func pair(_ numbers: Double...) -> Tensor { row(numbers, device) }
    try expect(Loss.meanSquaredError(pair(1e30), pair(-1e30)), [Self.infinity])
    try expect(.meanAbsoluteError, pair(2, 3), pair(2, 2), 0.5, gradient: [0, 0.5])
    try expect(Loss.huber()(pair(1e30, 0), pair(0, 0)), [5e29])
    try expect(valueAndGradient(at: pair(1e30, 0)) { Loss.huber()($0, pair(0, 0)) }.gradient, [0.5, 0])
  }

  @Test(arguments: TestDevices.all) func nothingToReduce(_ device: Device) throws {
    let empty = Tensor.zeros([0, 3], on: device)
    try expect(empty.sum(), [0])
    try expect(empty.mean(), [Self.nan])
    try expect(empty.product(), [1])
    try expect((empty .!= 0).any(), [0])
    try expect((empty .!= 0).all(), [1])
    try expect(empty.logSumExp(), [-Self.infinity])
    try expect(empty.variance(), [Self.nan])
    try expect(empty.sum(axis: 0), [0, 0, 0])
    try expect(empty.mean(axis: 0), [Self.nan, Self.nan, Self.nan])
  }

  @Test(arguments: TestDevices.all) func nothingThatVaries(_ device: Device) throws {
    try expect(row([3], device).variance(correction: 1), [Self.nan])
    try expect(row([3], device).variance(), [0])
    try expect(row([2, 2, 2], device).standardDeviation(), [0])
    try expect(row([4, 4, 4], device).layerNormalized(), [0, 0, 0])
    let x = Tensor.full([4, 2, 2], 7, on: device)
    for layer in [LayerNorm(), GroupNorm(2), BatchNorm()] as [any Layer] {
      let model = Sequential { layer }
      try model.build(inputShape: [2, 2], on: device, seed: 1)
      try expect(model(x, .training(RandomStream(seed: 1))), [Double](repeating: 0, count: 16), "\(type(of: layer))")
    }
  }

  /// PyTorch rejects a batch of one example in training. Here, its deviation from itself is 0, and the running
  /// variance, about which such a batch gives no information, does not change.
  @Test(arguments: TestDevices.all) func batchNormOfOneExample(_ device: Device) throws {
    let layer = BatchNorm()
    let model = Sequential { layer }
    try model.build(inputShape: [2], on: device, seed: 1)
    try expect(model(row([1, 5], device), .training(RandomStream(seed: 1))), [0, 0])
    try expect(layer.runningMean.value, [0.1, 0.5])
    try expect(layer.runningVariance.value, [1, 1])
  }

  @Test(arguments: TestDevices.all) func functionsAtTheEnds(_ device: Device) throws {
    let (infinity, nan) = (Self.infinity, Self.nan)
    let x = row([-infinity, -1000, -0.0, 1000, infinity, nan], device)
    try expect(x.sigmoid(), [0, 0, 0.5, 1, 1, nan], "sigmoid")
    try expect(x.tanh(), [-1, -1, 0, 1, 1, nan], "tanh")
    try expect(x.relu(), [0, 0, 0, 1000, infinity, nan], "relu")
    try expect(x.softplus(), [0, 0, 0.6931471824645996, 1000, infinity, nan], "softplus")
    try expect(x.elu(), [-1, -1, 0, 1000, infinity, nan], "elu")
    try expect(x.exp(), [0, 0, 1, infinity, infinity, nan], "exp")
    try expect(x.log(), [nan, nan, -infinity, 6.907755374908447, infinity, nan], "log")
    try expect(x.squareRoot(), [nan, nan, 0, 31.62277603149414, infinity, nan], "square root")
    // x·Φ(x) and x·σ(x) at −∞ are ∞·0: PyTorch gives NaN, and 0 is equally valid.
    let inner = row([-1000, -0.0, 1000], device)
    try expect(inner.gelu(), [0, 0, 1000], "gelu")
    try expect(inner.silu(), [0, 0, 1000], "silu")
    try expect(row([1, -1, 0], device) / row([0, 0, 0], device), [infinity, -infinity, nan], "quotients")
    let powers = row([0, -8, 0, 2], device).power(row([0, 1.0 / 3, -1, infinity], device))
    try expect(powers, [1, nan, infinity, infinity], "powers")
  }

  @Test(arguments: TestDevices.all) func maximaAndMinimaAmongNaN(_ device: Device) throws {
    let x = row([1, Self.nan, 2], device)
    try expect(x.max(), [Self.nan])
    try expect(x.min(), [Self.nan])
    try expect(x.argmax(), [1])
  }

  @Test(arguments: TestDevices.all) func derivativesAtZero(_ device: Device) throws {
    func derivative(_ function: (Tensor) -> Tensor) -> Tensor {
      valueAndGradient(at: row([0], device)) { function($0).sum() }.gradient
    }
    try expect(derivative { $0.squareRoot() }, [Self.infinity], "square root")
    try expect(derivative { $0.magnitude() }, [0], "magnitude")
    try expect(derivative { $0.relu() }, [0], "relu")
    try expect(derivative { $0.log() }, [Self.infinity], "log")
  }

  /// A step with gradients of 0 changes nothing, even if the second moments are still 0.
  @Test(arguments: TestDevices.all) func noGradientNoStep(_ device: Device) throws {
    for optimizer in [
      Optimizer.adam(), .rmsProp(learningRate: 0.1), .adagrad(learningRate: 0.1), .sgd(learningRate: 1),
    ] {
      let model = Sequential { Dense(2) }
      try model.build(inputShape: [3], on: device, seed: 1)
      let before = try model.parameters.map { try $0.parameter.value.scalars(as: Float.self) }
      let step = valueAndGradient(at: model) { model in model(.zeros([1, 3], on: device), .inference).sum() * 0 }
      try optimizer.update(model, with: step.gradient)
      #expect(try model.parameters.map { try $0.parameter.value.scalars(as: Float.self) } == before)
    }
  }
}
