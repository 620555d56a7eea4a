/// The requirements on data for training or evaluating a model: shapes, numbers, labels. Everything is checked before
/// an operation uses it.
struct DataChecks: Sendable {
  /// The shapes of the model's inputs and outputs, without the batch axis. An extent of `anyLength` matches any extent.
  let inputs: [[Int]]
  let outputs: [[Int]]
  /// The rule of each output's loss; nil for an output without a loss.
  let rules: [TargetRule?]
  /// The name of the model in messages.
  let layer: String
  /// The inputs that embeddings look up.
  var tokens: [TokenRange] = []
  /// Whether an embedding looks up numbers that are computed from the inputs, which cannot be checked in advance.
  var hasComputedTokens = false
  /// The metrics that compare classes of outputs with a regression loss.
  var classMetrics: [ClassMetric] = []

  /// Checks shapes only.
  func checkShapes(_ batch: Batch) throws {
    guard batch.inputs.count == inputs.count else {
      throw TrainingError.tensorCount(of: "inputs", expected: inputs.count, found: batch.inputs.count)
    }
    for (tensor, expected) in zip(batch.inputs, inputs) {
      let found = Array(tensor.shape.dropFirst())
      guard DataChecks.fits(found, expected) else {
        throw ModelError.inputShape(layer: layer, expected: expected, found: found)
      }
    }
    guard batch.targets.count == outputs.count else {
      throw TrainingError.tensorCount(of: "outputs", expected: outputs.count, found: batch.targets.count)
    }
    for index in outputs.indices {
      guard let rule = rules[index] else { continue }
      try DataChecks.checkTargetShape(Array(batch.targets[index].shape.dropFirst()), outputs[index], rule)
    }
    if let weights = batch.weights, weights.shape.dropFirst().contains(where: { $0 != 1 }) {
      throw TrainingError.targetShape(expected: [], found: Array(weights.shape.dropFirst()))
    }
  }

  /// Checks shapes, and every number in the tensors that `looks` selects. Waits for these tensors.
  /// - Parameters:
  ///   - first: The index of the first example, for messages.
  ///   - indices: The indices of all examples, if they are not consecutive.
  ///   - inputs: Whether to check the inputs for NaN and infinities, which requires a pass over all of them.
  func check(
    _ batch: Batch, firstExample first: Int, indices: [Int]? = nil, inputs: Bool = true,
    where looks: (Tensor) -> Bool = { _ in true }
  ) throws {
    try checkShapes(batch)
    try checkNumbers(of: batch, firstExample: first, indices: indices, inputs: inputs, where: looks)
  }

  /// `check` for a batch whose shapes are known to be correct.
  func checkNumbers(
    of batch: Batch, firstExample first: Int, indices: [Int]? = nil, inputs: Bool, where looks: (Tensor) -> Bool
  ) throws {
    let example: (Int) -> Int = { row in indices.map { $0[row] } ?? first + row }
    for tensor in batch.inputs where inputs && looks(tensor) { try DataChecks.checkFinite(tensor, "input", example) }
    try checkTokens(of: batch, example, where: looks)
    for (index, tensor) in batch.targets.enumerated() where looks(tensor) {
      guard let rule = rules[index] else { continue }
      try check(tensor, against: outputs[index], rule, example)
    }
    for metric in classMetrics { try metric.check(batch.targets[metric.output], example) }
    if let weights = batch.weights, looks(weights) {
      for (row, value) in try weights.scalars(as: Double.self).enumerated() where !(value >= 0 && value.isFinite) {
        throw TrainingError.weight(of: "example \(example(row))", value: value)
      }
    }
  }

  /// Throws for a token that an embedding does not have.
  func checkTokens(
    of batch: Batch, _ example: (Int) -> Int = { $0 }, where looks: (Tensor) -> Bool
  ) throws {
    for range in tokens where looks(batch.inputs[range.input]) { try range.check(batch.inputs, example) }
  }

  private func check(_ target: Tensor, against output: [Int], _ rule: TargetRule, _ example: (Int) -> Int) throws {
    try DataChecks.checkFinite(target, "target", example)
    switch rule.resolved(prediction: output, target: Array(target.shape.dropFirst())) {
    case .labels(let ignored):
      try DataChecks.checkLabels(target, classes: output.last ?? 0, ignoring: ignored, example)
    case .probabilities:
      guard target.count > 0, target.dtype != .bool else { return }
      let (low, high) = (try target.min().item(), try target.max().item())
      guard low < 0 || high > 1 else { return }
      let perRow = target.count / target.shape[0]
      for (index, value) in try target.scalars(as: Double.self).enumerated() where value < 0 || value > 1 {
        throw TrainingError.targetValue(
          example: example(index / perRow), value: value, expected: "a number from 0 to 1")
      }
    case .any, .values, .labelsOrDistribution: break
    }
  }
}

extension DataChecks {
  /// Returns whether a shape matches the expected one, in which `anyLength` matches any size.
  static func fits(_ found: [Int], _ expected: [Int]) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { $0 == $1 || $1 == anyLength }
  }

  private static func checkTargetShape(_ found: [Int], _ output: [Int], _ rule: TargetRule) throws {
    let labels = Array(output.dropLast())
    let areLabels = !output.isEmpty && (found == labels || found == labels + [1])
    let areValues = found.withoutTrailingOnes == output.withoutTrailingOnes
    switch rule {
    case .any: return
    case .values, .probabilities: if areValues { return }
    case .labels: if areLabels { return }
    case .labelsOrDistribution: if areLabels || areValues { return }
    }
    let least = found.withoutTrailingOnes.count + (areClasses(rule) ? 1 : 0)
    if output.count > 1, output.withoutTrailingOnes.count > least {
      throw TrainingError.outputAxes(output: output, target: found)
    }
    if case .labels = rule { throw TrainingError.targetShape(expected: labels, found: found) }
    throw TrainingError.targetShape(expected: output, found: found)
  }

  /// Returns whether a target may lack the last axis of the output, which is the class axis.
  private static func areClasses(_ rule: TargetRule) -> Bool {
    switch rule {
    case .labels, .labelsOrDistribution: true
    case .any, .values, .probabilities: false
    }
  }

  /// Throws for a NaN or an infinity. Uses two reductions, and searches only if something is wrong.
  private static func checkFinite(_ tensor: Tensor, _ name: String, _ example: (Int) -> Int) throws {
    if try tensor.isAllFinite() { return }
    let first = try tensor.scalars(as: Double.self).firstIndex { !$0.isFinite } ?? 0
    let row = first / (tensor.count / tensor.shape[0])
    throw TrainingError.notFinite(tensor: name, example: example(row))
  }

  /// Throws for a class index that does not exist.
  static func checkLabels(
    _ target: Tensor, classes: Int, ignoring ignored: Int32?, _ example: (Int) -> Int
  ) throws {
    let perRow = max(target.count / max(target.shape.first ?? 1, 1), 1)
    if target.dtype.isFloatingPoint {
      for (index, value) in try target.scalars(as: Double.self).enumerated() where Int32(exactly: value) == nil {
        throw TrainingError.targetValue(example: example(index / perRow), value: value, expected: "a class number")
      }
    }
    // An int64 that int32 does not represent is named as it is, and is not equal to an ignored label.
    let labels = try target.scalars(as: Int64.self)
    let (range, ignored) = (0..<Int64(Int32(clamping: classes)), ignored.map(Int64.init))
    for (index, label) in labels.enumerated() where !range.contains(label) && label != ignored {
      throw ModelError.label(index: example(index / perRow), value: Int(label), classes: classes)
    }
  }
}
