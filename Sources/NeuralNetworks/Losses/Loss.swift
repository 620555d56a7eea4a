/// How far a prediction is from its target: one number for each example, and their mean when called.
///
/// ```swift
/// let loss = Loss.meanSquaredError
/// let value = loss(prediction, target)                      // the mean over the batch
/// let weighted = loss(prediction, target, weights: w)       // Σ w·l / Σ w
/// let each = loss.values(prediction, target)                // one number an example
/// ```
///
/// The argument order is prediction, target, as in PyTorch. A loss of one's own is a function of both that returns one value
/// for each example, shape `[N]` (or `[N, …]` where each position counts as an example):
///
/// ```swift
/// extension Loss {
///   static let logCosh = Loss("log_cosh") { prediction, target in
///     let d = prediction - target
///     return (d + (-2 * d).softplus() - 0.6931472).mean(axis: -1)
///   }
/// }
/// ```
public struct Loss: Sendable {
  /// A part of a loss over several outputs.
  package struct Part: Sendable {
    package var output: String
    package var loss: Loss
    package var weight: Double
  }

  /// How the values are computed.
  indirect enum Form: Sendable {
    /// One value for each element of the prediction; an example's value is their mean.
    case elementwise(@Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor)
    /// One value for each example.
    case perExample(@Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor)
    /// One value for each label, and which labels count (1) or are ignored (0).
    case masked(@Sendable (_ prediction: Tensor, _ target: Tensor) -> (values: Tensor, mask: Tensor))
    /// One form for class numbers, another for a distribution over the classes; the shape of the target decides.
    case choice(labels: Form, distribution: Form)
  }

  /// What the loss is called in messages, and as a metric: "mean_squared_error".
  public let name: String
  let form: Form
  /// What `fit` and `evaluate` check targets against before anything runs.
  package let targetRule: TargetRule
  /// The losses of the outputs, by name, when this is `perOutput`; empty otherwise.
  package let parts: [Part]
  /// True for those of this package: a recording of them may be replayed for other numbers.
  let allowsReplay: Bool

  init(_ name: String, targets: TargetRule, allowsReplay: Bool = true, _ form: Form) {
    self.name = name
    self.form = form
    self.allowsReplay = allowsReplay
    targetRule = targets
    parts = []
  }

  init(parts: [Part]) {
    name = "per_output"
    form = .perExample { _, _ in
      fatalError("a loss per output was called with one prediction; call those of its outputs")
    }
    targetRule = .any
    allowsReplay = parts.allSatisfy { $0.loss.allowsReplay }
    self.parts = parts
  }

  /// A loss of one's own. It is computed anew in each step: a training step with it is not replayed from a recording.
  /// - Parameters:
  ///   - name: What it is called in messages.
  ///   - perExample: One value for each example, shape `[N]`.
  public init(_ name: String, _ perExample: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor) {
    self.init(name, targets: .any, allowsReplay: false, .perExample(perExample))
  }

  /// One loss for each output of a model with several, by name; their weighted sum is what is minimised.
  /// - Parameters:
  ///   - losses: The loss of each output.
  ///   - weights: What each is multiplied by; 1 where none is given.
  public static func perOutput(_ losses: KeyValuePairs<String, Loss>, weights: [String: Double] = [:]) -> Loss {
    Loss(parts: losses.map { Part(output: $0.key, loss: $0.value, weight: weights[$0.key] ?? 1) })
  }

  /// The mean over the examples: Σ w·l / Σ w, where w is 1 without weights and l is `values`. It is 0 when all weights are 0.
  /// - Parameters:
  ///   - prediction: What the model gave, `[N, …]`.
  ///   - target: What it should have given.
  ///   - weights: How much each example counts, `[N]`.
  public func callAsFunction(_ prediction: Tensor, _ target: Tensor, weights: Tensor? = nil) -> Tensor {
    reduced(prediction, target, weights: weights).mean
  }

  /// One value for each example: `[N]`, or one for each position where the target has several labels an example. Ignored
  /// labels have the value 0.
  public func values(_ prediction: Tensor, _ target: Tensor) -> Tensor {
    switch resolvedForm(prediction, target) {
    case .elementwise(let body): body(prediction, target).meanOverFeatures()
    case .perExample(let body): body(prediction, target)
    case .masked(let body): body(prediction, target).values
    case .choice: fatalError("a form was not resolved")
    }
  }

  /// The form that fits the shapes; never `choice`.
  func resolvedForm(_ prediction: Tensor, _ target: Tensor) -> Form {
    guard case .choice(let labels, let distribution) = form else { return form }
    return Loss.areLabels(target.shape, for: prediction.shape) ? labels : distribution
  }
}

extension Tensor {
  /// The mean over all axes but the first; a vector or a scalar is returned as it is.
  func meanOverFeatures() -> Tensor {
    guard rank > 1 else { return self }
    let examples = shape[0]
    guard count > examples else { return reshaped([examples]) }
    return reshaped([examples, count / Swift.max(examples, 1)]).mean(axis: 1)
  }
}
