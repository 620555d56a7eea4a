import HostSystem
import NeuralNetworks
import Testing

/// Compares activations, losses, and normalizations with gradients of order 0 to 2 over extreme arguments, on every
/// device, with `ExtremeValues`: formulas with 60 digits and PyTorch's float64. Here, the Reference backend computes in
/// float64, the others in float32.
@Suite struct ExtremesTests {
  private typealias Function = (Tensor) -> Tensor

  /// Smaller float32 values may be flushed to zero.
  private static let smallest = 2e-38

  private func tensor(_ numbers: [Double], shape: [Int]? = nil, _ device: Device) -> Tensor {
    let dtype: DType = device == TestDevices.reference ? .float64 : .float32
    return Tensor(numbers, shape: shape ?? [numbers.count], dtype: dtype, on: device)
  }

  /// f, the gradient of Σ upstream·f, the same for repeated differentiation, and the gradient of Σ weight(gradient).
  private func orders(
    _ function: Function, at x: Tensor, upstream: Tensor? = nil, _ weight: Function
  ) -> (value: Tensor, first: Tensor, nested: Tensor, second: Tensor) {
    func total(_ x: Tensor) -> Tensor { upstream.map { function(x) * $0 }.map { $0.sum() } ?? function(x).sum() }
    var nested = x
    let second = valueAndGradient(at: x) { x in
      let inner = valueAndGradient(at: x) { total($0) }.gradient
      nested = inner.detached()
      return weight(inner).sum()
    }.gradient
    return (function(x), valueAndGradient(at: x) { total($0) }.gradient, nested, second)
  }

