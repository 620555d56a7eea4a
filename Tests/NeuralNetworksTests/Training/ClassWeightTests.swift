import HostSystem
import NeuralNetworks
import Testing

/// Class weights give what the same weights given for each example give, whatever the loss and the element type of the targets.
@Suite struct ClassWeightTests {
  /// Knuth's numbers as points of four numbers.
  private static func points(_ shape: [Int]) -> Tensor {
    var random = Knuth(5)
    return Tensor(random.numbers(shape.reduce(1, *)).map { Float($0) }, shape: shape)
  }

  private func trained(
    _ units: Int, _ loss: Loss, _ data: TensorDataset, _ weights: [Int: Double] = [:], on device: Device
  ) throws -> (numbers: [Float], loss: Double) {
    let model = Sequential { Dense(units) }
    model.compile(optimizer: .sgd(learningRate: 0.5), loss: loss, device: device)
    let history = try model.fit(
      data, epochs: 4, batchSize: 100, shuffle: false, seed: 4, classWeights: weights, verbosity: .silent)
    return (try model.numbers(), history["loss"].last ?? .nan)
  }

  private func expectEqual(
    _ a: (numbers: [Float], loss: Double), _ b: (numbers: [Float], loss: Double),
    _ location: SourceLocation = #_sourceLocation
  ) {
    let isFinite = a.numbers.allSatisfy(\.isFinite)
    #expect(isFinite, sourceLocation: location)
    for (x, y) in zip(a.numbers, b.numbers) {
      expectClose(Double(x), Double(y), relative: 1e-4, absolute: 1e-5, sourceLocation: location)
    }
    expectClose(a.loss, b.loss, relative: 1e-4, sourceLocation: location)
  }

  /// Ignored labels that are no class, and one that is.
  @Test(arguments: TestDevices.all, [-1, 7, 2]) func ignoredLabelsWeighNothing(_ device: Device, ignored: Int) throws {
    let labels = (0..<12).map { $0 % 4 == 3 ? ignored : $0 % 4 }
    let (x, y) = (Self.points([12, 4]), Tensor(integers: labels))
    let given: [Float] = labels.map { $0 == ignored ? 0 : $0 == 0 ? 2 : 1 }
    let loss = Loss.crossEntropy(ignoring: ignored)
    let byClass = try trained(3, loss, TensorDataset(x, y), [0: 2], on: device)
    expectEqual(byClass, try trained(3, loss, TensorDataset(x, y, weights: Tensor(given)), on: device))
  }

  /// Σ w·l / Σ w over the labels that are not ignored, in Double: PyTorch's `CrossEntropyLoss(weight:, ignore_index:)`.
  @Test(arguments: TestDevices.all) func theLossIsTheWeightedMeanOfWhatIsNotIgnored(_ device: Device) throws {
    let labels = [0, 1, -1, 2, 0, -1]
    let scores: [Float] = [1, 2, 0, -1, 0.5, 2, 3, 0, 1, 0, 0, 1, 2, -2, 1, 1, 1, 1]
    let weights = [2.0, 0.5, 3]
    var (sum, total) = (0.0, 0.0)
    for (row, label) in labels.enumerated() where label >= 0 {
      let z = scores[(3 * row)..<(3 * row + 3)].map(Double.init)
      sum += weights[label] * (logOfSum(z) - z[label])
      total += weights[label]
    }
    let model = Sequential { Dense(3) }
    model.compile(optimizer: .sgd(learningRate: 0), loss: .crossEntropy(ignoring: -1), device: device)
    try model.build(inputShape: [3], on: device)
    // The identity: outputs are the scores.
    model.parameters["0.weight"]?.value = Tensor([1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3], on: device)
    model.parameters["0.bias"]?.value = .zeros([3], on: device)
    let data = TensorDataset(Tensor(scores, shape: [6, 3]), Tensor(integers: labels))
    let history = try model.fit(data, batchSize: 6, classWeights: [0: 2, 1: 0.5, 2: 3], verbosity: .silent)
    expectClose(history["loss"][0], sum / total, relative: 1e-5)
  }

  private func logOfSum(_ z: [Double]) -> Double {
    let highest = z.max() ?? 0
    return highest + log(z.reduce(0) { $0 + exp($1 - highest) })
  }

  @Test(arguments: TestDevices.all, [DType.int32, .bool]) func binaryLabelsOfAnyElementType(
    _ device: Device, _ dtype: DType
  ) throws {
    let (x, y) = (Self.points([12, 4]), Tensor((0..<12).map { Float($0 % 2) }))
    let loss = Loss.binaryCrossEntropy(fromLogits: true)
    let floats = try trained(1, loss, TensorDataset(x, y), [0: 2], on: device)
    expectEqual(try trained(1, loss, TensorDataset(x, y.cast(to: dtype)), [0: 2], on: device), floats)
    let given = Tensor((0..<12).map { Float(2 - $0 % 2) })
    expectEqual(floats, try trained(1, loss, TensorDataset(x, y, weights: given), on: device))
  }

  @Test(arguments: TestDevices.all) func distributionsOfIntegers(_ device: Device) throws {
    let (x, y) = (Self.points([12, 4]), Tensor(integers: (0..<12).map { $0 % 3 }).oneHot(classes: 3))
    let floats = try trained(3, .crossEntropy(), TensorDataset(x, y.cast(to: .float32)), [1: 3], on: device)
    let integers = TensorDataset(x, y.cast(to: .int32))
    expectEqual(try trained(3, .crossEntropy(), integers, [1: 3], on: device), floats)
  }

  /// Labels for each step, and a weight for each example: the product counts.
  @Test(arguments: TestDevices.all, [false, true]) func labelsForEachStep(_ device: Device, hasLastAxis: Bool) throws {
    let labels = (0..<60).map { $0 % 3 }
    let x = Self.points([12, 5, 4])
    let y = Tensor(integers: labels, shape: hasLastAxis ? [12, 5, 1] : [12, 5])
    let examples = (0..<12).map { Float($0 % 4) }
    let sequences = TensorDataset(x, y, weights: Tensor(examples))
    let byClass = try trained(3, .crossEntropy(), sequences, [0: 2], on: device)
    // The same steps as examples of their own.
    let each = labels.enumerated().map { (index, label) in examples[index / 5] * (label == 0 ? 2 : 1) }
    let steps = TensorDataset(x.reshaped([60, 4]), Tensor(integers: labels), weights: Tensor(each))
    expectEqual(byClass, try trained(3, .crossEntropy(), steps, on: device))
  }
}
