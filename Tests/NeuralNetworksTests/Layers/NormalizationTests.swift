import Testing

@testable import NeuralNetworks

/// Compares `Normalization` with stored statistics with NumPy 2 in float64 (`x.mean(axes)`, `x.std(axes)`).
@Suite struct NormalizationTests {
  /// Columns of ordinary and of large numbers, and a constant one.
  private static let table: [Float] = [1, 1e6, 7, 2, 1_000_003, 7, 4, 999_999, 7, -3, 1_000_010, 7]
  private static let scaled: [Double] = [
    0, -0.69748583, 0, 0.39223227, 0, 0, 1.17669681, -0.92998111, 0, -1.56892908, 1.62746694, 0,
  ]

  @Test(arguments: TestDevices.all) func columnsGetMeanZeroAndDeviationOne(_ device: Device) throws {
    let x = Tensor(Self.table, shape: [4, 3], on: device)
    let layer = Normalization()
    try layer.adapt(to: x)
    try expectClose(layer.mean.value, [1, 1_000_003, 7])
    try expectClose(layer.standardDeviation.value, [2.54950976, 4.30116263, 1])
    try layer.build(inputShape: [3], on: device)
    let y = layer(x, .inference)
    try expectClose(y, Self.scaled)
    #expect(try layer(x, .training(RandomStream(seed: 1))).scalars() == y.scalars(), "training changes nothing")
    let inverse = Normalization(isInverted: true)
    try inverse.adapt(to: x)
    try inverse.build(inputShape: [3], on: device)
    try expectClose(inverse(y, .inference), Self.table.map(Double.init), relative: 1e-6)
  }

  /// More numbers than are looked at together, with an axis in the middle that no part ends with; against sums of integers.
  @Test func manyNumbersAreTakenInParts() throws {
    let (rows, features, inner) = (30_001, 3, 7)
    let x = Tensor.range(0..<rows * features * inner).reshaped([rows, features, inner])
    let layer = Normalization(axis: 1)
    try layer.adapt(to: x)
    // The numbers of a feature are 21·row + 7·feature + place.
    let (last, n) = (Double(rows - 1), Double(rows))
    let variance = 441 * (n * n - 1) / 12 + (49 - 1) / 12
    let means = (0..<3).map { 21 * last / 2 + 7 * Double($0) + 3 }
    try expectClose(layer.mean.value, means, relative: 1e-7)
    try expectClose(layer.standardDeviation.value, [Double](repeating: variance.squareRoot(), count: 3), relative: 1e-7)
  }

  @Test(arguments: TestDevices.all) func channelsOfImagesAndAllElements(_ device: Device) throws {
    let values = (0..<24).map { Float(Double($0) * Double($0).squareRoot()) }
    let images = Tensor(values, shape: [2, 3, 2, 2], on: device)
    let channels = Normalization(axis: 1)
    try channels.adapt(to: images)
    try channels.build(inputShape: [3, 2, 2], on: device)
    try expectClose(channels.standardDeviation.value, [24.17363185, 30.64194668, 35.79349122])
    let y = try channels(images, .inference).scalars(as: Double.self)
    for (index, expected) in zip(
      [0, 5, 11, 12, 23], [-1.07526209, -1.04527557, -0.78589765, 0.64434792, 1.27652347])
    { expectClose(y[index], expected) }
    let all = Normalization(axis: nil)
    try all.adapt(to: images)
    try all.build(inputShape: [3, 2, 2], on: device)
    try expectClose(all.mean.value, [44.60516713794123])
    try expectClose(all.standardDeviation.value, [34.41480879790455])
    expectClose(try all(images, .inference).mean().item(), 0)
  }

  /// The gradient of (x − μ)/σ is 1/σ, and that of x·σ + μ is σ.
  @Test(arguments: TestDevices.all) func gradients(_ device: Device) throws {
    let x = Tensor(Self.table, shape: [4, 3], on: device)
    let cases: [(Bool, [Double])] = [
      (false, [1 / 2.54950976, 1 / 4.30116263, 1]), (true, [2.54950976, 4.30116263, 1]),
    ]
    for (isInverted, expected) in cases {
      let layer = Normalization(isInverted: isInverted)
      try layer.adapt(to: x)
      try layer.build(inputShape: [3], on: device)
      let (_, gradient) = valueAndGradient(at: x) { layer($0, .inference).sum() }
      try expectClose(gradient, Array(repeatElement(expected, count: 4).joined()))
    }
  }

  /// The statistics are state: training does not change them, including on recorded steps.
  @Test(arguments: TestDevices.real) func trainingLeavesTheStatistics(_ device: Device) throws {
    let raw = Tensor.normal([64, 3], mean: 500, deviation: 40, using: RandomStream(seed: 2))
    let targets = (raw.sum(axis: 1, keepingRank: true) * 10 + 3).detached()
    let (input, output) = (Normalization(), Normalization(isInverted: true))
    try input.adapt(to: raw)
    try output.adapt(to: targets)
    let model = Sequential(inputShape: [3]) {
      input
      Dense(8, activation: .tanh)
      Dense(1)
      output
    }
    let statistics = try [input, output].flatMap { try $0.mean.value.scalars() + $0.standardDeviation.value.scalars() }
    model.compile(
      optimizer: .adam(learningRate: 0.05), loss: .meanSquaredError.scaled(by: 1e-6), metrics: [.r2Score],
      device: device)
    try model.fit(TensorDataset(raw, targets), epochs: 60, batchSize: 16, seed: 1, verbosity: .silent)
    #expect(try model.evaluate(TensorDataset(raw, targets))["r2_score"] ?? 0 > 0.9)
    let after = try [input, output].flatMap { try $0.mean.value.scalars() + $0.standardDeviation.value.scalars() }
    #expect(after == statistics)
    #expect(try model.summary().frozenCount == 8)
    let architecture = try Architecture(of: model)
    let copy = Sequential(architecture: architecture)
    try copy.restore(model.snapshot())
    try expectClose(copy.predict(raw), model.predict(raw).scalars(as: Double.self), relative: 1e-4, absolute: 1e-1)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let layer = Normalization()
    #expect(throws: ModelError.self) { try layer.adapt(to: .zeros([0, 3])) }
    #expect(throws: ModelError.self) { try layer.adapt(to: Tensor([1, .nan, 3], shape: [3, 1])) }
    #expect(throws: ModelError.self) { try layer.adapt(to: Tensor([1, 2, 3])) }
    try layer.adapt(to: Tensor(Self.table, shape: [4, 3]))
    #expect(throws: ModelError.self) { try layer.build(inputShape: [2]) }
    #expect(throws: ModelError.self) { try layer.adapt(to: .zeros([4, 2])) }
    #expect(throws: ModelError.self) { try Normalization(axis: 0).build(inputShape: [3]) }
    #expect(throws: ModelError.self) { try Normalization(axis: 3).build(inputShape: [3]) }
    let model = Sequential { Normalization() }
    #expect(throws: ModelError.self) { try model.predict(Tensor([1, 2], shape: [1, 2]).cast(to: .int32)) }
  }

  /// Columns with values near the float32 limit have a standard deviation, although their variance overflows.
  @Test func hugeAndTinyColumns() throws {
    let layer = Normalization()
    let x = Tensor([-1e30, 1e-30, 1e30, 3e-30], shape: [2, 2])
    try layer.adapt(to: x)
    try layer.build(inputShape: [2])
    try expectClose(layer(x, .inference), [-1, -1, 1, 1])
  }
}
