import BackendCore

/// Calls losses and metrics once on predictions of zeros, to reject those that do not support the shapes before
/// training starts. Built-in losses declare the targets that they expect, so they do not need a trial.
struct MeasureTrial {
  private let model: Model
  /// The shapes of the model's outputs, without the batch axis.
  private let outputs: [[Int]]
  private let example: Batch
  private let examples: Int

  /// - Parameters:
  ///   - example: A batch of the data. Only its first row is used.
  ///   - examples: The number of examples in a batch.
  init(of model: Model, _ outputs: [[Int]], _ example: Batch, examples: Int) {
    self.model = model
    self.outputs = outputs
    self.example = example
    // A batch size that differs from all other sizes, to distinguish the batch axis from other axes.
    let others = Set(outputs.joined()).union(example.targets.flatMap { $0.shape.dropFirst() })
    self.examples = min(examples, (2...).first { !others.contains($0) } ?? 2)
  }

  /// - Throws: `TrainingError.unfit` with the error of the loss or the metric.
  func check(_ terms: [LossTerm], _ metrics: [MetricTerm]) throws {
    let weights = example.weights.map(repeated)
    for term in terms where term.loss.targetRule == .any {
      try check("loss", term.loss.name, term.output) { prediction, target in
        let values = term.loss.values(prediction, target)
        _ = weights?.aligned(toExamplesOf: values)
        if values.dtype.isFloatingPoint { return fault(of: values, prediction, target) }
        return "it gave \(values.dtype) values; expected floating-point ones, which have gradients"
      }
    }
    for term in metrics {
      try check("metric", term.metric.name, term.output) { prediction, target in
        if let perExample = term.metric.perExample {
          let values = perExample(prediction, target)
          _ = weights?.aligned(toExamplesOf: values)
          return fault(of: values, prediction, target)
        }
        var accumulator = term.makeAccumulator()
        accumulator.update(prediction: prediction, target: target, weights: weights)
        return nil
      }
    }
  }

  /// Returns the problem with values that are not one per example or one per position; nil if there is none.
  private func fault(of values: Tensor, _ prediction: Tensor, _ target: Tensor) -> String? {
    let shape = values.shape
    if !shape.isEmpty, prediction.shape.starts(with: shape) || target.shape.starts(with: shape) { return nil }
    return "for \(examples) examples it gave shape \(shape), expected [\(examples)]: one value for each example, as "
      + "`.mean(axis: -1)` gives"
  }

  /// Calls `body`, which returns the problem with the result.
  private func check(
    _ kind: String, _ name: String, _ output: Int, _ body: (_ prediction: Tensor, _ target: Tensor) -> String?
  ) throws {
    guard example.targets.indices.contains(output) else { return }
    let dtype = model.parameters.entries.lazy.compactMap { $0.parameter.slab?.values.dtype }.first ?? .float32
    let prediction = Tensor.zeros([examples] + outputs[output], dtype: dtype, on: model.device)
    let target = repeated(example.targets[output])
    var mistakes: [String] = []
    ProgrammerError.attempt {
      let fault = body(prediction, target.withAxes(of: prediction))
      if let fault, mistakes.isEmpty { mistakes.append(fault) }
    } note: {
      mistakes.append($0)
    }
    if let reason = mistakes.first {
      throw TrainingError.unfit(
        kind, name: name, output: outputs[output], target: target.shape.dropFirst().array, reason: reason)
    }
  }

  private func repeated(_ tensor: Tensor) -> Tensor {
    let row = tensor[0..<1].moved(to: model.device)
    return row.broadcast(to: [examples] + row.shape.dropFirst())
  }
}

/// The trials of a dataset's batches: one for each combination of shapes, element types, and weights that occurs.
final class MeasureTrials {
  /// The properties that determine whether a batch needs a separate trial.
  private struct Kind: Hashable {
    let inputs, targets: [[Int]]
    let dtypes: [DType]
    let isWeighted: Bool

    init(_ batch: Batch) {
      inputs = batch.inputs.map { Array($0.shape.dropFirst()) }
      targets = batch.targets.map { Array($0.shape.dropFirst()) }
      dtypes = (batch.inputs + batch.targets).map(\.dtype)
      isWeighted = batch.weights != nil
    }
  }

  private let model: Model
  private let terms: [LossTerm]
  private let metrics: [MetricTerm]
  /// The use of the data: "training", "validation", or "evaluation".
  private let data: String
  private let batchSize: Int
  private var tried: Set<Kind> = []

  init(_ model: Model, _ terms: [LossTerm], _ metrics: [MetricTerm], data: String, batchSize: Int) {
    self.model = model
    self.terms = terms
    self.metrics = metrics
    self.data = data
    self.batchSize = batchSize
  }

  /// Tries a batch unless a similar one has been tried.
  /// - Parameter number: The position of the batch in the pass, starting at 0; nil for an example tried before the
  ///   first batch.
  /// - Throws: `TrainingError.unfit`, which names the data and the batch.
  func check(_ batch: Batch, number: Int?) throws {
    guard tried.insert(Kind(batch)).inserted else { return }
    let examples = number == nil ? batchSize : batch.count
    let outputs = try model.outputShapes(for: batch.inputs, examples: examples)
    do {
      try MeasureTrial(of: model, outputs, batch, examples: examples).check(terms, metrics)
    } catch TrainingError.unfit(let measure, let name, let output, let target, let reason) {
      let place = number.map { "batch \($0 + 1) of the \(data) data" } ?? "the \(data) data"
      throw TrainingError.unfit(
        measure, name: name, output: output, target: target, reason: "\(reason) (in \(place))")
    }
  }
}
