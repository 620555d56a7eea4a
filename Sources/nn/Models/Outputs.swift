import ModelFormats
import NeuralNetworks

extension Model {
  /// Whether the last layer is a softmax, so that the outputs are probabilities and not logits.
  /// - Parameter inputShape: The shape of one example. Not required if the model knows it.
  func endsInProbabilities(inputShape: [Int]? = nil) -> Bool {
    let shape = inputShapes.isEmpty ? inputShape : nil
    guard let diagram = try? diagram(inputShape: shape) else { return false }
    let sources = Set(diagram.edges.map(\.from))
    let function: ActivationFunction? =
      switch diagram.vertices.indices.last(where: { !sources.contains($0) }).flatMap({ diagram.vertices[$0].module }) {
      case let layer as Dense: layer.activation
      case let layer as Activation: layer.function
      default: nil
      }
    return function?.name == ActivationFunction.softmax.name
  }

  /// The loss of a task for the outputs of this model. For regression, the loss is scaled by the variance of the
  /// training targets if the model knows it, so that learning rates do not depend on the unit of the values.
  func loss(for task: LearningTask, inputShape: [Int]? = nil) -> Loss {
    switch task {
    case .classification: return .crossEntropy(fromLogits: !endsInProbabilities(inputShape: inputShape))
    case .regression:
      let last = (network as? Sequential)?.layers.last as? Normalization
      let deviation = last.flatMap { $0.isInverted ? try? $0.standardDeviation.value.scalars(as: Double.self) : nil }?
        .first
      return .meanSquaredError.scaled(by: deviation.map { 1 / ($0 * $0) } ?? 1)
    }
  }

  /// The shape of one output for inputs of this shape, both without the batch axis; `anyLength` for a variable extent.
  /// - Throws: `ModelError` if the model does not accept such inputs.
  func outputShape(for inputShape: [Int]) throws -> [Int] { try outputShapes(forInputShapes: [inputShape])[0] }

  /// The class probabilities for each of these inputs.
  func probabilities(of inputs: Tensor) throws -> [[Float]] {
    let outputs = try predict(inputs, batchSize: 256)
    let classes = outputs.shape[1]
    let values = try (endsInProbabilities() ? outputs : outputs.softmax()).scalars()
    return stride(from: 0, to: values.count, by: classes).map { Array(values[$0..<$0 + classes]) }
  }

  /// The predicted value for each of these inputs.
  func values(of inputs: Tensor) throws -> [Float] { try predict(inputs, batchSize: 256).scalars() }
}

extension LearningTask {
  /// The report of a command, with the task added for regression.
  func named(in report: JSONValue) -> JSONValue {
    guard self == .regression, var object = report.object else { return report }
    object["task"] = .string(rawValue)
    return .object(object)
  }

  /// The metrics in addition to the loss, with the names of `Scoring`.
  var metrics: [Metric] {
    switch self {
    case .classification: [.accuracy]
    case .regression:
      [("mae", Metric.meanAbsoluteError), ("rmse", .rootMeanSquaredError), ("r2", .r2Score)].map { name, metric in
        Metric(name, accumulator: { metric.makeAccumulator() })
      }
    }
  }
}
