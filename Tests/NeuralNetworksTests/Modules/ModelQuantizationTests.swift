import BackendCPU
import HostSystem
import Synchronization
import TestSupport
import Testing

@testable import NeuralNetworks

/// A dense layer that computes in float32.
private final class FullPrecisionDense: FullPrecisionLayer, ConfigurableLayer {
  let configuration: Int
  let dense: Dense

  init(configuration: Int) {
    self.configuration = configuration
    dense = Dense(configuration)
  }

  func forward(_ input: Tensor, _ context: Context) -> Tensor { dense(input, context) }
}

/// Quantized models, compared with integers in Swift, with models of rounded weights, and with the original.
@Suite struct ModelQuantizationTests {
  private static func random(_ shape: [Int], seed: UInt64, on device: Device = .cpu) -> Tensor {
    Tensor.normal(shape, using: RandomStream(seed: seed), on: device)
  }

  /// One dense layer of 40 inputs and 20 units, which do not fill blocks of 32, and 16 rows.
  static func dense(on device: Device) throws -> Sequential {
    let model = Sequential(inputShape: [40]) { Dense(20, activation: .relu) }
    try model.build(on: device, seed: 3)
    model.parameters["0.bias"]?.value = random([20], seed: 4, on: device)
    return model
  }

  /// Returns max(0, Σ x·w + b) of each row, in Double.
  private static func outputs(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> [Double] {
    (0..<x.count / 40).flatMap { row in
      (0..<20).map { unit -> Double in
        var sum = bias[unit]
        for input in 0..<40 { sum += x[row * 40 + input] * weight[input * 20 + unit] }
        return max(0, sum)
      }
    }
  }

  /// Returns the integers of `[40, 20]` weights, symmetric in ±127, and the scale of each unit.
  private static func integers(_ weight: [Float]) -> (values: [Double], scales: [Double]) {
    let scales = (0..<20).map { unit in (0..<40).map { abs(weight[$0 * 20 + unit]) }.max()! / 127 }
    let values = weight.indices.map { Double((weight[$0] / scales[$0 % 20]).rounded(.toNearestOrEven)) }
    return (values, scales.map(Double.init))
  }

  // MARK: Dense layers

  /// Blocks are those of `QuantizedMatrix`, whose decoder is compared with Python elsewhere.
  @Test(arguments: TestDevices.all, [WeightFormat.q80, .q40, .q41])
  func blocksAreMultiplied(_ device: Device, _ format: WeightFormat) throws {
    let model = try Self.dense(on: device)
    let x = Self.random([3, 40], seed: 1, on: device)
    let (weight, bias) = (
      model.parameters["0.weight"]!.value, try model.parameters["0.bias"]!.value.scalars(as: Double.self)
    )
    let rows = weight.moved(to: .cpu).transposed().padded([(0, 0), (0, 24)])
    let block: BlockFormat = format == .q80 ? .q80 : format == .q40 ? .q40 : .q41
    let decoded = try QuantizedMatrix(quantizing: rows, as: block).dequantized()[.all, 0..<40].transposed()
    let expected = Self.outputs(try x.scalars(), try decoded.scalars(), bias)

    let (quantized, report) = try model.quantized(.weightOnly(format))
    try expectClose(quantized.predict(x), expected)
    #expect(report.layers.map(\.name) == ["0 (Dense)"] && report.layers[0].format == block.rawValue)
    // Two blocks a row, and 32 rows, of which 12 are padding.
    #expect(report.layers[0].byteCountAfter == 32 * 2 * block.size && report.layers[0].deviation == nil)
    #expect(report.byteCountBefore == 3280 && report.byteCountAfter == 80 + 64 * block.size)
    let predictor = Predictor(quantized)
    for _ in 0..<2 { try expectClose(predictor.predict(x), expected) }
  }

  /// The integers of a row with the scale max |x|/127, and those of the weights, in exact arithmetic.
  @Test(arguments: TestDevices.all) func dynamicInputsAreIntegers(_ device: Device) throws {
    let model = try Self.dense(on: device)
    let x = try Self.random([3, 40], seed: 1).scalars()
    let (values, scales) = Self.integers(try model.parameters["0.weight"]!.value.scalars())
    let rounded = (0..<120).map { index in
      let scale = x[index / 40 * 40..<index / 40 * 40 + 40].map(abs).max()! / 127
      return Double((x[index] / scale).rounded(.toNearestOrEven)) * Double(scale)
    }
    let expected = Self.outputs(
      rounded, values.indices.map { values[$0] * scales[$0 % 20] },
      try model.parameters["0.bias"]!.value.scalars(as: Double.self))
    let (quantized, report) = try model.quantized(.dynamic)
    // Panels of 64 units, their sums, and 20 scales.
    #expect(report.layers[0].format == "int8, inputs int8 by row")
    #expect(report.layers[0].byteCountAfter == 64 * 40 + 64 * 4 + 80)
    let predictor = Predictor(quantized)
    let input = Tensor(x, shape: [3, 40], on: device)
    for _ in 0..<2 { try expectClose(predictor.predict(input), expected) }
  }

  /// With calibrated inputs from −1 to 3, the scale is 4/254, and the middle 1 is rounded to 64 steps. Numbers outside become
  /// the ends of the range.
  @Test(arguments: TestDevices.all) func calibratedInputsHaveAZeroPoint(_ device: Device) throws {
    let model = try Self.dense(on: device)
    let calibration = Tensor([Float](repeating: -1, count: 40) + [Float](repeating: 3, count: 40), shape: [2, 40])
    let x = try (2 * Self.random([4, 40], seed: 1)).scalars()
    #expect(x.contains { $0 < -1.1 } && x.contains { $0 > 3.1 })
    let (values, scales) = Self.integers(try model.parameters["0.weight"]!.value.scalars())
    let scale = Float(4.0 / 254)
    let rounded = x.map { x in
      let steps = ((x - 64 * scale) / scale).rounded(.toNearestOrEven)
      return Double(min(max(steps, -127), 127) + 64) * Double(scale)
    }
    let expected = Self.outputs(
      rounded, values.indices.map { values[$0] * scales[$0 % 20] },
      try model.parameters["0.bias"]!.value.scalars(as: Double.self))
    let batches = [calibration[0..<1], calibration[1..<2]].map { $0.moved(to: device) }
    let (quantized, report) = try model.quantized(.static(calibratedWith: batches))
    #expect(report.layers[0].format == "int8, inputs int8")
    #expect(report.layers[0].byteCountAfter == 64 * 40 + 64 * 4 + 80 + 80)
    let predictor = Predictor(quantized)
    let input = Tensor(x, shape: [4, 40], on: device)
    for _ in 0..<2 { try expectClose(predictor.predict(input), expected, absolute: 1e-5) }
  }

  // MARK: Other layers

  /// An embedding, attention, and a convolution compute with rounded weights: like the original with weights from
  /// `fakeQuantized`, which is compared with PyTorch elsewhere.
  @Test(arguments: TestDevices.all, [WeightFormat.int8, .int4(groupSize: 16)])
  func otherLayersDecodeTheirWeights(_ device: Device, _ format: WeightFormat) throws {
    let model = Sequential(inputShape: [6]) {
      Embedding(11, 24, padding: 0)
      SelfAttention(heads: 2, width: 24)
      Reshape([1, 6, 24])
      Conv2D(3, kernel: 3, stride: 2, activation: .relu)
      Flatten()
      LayerNorm()
      Dense(4)
    }
    try model.build(on: device, seed: 5)
    let rounded = try model.copy()
    let names = [
      "0", "1.attention.query", "1.attention.key", "1.attention.value", "1.attention.output", "3", "6",
    ]
    for (index, name) in names.enumerated() {
      let parameter = try #require(rounded.parameters[name + ".weight"])
      let (value, shape) = (parameter.value, parameter.value.shape)
      let isMatrix = index != 0 && index != 5
      let rows = isMatrix ? value.transposed() : value.reshaped([shape[0], -1])
      let quantization =
        format == .int8
        ? AffineQuantization(fitting: rows, granularity: .perChannel(axis: 0))
        : AffineQuantization(fitting: rows, type: .uint4, isSymmetric: false, granularity: .perGroup(16))
      let numbers = rows.fakeQuantized(quantization)
      parameter.value = isMatrix ? numbers.transposed() : numbers.reshaped(shape)
    }
    let tokens = Tensor(integers: [3, 1, 0, 10, 7, 7, 2, 5, 9, 4, 8, 0], shape: [2, 6], on: device)
    let (quantized, report) = try model.quantized(.weightOnly(format), samples: tokens)
    let expected = try rounded.predict(tokens).scalars(as: Double.self)
    try expectClose(quantized.predict(tokens), expected, relative: 1e-4, absolute: 1e-5)
    #expect(report.layers.map { $0.name.split(separator: " ")[0] } == names.map { Substring($0) })
    #expect(report.unchanged.isEmpty && report.byteCountAfter < report.byteCountBefore / 2)

    // The outputs of both models, by the formulas of the report.
    let before = try model.predict(tokens).scalars(as: Double.self)
    let changes = zip(expected, before).map { $0 - $1 }
    let outputs = try #require(report.outputs)
    let rms = changes.reduce(0) { $0 + $1 * $1 } / before.reduce(0) { $0 + $1 * $1 }
    #expect(abs(outputs.rootMeanSquare - rms.squareRoot()) < 1e-3 && outputs.rootMeanSquare > 1e-4)
    #expect(abs(outputs.largest - changes.map(abs).max()! / before.map(abs).max()!) < 1e-3)
    // The weights of the first layer are its outputs: the error is at most half a step for each.
    let deviation = try #require(report.layers[0].deviation)
    #expect(deviation.largest > 1e-4 && deviation.largest < (format == .int8 ? 0.51 / 127 : 0.51 / 7))
    let answer = try quantized.predict(tokens).scalars()
    let predictor = Predictor(quantized)
    #expect(try predictor.predict(tokens).scalars() == answer)
  }

  @Test func unchangedLayersAreNamed() throws {
    let model = Sequential(inputShape: [5, 8]) {
      LSTM(4, returnsSequence: false)
      Dense(6)
      Dense(2)
    }
    try model.build(seed: 1)
    let x = Self.random([2, 5, 8], seed: 2)
    let (quantized, report) = try model.quantized(.weightOnly(.int8), samples: x) { $0 != "2" }
    #expect(report.layers.map(\.name) == ["1 (Dense)"])
    #expect(report.unchanged.map(\.name) == ["0 (LSTM)", "2 (Dense)"])
    #expect(report.unchanged.map(\.reason) == ["not supported", "not included"])
    #expect(report.unchanged[1].byteCount == 4 * 14)
    #expect(report.description.contains("2 (Dense): unchanged (not included), 56"))
    #expect(quantized.parameters.paths.contains("2.weight") && !quantized.parameters.paths.contains("1.weight"))
    // Without any quantized layer, nothing changes.
    let (same, none) = try model.quantized(.dynamic, samples: x) { _ in false }
    #expect(try same.predict(x).scalars() == model.predict(x).scalars())
    #expect(try #require(none.outputs).largest == 0)
    #expect(none.byteCountAfter == none.byteCountBefore)
  }

  /// One unit of 40 inputs is padded to 16 rows of 64 numbers in blocks, and to 64 units for products of integers.
  @Test func layersThatWouldNotBeSmallerStayAsTheyAre() throws {
    let small = Sequential(inputShape: [40]) {
      Dense(1)
      Dense(300)
      Dense(1)
    }
    try small.build(seed: 1)
    let x = Self.random([2, 40], seed: 2)
    for method in [QuantizationMethod.weightOnly(.q80), .dynamic] {
      let (quantized, report) = try small.quantized(method, samples: x)
      #expect(report.layers.isEmpty)
      #expect(report.unchanged.map(\.name) == ["0 (Dense)", "1 (Dense)", "2 (Dense)"])
      #expect(report.unchanged.allSatisfy { $0.reason == "would not be smaller" })
      #expect(report.byteCountAfter == report.byteCountBefore && report.unchanged[0].byteCount == 4 * 41)
      #expect(try quantized.predict(x).scalars() == small.predict(x).scalars())
    }
    let (_, report) = try small.quantized(.weightOnly(.int8)) { $0 != "1" }
    #expect(report.layers.map(\.name) == ["0 (Dense)", "2 (Dense)"])
    #expect(report.layers.map(\.byteCountAfter) == [40 + 4, 300 + 4])
  }

  /// Layers within one that computes in float32 are compared in float32.
  @Test(arguments: [Precision.mixedBFloat16, .mixedFloat16])
  func layersOfFullPrecisionAreCompared(_ precision: Precision) throws {
    let model = Sequential(inputShape: [40]) {
      FullPrecisionDense(configuration: 24)
      Dense(24)
    }
    try model.build(seed: 1)
    model.precision = precision
    for method in [QuantizationMethod.weightOnly(.q80), .weightOnly(.int8), .dynamic] {
      let (_, report) = try model.quantized(method, samples: Self.random([3, 40], seed: 2))
      #expect(report.layers.map(\.name) == ["0.dense (Dense)", "1 (Dense)"])
      for layer in report.layers {
        let change = try #require(layer.deviation).rootMeanSquare
        #expect(change > 1e-4 && change < 0.03, "\(layer.name): \(change)")
      }
    }
  }

  /// More samples than are processed at once give the change over all of them.
  @Test func samplesAreComparedInSlices() throws {
    let model = try Self.dense(on: .cpu)
    let x = Self.random([70, 40], seed: 5)
    let (quantized, report) = try model.quantized(.weightOnly(.q40), samples: x)
    let before = try model.predict(x).scalars(as: Double.self)
    let changes = zip(try quantized.predict(x).scalars(as: Double.self), before).map { $0 - $1 }
    let rms = (changes.reduce(0) { $0 + $1 * $1 } / before.reduce(0) { $0 + $1 * $1 }).squareRoot()
    let outputs = try #require(report.outputs)
    #expect(abs(outputs.rootMeanSquare - rms) < 1e-5 && rms > 1e-3)
    #expect(abs(outputs.largest - changes.map(abs).max()! / before.map(abs).max()!) < 1e-5)
    #expect(throws: TrainingError.rowCounts(inputs: 3, others: 2)) {
      try Self.graph().quantized(samples: [.ones([3, 40]), .ones([2, 3])] as [Tensor])
    }
  }