  /// Expects numbers within a fraction of each number, or for a row, of its largest number.
  private func expect(
    _ tensor: Tensor, _ expected: [Double], relative: Double = 5e-5, absolute: Double = smallest, isRow: Bool = false,
    _ name: String, arguments: [Double] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try tensor.scalars(as: Double.self)
    #expect(found.count == expected.count, "\(name)", sourceLocation: sourceLocation)
    let largest = expected.map(\.magnitude).max() ?? 0
    for (index, (found, expected)) in zip(found, expected).enumerated() {
      let allowed = absolute + relative * (isRow ? largest : expected.magnitude)
      let place = index < arguments.count ? " at \(arguments[index])" : ""
      #expect(
        found == expected || (found - expected).magnitude <= allowed,
        "\(name)\(place) on \(tensor.device): found \(found), expected \(expected)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: ExtremeValues.activations, TestDevices.all)
  func activations(_ item: ExtremeValues.Function, _ device: Device) throws {
    let x = ExtremeValues.arguments
    let name = item.testDescription
    let found = orders({ item.function($0) }, at: tensor(x, device)) { $0 }
    // The gradient is computed from the result, as in PyTorch. Near ±1, the result does not determine how steep the
    // function is.
    let absolute = name == "sigmoid" || name == "tanh" ? 1.2e-7 : Self.smallest
    // The curvature near 0 is a difference of two terms.
    let bend = ["sigmoid", "tanh", "square_plus"].contains(name) ? 1e-6 : Self.smallest
    try expect(found.value, item.orders[0], absolute: 3e-37, name, arguments: x)
    try expect(found.first, item.orders[1], absolute: absolute, "\(name)′", arguments: x)
    try expect(found.nested, item.orders[1], "\(name)′, differentiated", arguments: x)
    try expect(found.second, item.orders[2], absolute: bend, "\(name)″", arguments: x)
    // A penalty on the gradient of a scaled result.
    let penalty = orders({ 2 * item.function($0) }, at: tensor(x, device)) { $0.squared() }
    let expected = zip(item.orders[1], item.orders[2]).map { 8 * $0 * $1 }
    try expect(penalty.second, expected, relative: 2e-4, absolute: bend, "penalty on \(name)′", arguments: x)
  }

  @Test(arguments: TestDevices.all) func binaryCrossEntropyFromLogits(_ device: Device) throws {
    let cases = ExtremeValues.binaryCrossEntropy
    let target = tensor(cases.map { $0[1] }, device)
    let logits = cases.map { $0[0] }
    let loss = Loss.binaryCrossEntropy(fromLogits: true)
    let found = orders({ loss.values($0, target) }, at: tensor(logits, device)) { $0 }
    try expect(found.value, cases.map { $0[2] }, "loss", arguments: logits)
    // With a soft target, the two terms of the gradient may cancel.
    let absolute = 1e-7
    try expect(found.first, cases.map { $0[3] }, absolute: absolute, "gradient", arguments: logits)
    try expect(found.second, cases.map { $0[4] }, "second derivative", arguments: logits)
    for (index, item) in cases.enumerated() where item[1] == 0 || item[1] == 1 {
      for gradient in [found.first, found.nested] {
        try expect(gradient[index], [item[3]], "gradient with target \(item[1])", arguments: [item[0]])
      }
    }
  }

  @Test(arguments: ExtremeValues.regressionLosses, TestDevices.all)
  func regressionLosses(_ item: ExtremeValues.LossOfDifference, _ device: Device) throws {
    let differences = ExtremeValues.differences
    let target = tensor(differences.map { _ in 0 }, device)
    let found = orders({ item.loss.values($0, target) }, at: tensor(differences, device)) { $0 }
    for (index, tensor) in [found.value, found.first, found.second].enumerated() {
      try expect(tensor, item.orders[index], "\(item.testDescription), order \(index)", arguments: differences)
    }
    try expect(found.nested, item.orders[1], "\(item.testDescription), order 1", arguments: differences)
  }

  /// Probabilities of 0 and 1, and near them: no derivative is NaN for any target.
  @Test(arguments: TestDevices.all) func lossesOfCertainProbabilities(_ device: Device) throws {
    let certain = [0, 1e-40, 1e-37, 1e-30, 4e-20, 1e-7, 0.5, 1 - 0x1p-24, 1]
    let losses = [Loss.binaryCrossEntropy(), .klDivergence(), .crossEntropy(fromLogits: false)]
    for loss in losses {
      for target in [0.0, 1] {
        let rows = tensor(certain.flatMap { [$0, 1 - $0] }, shape: [certain.count, 2], device)
        let targets = tensor(certain.flatMap { _ in [target, 1 - target] }, shape: [certain.count, 2], device)
        // The derivative of a logarithm may be 1e38: its squares are infinite, not NaN.
        let found = orders({ loss.values($0, targets) }, at: rows) { $0 }
        for (order, tensor) in [found.value, found.first, found.nested, found.second].enumerated() {
          let isNumber = try tensor.scalars(as: Double.self).allSatisfy { !$0.isNaN }
          #expect(isNumber, "\(loss.name), target \(target), result \(order) on \(device)")
        }
      }
    }
  }

  // MARK: Rows

  private func examine(
    _ item: ExtremeValues.RowCase, shape: [Int], upstream: [Double]? = nil, absolute: Double = smallest,
    upTo last: Int = 2, _ device: Device, _ name: String, _ function: @escaping Function
  ) throws {
    let weights = upstream.map { tensor($0, shape: shape, device) }
    let found = orders(function, at: tensor(item.row, shape: shape, device), upstream: weights) {
      ($0 * item.size).squared()
    }
    let results = [(0, found.value), (1, found.first), (1, found.nested), (2, found.second)]
    for (order, tensor) in results where order <= last {
      try expect(
        tensor, item.orders[order], relative: 2e-5, absolute: absolute, isRow: true,
        "\(name) of \(item.row), order \(order)")
    }
  }

  @Test(arguments: TestDevices.all) func softmax(_ device: Device) throws {
    for item in ExtremeValues.softmax {
      try examine(item, shape: [1, 4], upstream: ExtremeValues.upstream, absolute: 3e-7, device, "softmax") {
        $0.softmax()
      }
    }
    for item in ExtremeValues.logSoftmax {
      try examine(item, shape: [1, 4], upstream: ExtremeValues.upstream, absolute: 3e-7, device, "log-softmax") {
        $0.logSoftmax()
      }
    }
  }

  /// softmin(x) is softmax(−x).
  @Test(arguments: TestDevices.all) func softmin(_ device: Device) throws {
    for item in ExtremeValues.softmax {
      let mirrored = ExtremeValues.RowCase(
        item.row.map { -$0 }, size: item.size,
        orders: [item.orders[0], item.orders[1].map { -$0 }, item.orders[2].map { -$0 }])
      try examine(mirrored, shape: [1, 4], upstream: ExtremeValues.upstream, absolute: 3e-7, device, "softmin") {
        $0.softmin()
      }
    }
  }

  /// Rows of which only the largest element counts; and a common offset.
  @Test(arguments: TestDevices.all) func sparsemax(_ device: Device) throws {
    let upstream = ExtremeValues.upstream
    for (row, value, first) in [
      ([100, -100, 0, 99], [1, 0, 0, 0], [0, 0, 0, 0]), ([1e20, 1, -1e20, 0], [1, 0, 0, 0], [0, 0, 0, 0]),
      ([-1e30, -1e30, -1e30, -1e30], [0.25, 0.25, 0.25, 0.25], [0.375, -2.625, 2.375, -0.125]),
      ([1e6, 1e6 - 0.5, 1e6 - 8, 1e6], [0.5, 0, 0, 0.5], [0.25, 0, 0, -0.25]),
    ] as [([Double], [Double], [Double])] {
      try examine(
        ExtremeValues.RowCase(row, size: 1, orders: [value, first, [0, 0, 0, 0]]), shape: [1, 4], upstream: upstream,
        device, "sparsemax"
      ) { $0.sparsemax() }
    }
  }

  /// a·σ(b) and its derivatives σ(b) and a·σ(b)·σ(−b).
  @Test(arguments: TestDevices.all) func glu(_ device: Device) throws {
    for (a, b) in [(1e30, -60), (-1e30, 60), (3, -1e10), (3, 1e10), (1e-30, 0.5), (0, -3)] as [(Double, Double)] {
      let (a, b) = (Double(Float(a)), Double(Float(b)))
      func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
      let found = orders({ $0.glu() }, at: tensor([a, b], shape: [1, 2], device)) { $0 }
      try expect(found.value, [a * sigmoid(b)], absolute: 3e-37, "glu")
      try expect(found.nested, [sigmoid(b), a * sigmoid(b) * sigmoid(-b)], absolute: 1e-30, "glu′")
    }
  }

  /// Also with a large common offset of all logits, from class indices and from a distribution.
  @Test(arguments: TestDevices.all) func crossEntropy(_ device: Device) throws {
    let label = Tensor(integers: [2], on: device)
    let distribution = tensor([0, 0, 1, 0], shape: [1, 4], device)
    for (smoothing, cases) in [(0.0, ExtremeValues.crossEntropy), (0.1, ExtremeValues.crossEntropySmoothed)] {
      let loss = Loss.crossEntropy(labelSmoothing: smoothing)
      for item in cases {
        try examine(item, shape: [1, 4], absolute: 3e-7, device, "\(smoothing), label") { loss.values($0, label) }
        try examine(item, shape: [1, 4], absolute: 3e-7, device, "\(smoothing), distribution") {
          loss.values($0, distribution)
        }
      }
    }
  }

  /// The row of a layer norm is a group of a group norm and a channel of a batch norm.
  @Test(arguments: TestDevices.all) func normalizations(_ device: Device) throws {
    let upstream = ExtremeValues.upstream
    for item in ExtremeValues.layerNorm {
      try examine(item, shape: [1, 4], upstream: upstream, device, "layer norm") { $0.layerNormalized() }
      let layers: [(any Layer, [Int])] = [(GroupNorm(1), [1, 4]), (BatchNorm(), [4, 1]), (LayerNorm(), [1, 4])]
      for (layer, shape) in layers {
        let model = Sequential { layer }
        let dtype = tensor(item.row, device).dtype
        try model.build(inputShape: [shape[1]], inputDType: nil, on: device, seed: 1, dtype: dtype)
        try examine(item, shape: shape, upstream: upstream, device, "\(type(of: layer))") {
          model($0, .training(RandomStream(seed: 1)))
        }
      }
    }
    for item in ExtremeValues.rmsNorm {
      try examine(item, shape: [1, 4], upstream: upstream, device, "RMS norm") { $0.rootMeanSquareNormalized() }
    }
  }

  @Test(arguments: TestDevices.all) func standardDeviations(_ device: Device) throws {
    for item in ExtremeValues.standardDeviation {
      // The sum of the squares of the gradient is 1/n everywhere, so its own gradient is 0.
      try examine(item, shape: [4], upTo: 1, device, "standard deviation") { $0.standardDeviation() }
    }
  }

  // MARK: Single points

  /// PyTorch's gradient is 0 there.
  @Test(arguments: TestDevices.all) func theDeviationOfEqualNumbersHasNoGradient(_ device: Device) throws {
    for numbers in [[2.0, 2, 2], [3], [0, 0], [1e20, 1e20]] {
      let found = orders({ $0.standardDeviation() }, at: tensor(numbers, device)) { $0.squared() }
      for tensor in [found.value, found.first, found.nested, found.second] {
        let values = try tensor.scalars(as: Double.self)
        #expect(values.allSatisfy { $0 == 0 }, "\(numbers): \(values) on \(device)")
      }
    }
  }

  @Test(arguments: TestDevices.all) func theZerothPowerOfZeroIsFlat(_ device: Device) throws {
    let exponents = tensor([0, 2, 0], device)
    let found = orders({ $0.power(exponents) }, at: tensor([0, 0, 3], device)) { $0 }
    try expect(found.value, [1, 0, 1], "power")
    try expect(found.first, [0, 0, 0], "power′")
    try expect(found.second, [0, 2, 0], "power″")
  }

  /// Squares of the gradients are infinite; nothing flows back all the same.
  @Test(arguments: TestDevices.all) func gradientsThatNobodyAskedForAreZero(_ device: Device) throws {
    let x = tensor([2e-38, 1e-30, 4e-20], device)
    for function in [{ (x: Tensor) in x.reciprocal() }, { $0.reciprocalSquareRoot() }, { $0.log() }] as [Function] {
      let found = orders({ function($0) * 0 }, at: x) { $0 }
      for tensor in [found.first, found.nested, found.second] {
        #expect(try tensor.scalars(as: Double.self) == [0, 0, 0], "on \(device)")
      }
    }
  }

  /// The gradient is (u − mean(u))/√ε there, whatever the numbers are.
  @Test(arguments: TestDevices.all) func rowsOfEqualNumbersHaveTheGradientOfTheirDeviations(_ device: Device) throws {
    let upstream = [1.0, -2, 4, 1]
    let expected = upstream.map { ($0 - 1) / 1e-5.squareRoot() }
    for number in [0.0, 1, 1e10, 1e20, 1e30, 1e36] {
      let row = tensor([Double](repeating: Double(Float(number)), count: 4), shape: [1, 4], device)
      let found = orders({ $0.layerNormalized() }, at: row, upstream: tensor(upstream, shape: [1, 4], device)) { $0 }
      try expect(found.first, expected, isRow: true, "fused, \(number)")
      try expect(found.nested, expected, isRow: true, "composed, \(number)")
    }
  }

  /// Numbers, infinities of squares that overflow, and 0·∞ are what a batch with numbers beyond 1e19 used to leave.
  @Test(arguments: TestDevices.all) func aBatchOfLargeNumbersDoesNotSpoilTheRunningVariance(_ device: Device) throws {
    let layer = BatchNorm(momentum: 0.9)
    let model = Sequential { layer }
    try model.build(inputShape: [1], on: device)
    let large = Tensor([1e20, 2e20, 4e20, -3e20] as [Float], shape: [4, 1], on: device)
    let usual = Tensor([1, 2, 4, -3] as [Float], shape: [4, 1], on: device)
    _ = model(large, .training(RandomStream(seed: 1)))
    #expect(try layer.runningVariance.value.scalars(as: Float.self).allSatisfy(\.isFinite))
    // A column that overflows does not affect its neighbors.
    for _ in 0..<50 { _ = model(usual, .training(RandomStream(seed: 1))) }
    // The unbiased variance of 1, 2, 4, −3 is 26/3.
    try expect(layer.runningVariance.value, [26.0 / 3], "running variance")
    try expect(layer.runningMean.value, [1], "running mean")
    let two = Sequential { BatchNorm() }
    try two.build(inputShape: [2], on: device)
    let both = Tensor([1e20, 1, 2e20, 2, 4e20, 4, -3e20, -3] as [Float], shape: [4, 2], on: device)
    let rows = try two(both, .training(RandomStream(seed: 1))).scalars(as: Double.self)
    for row in 0..<4 { #expect((rows[2 * row] - rows[2 * row + 1]).magnitude < 1e-5) }
  }
}
