import HostSystem
import Files
import NeuralNetworks
import Testing

/// Losses of probabilities and margins with gradients of order 0 to 2 over extreme arguments, on every device, against
/// formulas in float64; and that no loss or activation of the library is in no sweep.
@Suite struct LossSweepTests {
  private func tensor(_ numbers: [Double], shape: [Int]? = nil, _ device: Device) -> Tensor {
    let dtype: DType = device == TestDevices.reference ? .float64 : .float32
    return Tensor(numbers, shape: shape ?? [numbers.count], dtype: dtype, on: device)
  }

  /// Values, gradients of their sum, and gradients of the sum of those.
  private func orders(_ x: Tensor, _ values: (Tensor) -> Tensor) -> [Tensor] {
    var nested = x
    let second = valueAndGradient(at: x) { x in
      let inner = valueAndGradient(at: x) { values($0).sum() }.gradient
      nested = inner.detached()
      return inner.sum()
    }.gradient
    return [values(x), nested, second]
  }

  /// Expects numbers of float64, or infinities where they are beyond the type of the tensor.
  private func expect(_ tensor: Tensor, _ expected: [Double], _ name: String, at arguments: [Double]) throws {
    let largest = tensor.dtype == .float64 ? Double.greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)
    for (index, (found, expected)) in zip(try tensor.scalars(as: Double.self), expected).enumerated() {
      let isRight =
        expected.magnitude > largest
        ? found.magnitude == .infinity : (found - expected).magnitude <= 1e-37 + 5e-5 * expected.magnitude
      #expect(isRight, "\(name) at \(arguments[index]) on \(tensor.device): found \(found), expected \(expected)")
    }
  }

  @Test(arguments: TestDevices.all) func hinge(_ device: Device) throws {
    let margins = [-1e30, -1e10, -3, -1, -0.5, -1e-6, 0, 1e-30, 0.25, 0.999, 1.5, 3, 1e10, 1e30].map {
      Double(Float($0))
    }
    for target in [-1.0, 0, 1] {
      let sign = target > 0 ? 1.0 : -1
      let targets = tensor(margins.map { _ in target }, device)
      let found = orders(tensor(margins, device)) { Loss.hinge.values($0, targets) }
      try expect(found[0], margins.map { max(0, 1 - sign * $0) }, "hinge, target \(target)", at: margins)
      try expect(found[1], margins.map { sign * $0 < 1 ? -sign : 0 }, "hinge′, target \(target)", at: margins)
      try expect(found[2], margins.map { _ in 0 }, "hinge″, target \(target)", at: margins)
    }
  }

  private static let probabilities = [
    2e-38, 1e-37, 1e-30, 4e-20, 6e-20, 1e-10, 1e-3, 0.25, 0.5, 0.75, 1 - 0x1p-10, 1 - 0x1p-24,
  ]
  .map { Double(Float($0)) }

  @Test(arguments: TestDevices.all) func binaryCrossEntropyOfProbabilities(_ device: Device) throws {
    let p = Self.probabilities
    for t in [0, 0.25, 1] {
      let targets = tensor(p.map { _ in t }, device)
      let found = orders(tensor(p, device)) { Loss.binaryCrossEntropy().values($0, targets) }
      func sum(_ yes: (Double) -> Double, _ no: (Double) -> Double) -> [Double] {
        p.map { (t == 0 ? 0 : t * yes($0)) + (t == 1 ? 0 : (1 - t) * no(1 - $0)) }
      }
      let logarithm: (Double) -> Double = { -max(log($0), -100) }
      // ln(1 − p) in float32, of the rounded 1 − p.
      let values = p.map { p in
        (t == 0 ? 0 : t * logarithm(p)) + (t == 1 ? 0 : (1 - t) * logarithm(rounded(1 - p, device)))
      }
      try expect(found[0], values, "target \(t)", at: p)
      try expect(found[1], sum({ -1 / $0 }, { 1 / $0 }), "target \(t), order 1", at: p)
      try expect(found[2], sum({ 1 / $0 / $0 }, { 1 / $0 / $0 }), "target \(t), order 2", at: p)
    }
  }

  private func rounded(_ x: Double, _ device: Device) -> Double {
    device == TestDevices.reference ? x : Double(Float(x))
  }

  /// One class with probability p and one with 0.5, for every target distribution: classes that are not the target have
  /// no derivative, however small their probability is.
  @Test(arguments: TestDevices.all) func categoricalLossesOfProbabilities(_ device: Device) throws {
    let p = Self.probabilities
    let rows = tensor(p.flatMap { [$0, 0.5] }, shape: [p.count, 2], device)
    for t in [0, 0.25, 1] {
      let distribution = tensor(p.flatMap { _ in [t, 1 - t] }, shape: [p.count, 2], device)
      let label = Tensor(integers: p.map { _ in t == 1 ? 0 : 1 }, on: device)
      let entropy = [t, 1 - t].reduce(0) { $0 + ($1 == 0 ? 0 : $1 * log($1)) }
      let cross = p.map { (t == 0 ? 0 : -t * max(log($0), -100)) - (1 - t) * log(0.5) }
      var cases: [(String, (Tensor) -> Tensor, [Double])] = [
        ("cross-entropy", { Loss.crossEntropy(fromLogits: false).values($0, distribution) }, cross),
        ("KL divergence", { Loss.klDivergence().values($0, distribution) }, cross.map { $0 + entropy }),
      ]
      if t != 0.25 {
        cases.append(("cross-entropy of labels", { Loss.sparseCategoricalCrossEntropy().values($0, label) }, cross))
      }
      for (name, values, expected) in cases {
        let found = orders(rows, values)
        try expect(found[0], expected, "\(name), target \(t)", at: p)
        let derivatives = p.flatMap { [t == 0 ? 0 : -t / $0, -(1 - t) / 0.5] }
        try expect(
          found[1].reshaped([2 * p.count]), derivatives, "\(name), target \(t), order 1", at: p.flatMap { [$0, $0] })
        let bends = p.flatMap { [t == 0 ? 0 : t / $0 / $0, (1 - t) / 0.25] }
        try expect(
          found[2].reshaped([2 * p.count]), bends, "\(name), target \(t), order 2", at: p.flatMap { [$0, $0] })
      }
    }
  }

  /// t·(ln t − q): linear in q.
  @Test(arguments: TestDevices.all) func klDivergenceOfLogProbabilities(_ device: Device) throws {
    let q = [-1e30, -1000, -88, -1, -1e-7].map { Double(Float($0)) }
    for t in [0, 0.25, 1] {
      let target = tensor(q.map { _ in t }, shape: [q.count, 1], device)
      let found = orders(tensor(q, shape: [q.count, 1], device)) {
        Loss.klDivergence(fromLogProbabilities: true).values($0, target)
      }
      try expect(found[0], q.map { t == 0 ? 0 : t * (log(t) - $0) }, "target \(t)", at: q)
      try expect(found[1].reshaped([q.count]), q.map { _ in -t }, "target \(t), order 1", at: q)
      try expect(found[2].reshaped([q.count]), q.map { _ in 0 }, "target \(t), order 2", at: q)
    }
  }

  // MARK: Formulas

  /// A loss at predictions with one target, and its value and derivatives in float64.
  struct Sweep: Sendable, CustomTestStringConvertible {
    let loss: Loss
    let target: Double
    let predictions: [Double]
    let value, first, second: @Sendable (Double) -> Double
    var testDescription: String { "\(loss.name), target \(target)" }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
  private static let wide = [-1e30, -1e10, -1000, -30, -3, -0.5, -1e-3, 1e-6, 0.25, 1.5, 10, 100, 1e10, 1e30]
  private static let aboveZero = [1e-30, 1e-9, 1e-5, 0.01, 0.5, 1, 10, 1000, 1e10, 1e30]

  static let sweeps: [Sweep] = [
    Sweep(
      loss: .softMargin, target: 1, predictions: wide, value: { softplus(-$0) }, first: { -sigmoid(-$0) },
      second: { sigmoid($0) * sigmoid(-$0) }),
    Sweep(
      loss: .hingeEmbedding(), target: -1, predictions: wide, value: { max(0, 1 - $0) }, first: { $0 < 1 ? -1 : 0 },
      second: { _ in 0 }),
    Sweep(
      loss: .hingeEmbedding(), target: 1, predictions: wide, value: { $0 }, first: { _ in 1 }, second: { _ in 0 }),
    Sweep(
      loss: .meanAbsolutePercentageError, target: -0.5, predictions: wide, value: { 200 * abs($0 + 0.5) },
      first: { $0 == -0.5 ? 0 : $0 > -0.5 ? 200 : -200 }, second: { _ in 0 }),
    Sweep(
      loss: .meanSquaredLogarithmicError, target: 3, predictions: aboveZero.map { max($0, 1e-5) },
      value: { (log1p($0) - log(4)) * (log1p($0) - log(4)) }, first: { 2 * (log1p($0) - log(4)) / (1 + $0) },
      second: { 2 * (1 - log1p($0) + log(4)) / (1 + $0) / (1 + $0) }),
    Sweep(
      loss: .logCosh, target: 0, predictions: wide,
      value: { abs($0) < 20 ? log1p(2 * sinh($0 / 2) * sinh($0 / 2)) : abs($0) - log(2) },
      first: { tanh($0) }, second: { abs($0) > 300 ? 0 : 1 / cosh($0) / cosh($0) }),
    Sweep(
      loss: .poisson(), target: 2, predictions: aboveZero, value: { $0 - 2 * log($0 + 1e-7) },
      first: { 1 - 2 / ($0 + 1e-7) }, second: { 2 / ($0 + 1e-7) / ($0 + 1e-7) }),
    Sweep(
      loss: .poisson(fromLogarithm: true), target: 2, predictions: [-1e30, -1000, -80, -3, 0, 0.25, 1, 20, 80],
      value: { exp($0) - 2 * $0 }, first: { exp($0) - 2 }, second: { exp($0) }),
    Sweep(
      loss: .squaredHinge, target: 1, predictions: [-1e18, -3, -0.5, 0, 0.25, 1.5, 1e30],
      value: { max(0, 1 - $0) * max(0, 1 - $0) }, first: { -2 * max(0, 1 - $0) }, second: { $0 < 1 ? 2 : 0 }),
    Sweep(
      loss: .binaryFocalCrossEntropy(fromLogits: true), target: 1, predictions: wide,
      value: { sigmoid(-$0) * sigmoid(-$0) * softplus(-$0) },
      first: { -sigmoid(-$0) * sigmoid(-$0) * (2 * sigmoid($0) * softplus(-$0) + sigmoid(-$0)) }, second: focalBend),
    Sweep(
      loss: .binaryFocalCrossEntropy(fromLogits: true), target: 0, predictions: wide,
      value: { sigmoid($0) * sigmoid($0) * softplus($0) },
      first: { sigmoid($0) * sigmoid($0) * (2 * sigmoid(-$0) * softplus($0) + sigmoid($0)) },
      second: { focalBend(-$0) }),
    Sweep(
      loss: .dice(), target: 1, predictions: shares, value: { (1 - $0) / (1 + $0) },
      first: { -2 / (1 + $0) / (1 + $0) }, second: { 4 / (1 + $0) / (1 + $0) / (1 + $0) }),
    Sweep(
      loss: .tversky(alpha: 0.3, beta: 0.6, fromLogits: true), target: 1, predictions: wide,
      value: { 0.6 * sigmoid(-$0) / (sigmoid($0) + 0.6 * sigmoid(-$0)) },
      first: { -0.6 * sigmoid($0) * sigmoid(-$0) / square(sigmoid($0) + 0.6 * sigmoid(-$0)) }, second: { _ in .nan }),
  ]

  private static let shares = [0, 1e-30, 1e-6, 0.25, 0.75, 1]
  private static func square(_ x: Double) -> Double { x * x }
  /// The second derivative of σ(−z)²·softplus(−z).
  private static func focalBend(_ z: Double) -> Double {
    let (p, q, cost) = (sigmoid(z), sigmoid(-z), softplus(-z))
    return q * q * (cost * (4 * p * p - 2 * p * q) + 5 * p * q)
  }

  @Test(arguments: sweeps, TestDevices.all) func formulas(_ item: Sweep, _ device: Device) throws {
    let x = item.predictions.map { Double(Float($0)) }
    let target = tensor(x.map { _ in item.target }, shape: [x.count, 1], device)
    let found = orders(tensor(x, shape: [x.count, 1], device)) { item.loss.values($0, target) }
    try expect(found[0], x.map(item.value), item.testDescription, at: x)
    // Terms of size 1 and 2 may cancel in derivatives.
    for (order, formula) in [(1, item.first), (2, item.second)] {
      let numbers = try found[order].scalars(as: Double.self)
      for (number, x) in zip(numbers, x) {
        let expected = formula(x)
        if expected.isNaN {
          #expect(number.isFinite, "\(item.testDescription), order \(order), at \(x) on \(device)")
          continue
        }
        let isRight = (number - expected).magnitude <= 1e-6 + 5e-5 * expected.magnitude
        #expect(
          isRight || expected.magnitude > 3e38 && number.magnitude == .infinity,
          "\(item.testDescription), order \(order), at \(x) on \(device): found \(number), expected \(expected)")
      }
    }
  }

  /// Two classes with the logits z and 0 are one yes-or-no label.
  @Test(arguments: TestDevices.all) func categoricalFocalCrossEntropy(_ device: Device) throws {
    let z = Self.wide.map { Double(Float($0)) }
    let logits = tensor(z.flatMap { [$0, 0] }, shape: [z.count, 2], device)
    let loss = Loss.categoricalFocalCrossEntropy(alpha: 1, fromLogits: true)
    let label = Tensor(integers: z.map { _ in 0 }, on: device)
    let distribution = tensor(z.flatMap { _ in [1, 0] }, shape: [z.count, 2], device)
    for target in [label, distribution] {
      let found = orders(logits) { loss.values($0, target) }
      // The logarithm of a probability near 1 is within 3e-7, as for cross-entropy.
      let values = try found[0].scalars(as: Double.self)
      for (value, z) in zip(values, z) {
        let expected = Self.sigmoid(-z) * Self.sigmoid(-z) * Self.softplus(-z)
        #expect((value - expected).magnitude <= 3e-7 + 5e-5 * expected, "at \(z) on \(device)")
      }
      let first = try found[1].reshaped([z.count, 2]).scalars(as: Double.self)
      for (index, z) in z.enumerated() {
        let q = Self.sigmoid(-z)
        let expected = -q * q * (2 * Self.sigmoid(z) * Self.softplus(-z) + q)
        #expect((first[2 * index] - expected).magnitude <= 1e-6 + 5e-5 * expected.magnitude, "at \(z) on \(device)")
      }
      #expect(try found[2].scalars().allSatisfy { !$0.isNaN })
    }
  }

  /// (s + d²·e⁻ˢ)/2 in d and s.
  @Test(arguments: TestDevices.all) func gaussianNegativeLogLikelihood(_ device: Device) throws {
    let means = [0, 1e-10, 3, -1e10, 1e15, 0.5, -2].map { Double(Float($0)) }
    let logarithms = [0, -40, -3, 20, 60, 1e10, -0.25].map { Double(Float($0)) }
    var numbers: [Double] = [], values: [Double] = [], gradient: [Double] = []
    for (mean, logarithm) in zip(means, logarithms) {
      let share = mean * exp(-logarithm), square = mean * share
      numbers += [mean, logarithm]
      values.append((logarithm + square) / 2)
      gradient += [share, (1 - square) / 2]
    }
    let target = tensor(means.map { _ in 0 }, shape: [means.count, 1], device)
    let found = orders(tensor(numbers, shape: [means.count, 2], device)) {
      Loss.gaussianNegativeLogLikelihood.values($0, target)
    }
    try expect(found[0], values, "Gaussian", at: means)
    try expect(found[1].reshaped([numbers.count]), gradient, "Gaussian′", at: numbers)
  }

  /// The length of a vector does not matter, however large or small it is.
  @Test(arguments: TestDevices.all) func cosineSimilarity(_ device: Device) throws {
    let sizes = [1e-30, 1e-10, 1, 1e10, 1e30].map { Double(Float($0)) }
    let target = tensor(sizes.flatMap { _ in [4, 3] }, shape: [sizes.count, 2], device)
    let x = tensor(sizes.flatMap { [3 * $0, 4 * $0] }, shape: [sizes.count, 2], device)
    let found = orders(x) { Loss.cosineSimilarity.values($0, target) }
    try expect(found[0], sizes.map { _ in -0.96 }, "cosine", at: sizes)
    try expect(
      found[1].reshaped([2 * sizes.count]), sizes.flatMap { [-0.224 / (5 * $0), 0.168 / (5 * $0)] }, "cosine′",
      at: sizes.flatMap { [$0, $0] })
  }

  @Test(arguments: TestDevices.all) func categoricalHinge(_ device: Device) throws {
    let scores = [-1e30, -1e10, -3, -0.5, 0, 0.25, 2, 1e10, 1e30].map { Double(Float($0)) }
    let rows = tensor(scores.flatMap { [$0, 0.5] }, shape: [scores.count, 2], device)
    let label = Tensor(integers: scores.map { _ in 0 }, on: device)
    let found = orders(rows) { Loss.categoricalHinge.values($0, label) }
    try expect(found[0], scores.map { max(0, 1.5 - $0) }, "categorical hinge", at: scores)
    try expect(
      found[1].reshaped([2 * scores.count]), scores.flatMap { $0 < 1.5 ? [-1, 1] : [0, 0] }, "categorical hinge′",
      at: scores.flatMap { [$0, $0] })
  }

  /// For two classes, the losses are half of the categorical hinge loss.
  @Test(arguments: TestDevices.all) func marginsOfClasses(_ device: Device) throws {
    let scores = [-1e30, -1e10, -3, -0.5, 0, 0.25, 2, 1e10, 1e30].map { Double(Float($0)) }
    let rows = tensor(scores.flatMap { [$0, 0.5] }, shape: [scores.count, 2], device)
    let label = Tensor(integers: scores.map { _ in 0 }, on: device)
    let applies = tensor(scores.flatMap { _ in [1, 0] }, shape: [scores.count, 2], device)
    for (name, values) in [
      ("multi margin", { Loss.multiMargin().values($0, label) }),
      ("multi-label margin", { Loss.multiLabelMargin.values($0, applies) }),
    ] as [(String, (Tensor) -> Tensor)] {
      let found = orders(rows, values)
      try expect(found[0], scores.map { max(0, 1.5 - $0) / 2 }, name, at: scores)
      try expect(
        found[1].reshaped([2 * scores.count]), scores.flatMap { $0 < 1.5 ? [-0.5, 0.5] : [0, 0] }, name,
        at: scores.flatMap { [$0, $0] })
      #expect(try found[2].scalars().allSatisfy { $0 == 0 })
    }
  }

  /// Equal and opposite embeddings, of equal and of different classes, at any scale.
  @Test(arguments: TestDevices.all) func circleIsFinite(_ device: Device) throws {
    let x = tensor([1, 0, 1, 0, -1, 0, -1, 0], shape: [4, 2], device)
    for labels in [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 2, 3], [0, 0, 0, 0]] {
      for gamma in [1e-3, 80, 1e4] {
        let found = orders(x) { Loss.circle(gamma: gamma).values($0, Tensor(integers: labels, on: device)) }
        #expect(try found.allSatisfy { try $0.scalars().allSatisfy(\.isFinite) }, "\(labels), \(gamma), \(device)")
      }
    }
  }

  // MARK: Nothing is left out

  /// The names of the public functions and properties that are a loss or an activation, from the source.
  private func declared(_ type: String, in folder: String) throws -> Set<String> {
    // Of Tests/NeuralNetworksTests/Numerics/LossSweepTests.swift.
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    let sources = "\(root)/Sources/NeuralNetworks/\(folder)"
    var names: Set<String> = []
    for name in try Folder.names(in: sources) where name.hasSuffix(".swift") {
      let source = String(decoding: try FileReader.read("\(sources)/\(name)", limit: 1 << 20), as: UTF8.self)
      let constants = source.matches(of: /public static (?:let|var) (\w+)(?:: (\w+) \{| = (\w+)\()/)
      names.formUnion(constants.filter { String($0.2 ?? $0.3 ?? "") == type }.map { String($0.1) })
      let functions = source.matches(of: /public static func (\w+)\([^{]*?\)\s*-> (\w+)/)
      names.formUnion(functions.filter { String($0.2) == type }.map { String($0.1) })
    }
    return names
  }

  /// A new loss belongs into this suite or `ExtremesTests`, and into this list.
  @Test func everyLossIsInASweep() throws {
    let swept: Set = [
      "meanSquaredError", "meanAbsoluteError", "huber", "binaryCrossEntropy", "hinge", "crossEntropy",
      "sparseCategoricalCrossEntropy", "klDivergence", "meanAbsolutePercentageError", "meanSquaredLogarithmicError",
      "logCosh", "poisson", "cosineSimilarity", "squaredHinge", "categoricalHinge", "binaryFocalCrossEntropy",
      "categoricalFocalCrossEntropy", "dice", "tversky", "gaussianNegativeLogLikelihood",
      "hingeEmbedding", "softMargin", "multiMargin", "multiLabelMargin", "circle",
    ]
    // A sum of others.
    #expect(try declared("Loss", in: "Losses") == swept.union(["perOutput"]))
  }

  /// A new activation belongs into `ExtremeValues.activations`, or as one of rows into `ExtremesTests`.
  @Test func everyActivationIsInASweep() throws {
    let rows = ["softmax", "log_softmax", "softmin", "sparsemax", "glu"]
    // Results of the exponential function are soon beyond float32.
    let swept = Set(ExtremeValues.activations.map(\.function.name)).union(rows + ["linear", "exponential"])
    let declared = try declared("ActivationFunction", in: "Layers").map(snakeCase)
    #expect(Set(declared) == swept)
  }

  private func snakeCase(_ name: String) -> String {
    if name == "leakyReLU" { return "leaky_relu" }
    return name.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
  }
}