  /// A change to or from NaN is not hidden, and equal numbers do not change, also infinities.
  @Test func reportsKeepNaN() throws {
    func deviation(_ pairs: [(q: [Float], y: [Float])]) throws -> QuantizationReport.Deviation {
      var sum = DeviationSum()
      for (q, y) in pairs { try sum.add(Tensor(q), original: Tensor(y)) }
      return sum.deviation
    }
    let (nan, infinity) = (Float.nan, Float.infinity)
    for position in 0..<3 {
      for (q, y) in [(nan, 1), (1, nan), (nan, nan)] as [(Float, Float)] {
        let pairs = (0..<3).map { (q: [1, $0 == position ? q : 2], y: [1, $0 == position ? y : 2] as [Float]) }
        let found = try deviation(pairs)
        #expect(found.largest.isNaN && found.rootMeanSquare.isNaN)
      }
    }
    let equal = try deviation([([1, infinity, -infinity], [1, infinity, -infinity])])
    #expect(equal.largest == 0 && equal.rootMeanSquare == 0)
    let partly = try deviation([([3, 4, infinity], [3, 5, infinity])])
    #expect(partly.largest == 0.2 && abs(partly.rootMeanSquare - (1 / 34.0).squareRoot()) < 1e-6)
    #expect(try deviation([([infinity], [1])]).largest == .infinity)
    let all = try [deviation([([1], [2])]), deviation([([nan], [1])]), deviation([([1], [1])])]
    for order in [[0, 1, 2], [1, 0, 2], [0, 2, 1]] {
      let worst = try #require(order.map { all[$0] }.max { $0.isSmaller(than: $1) })
      #expect(worst.rootMeanSquare.isNaN)
    }
    #expect([all[0], all[2]].max { $0.isSmaller(than: $1) } == all[0])
  }

  /// A graph with two inputs, of 40 and 3 numbers.
  private static func graph() throws -> Graph {
    let (a, b) = (Node.input([40]), Node.input([3]))
    let graph = Graph(
      inputs: ["a": a, "b": b], outputs: ["y": Dense(24)(Concatenate()(Dense(64, activation: .gelu)(a), b))])
    try graph.build(seed: 2)
    return graph
  }

  @Test func halvesAndSeveralInputs() throws {
    let graph = try Self.graph()
    graph.precision = .mixedBFloat16
    let inputs = [Self.random([4, 40], seed: 1), Self.random([4, 3], seed: 2)]
    for method in [QuantizationMethod.weightOnly(), .weightOnly(.int8), .dynamic] {
      let (quantized, report) = try graph.quantized(method, samples: inputs)
      let outputs: [Tensor] = try quantized.predict(inputs)
      #expect(outputs[0].dtype == .float32 && report.layers.count == 2)
      // Weights are rounded, and are in integers: only the biases are parameters.
      let change = try #require(report.outputs).rootMeanSquare
      #expect(change > 1e-4 && change < 0.03)
      #expect(report.byteCountAfter < report.byteCountBefore / 2)
      #expect(quantized.parameters.paths.allSatisfy { $0.hasSuffix("bias") } && quantized.parameters.count == 88)
    }
  }

  // MARK: Use

  /// On data with three classes, no method loses more than 1 % of the answers.
  @Test func trainedModelsKeepTheirAccuracy() throws {
    let (x, labels) = (Self.random([600, 16], seed: 1), (0..<600).map { $0 % 3 })
    let centers = 1.5 * Self.random([3, 16], seed: 2).rows(at: Tensor(integers: labels))
    let data = TensorDataset(x + centers, Tensor(integers: labels))
    let model = Sequential {
      Dense(64, activation: .relu)
      Dense(3)
    }
    model.compile(optimizer: .adam(learningRate: 0.01), loss: .crossEntropy(), metrics: [.accuracy])
    try model.fit(data, epochs: 5, verbosity: .silent)
    let accuracy = try #require(try model.evaluate(data)["accuracy"])
    #expect(accuracy > 0.9)
    let methods: [(QuantizationMethod, Double)] = [
      (.weightOnly(.q80), 0.02), (.weightOnly(.int8), 0.02), (.weightOnly(.q40), 0.2), (.weightOnly(.int4()), 0.2),
      (.dynamic, 0.02), (.static(calibratedWith: data), 0.03),
      (.static(calibratedWith: data, range: .percentile(99.9)), 0.05),
    ]
    for (method, change) in methods {
      let (quantized, report) = try model.quantized(method, samples: data.inputs)
      #expect(!report.layers.isEmpty)
      quantized.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy])
      #expect(try #require(try quantized.evaluate(data)["accuracy"]) > accuracy - 0.01, "\(report)")
      #expect(try #require(report.outputs).rootMeanSquare < change, "\(report)")
    }
  }

  /// The float32 weights are freed with the original.
  @Test func weightsTakeLessMemory() throws {
    let device = Device(CPUBackend(threads: 1))
    func quantized() throws -> Sequential {
      let model = Sequential(inputShape: [256]) { Dense(1024, activation: .relu) }
      try model.build(on: device, seed: 1)
      return try model.quantized(.weightOnly(.int8)).model
    }
    let model = try quantized()
    #expect(device.memoryStatistics().liveBytes < 300_000)
    let answer = try model.predict(Self.random([1, 256], seed: 2)).scalars()
    let copy = try model.copy()
    try copy.move(to: .cpu)
    #expect(copy.device == .cpu && model.device == device)
    #expect(try copy.predict(Self.random([1, 256], seed: 2)).scalars() == answer)
  }

  /// A model whose parameters are all in integers is moved by `build(on:)`.
  @Test(arguments: TestDevices.all) func buildingMovesIntegers(_ device: Device) throws {
    let model = Sequential(inputShape: [16]) { Dense(4, useBias: false) }
    try model.build(seed: 1)
    let x = Self.random([2, 16], seed: 2)
    let (quantized, _) = try model.quantized(.weightOnly(.int8))
    #expect(quantized.parameters.count == 0)
    #expect(try quantized.summary().parameterCount == 64)
    let expected = try quantized.predict(x).scalars(as: Double.self)
    try quantized.build(on: device)
    #expect(quantized.device == device)
    let y = try quantized.predict(x.moved(to: device))
    #expect(y.device == device)
    try expectClose(y, expected)
  }

  @Test(arguments: TestDevices.real) func twoThreadsPredict(_ device: Device) throws {
    let model = try Self.dense(on: device)
    for method in [QuantizationMethod.weightOnly(.q80), .weightOnly(.int8), .dynamic] {
      let (quantized, _) = try model.quantized(method)
      let batches = (0..<8 as Range<UInt64>).map { Self.random([3, 40], seed: $0, on: device) }
      let predictor = Predictor(quantized)
      let expected = try batches.map { try predictor.predict($0).scalars() }
      let answers = Mutex<[Int: [[Float]?]]>([:])
      SystemThread.concurrently(2) { thread in
        let found = batches.map { batch in try? predictor.predict(batch).scalars() }
        answers.withLock { $0[thread] = found }
      }
      #expect(answers.withLock { $0 } == [0: expected, 1: expected])
    }
  }

  /// A custom loop does not leave weights in integers silently as they are.
  @Test func customLoopsAreRefused() async throws {
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let model = try ModelQuantizationTests.dense(on: .cpu).quantized().model
      _ = valueAndGradient(at: model) { $0(.ones([2, 40]), .inference).sum() }
    }
    let message = String(decoding: gradient?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      message.contains("valueAndGradient: the weight \"0.weight\" is quantized, so the model cannot be trained"),
      "\(message)")
  }

  @Test func mistakesAreRefused() throws {
    let model = try Self.dense(on: .cpu)
    let data = TensorDataset(Self.random([4, 40], seed: 1), Self.random([4, 20], seed: 2))
    let (quantized, _) = try model.quantized()
    quantized.compile(optimizer: .adam(), loss: .meanSquaredError)
    #expect(throws: TrainingError.quantized(path: "0.weight")) { try quantized.fit(data, verbosity: .silent) }
    #expect(throws: ModelError.self) { try quantized.quantized() }
    #expect(throws: ModelError.self) { try Sequential { Dense(2) }.quantized() }
    #expect(throws: TrainingError.emptyData("calibration")) { try model.quantized(.static(calibratedWith: [Tensor]())) }
    #expect(throws: TrainingError.batchSize(0)) { try model.quantized(.static(calibratedWith: data, batchSize: 0)) }
    let error = #expect(throws: ModelError.self) {
      try model.quantized(.static(calibratedWith: [Tensor.full([1, 40], .infinity)]))
    }
    #expect(
      "\(try #require(error))" == "0 (Dense): with the calibration data, its input has numbers that are not finite")
  }
}
