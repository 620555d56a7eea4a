/// The error of a prediction relative to its target: one number per example, and their mean when called.
///
/// ```swift
/// let loss = Loss.meanSquaredError
/// let value = loss(prediction, target)                      // the mean over the batch
/// let weighted = loss(prediction, target, weights: w)       // Σ w·l / Σ w
/// let each = loss.values(prediction, target)                // one number an example
/// ```
///
/// The argument order is prediction, target, as in PyTorch. A custom loss is a function of both that returns one value
/// per example, shape `[N]` (or `[N, …]` if each position counts as an example):
///
/// ```swift
/// extension Loss {
///   static let pinball = Loss("pinball", allowsReplay: true) { prediction, target in
///     let d = target - prediction
///     return (0.9 * d).maximum(-0.1 * d).mean(axis: -1)
///   }
/// }
/// ```
public struct Loss: Sendable {
  /// One part of a loss over several outputs.
  package struct Part: Sendable {
    package var output: String
    package var loss: Loss
    package var weight: Double
  }

  /// The computation of the values.
  indirect enum Form: Sendable {
    /// One value per element of the prediction; the value of an example is their mean.
    case elementwise(@Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor)
    /// One value per example.
    case perExample(@Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor)
    /// One value per label, and a mask of the labels that count (1) or are ignored (0).
    case masked(@Sendable (_ prediction: Tensor, _ target: Tensor) -> (values: Tensor, mask: Tensor))
    /// One form for class indices, another for a distribution over the classes; the shape of the target determines
    /// which.
    case choice(labels: Form, distribution: Form)
  }

  /// The name of the loss in messages and as a metric, such as "mean_squared_error".
  public let name: String
  let form: Form
  /// The rule for checking targets in `fit` and `evaluate` before anything runs.
  package let targetRule: TargetRule
  /// The meaning of a model's outputs for this loss.
  package let meaning: OutputMeaning
  /// The losses of the outputs by name if this is a `perOutput` loss; empty otherwise.
  package let parts: [Part]
  /// The outputs for which `perOutput` was given weights.
  let weightedOutputs: [String]
  /// Whether a recording of the loss can be replayed with other numbers; true for losses of this package.
  public let allowsReplay: Bool

  init(_ name: String, targets: TargetRule, outputs: OutputMeaning, allowsReplay: Bool = true, _ form: Form) {
    self.name = name
    self.form = form
    self.allowsReplay = allowsReplay
    targetRule = targets
    meaning = outputs
    parts = []
    weightedOutputs = []
  }

  init(parts: [Part], weightedOutputs: [String]) {
    name = "per_output"
    self.weightedOutputs = weightedOutputs
    meaning = .any
    form = .perExample { _, _ in
      ProgrammerError.end("a loss per output was called with one prediction; call those of its outputs")
    }
    targetRule = .any
    allowsReplay = parts.allSatisfy { $0.loss.allowsReplay }
    self.parts = parts
  }

  /// Creates a custom loss.
  /// - Parameters:
  ///   - name: The name in messages and as a metric.
  ///   - allowsReplay: Whether a recording of the loss can be replayed with other numbers, as for `Layer.allowsReplay`.
  ///     This requires that `perExample` does nothing on the host that depends on the values of tensors or on the time
  ///     of the call: it computes with its arguments, constants, and numbers that never change. Otherwise, and by
  ///     default, `perExample` is called in each step, and no part of a training step with it is replayed.
  ///   - perExample: Returns one value per example, shape `[N]`, or one per position, `[N, …]`. `fit` and `evaluate`
  ///     reject any other result.
  public init(
    _ name: String, allowsReplay: Bool = false,
    _ perExample: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor
  ) {
    self.init(name, targets: .any, outputs: .any, allowsReplay: allowsReplay, .perExample(perExample))
  }

  /// Returns a loss for a model with several outputs: the weighted sum of one loss per output, by name. `fit` and
  /// `evaluate` also report the loss of each output, without its weight, as `name_loss` (as Keras does).
  /// - Parameters:
  ///   - losses: The loss of each output.
  ///   - weights: The weight of each loss; 1 by default. A loss with a negative weight is maximized. `fit` throws for
  ///     NaN and infinities.
  public static func perOutput(_ losses: KeyValuePairs<String, Loss>, weights: [String: Double] = [:]) -> Loss {
    Loss(
      parts: losses.map { Part(output: $0.key, loss: $0.value, weight: weights[$0.key] ?? 1) },
      weightedOutputs: weights.keys.sorted())
  }

  /// Returns this loss multiplied by a number.
  package func scaled(by factor: Double) -> Loss {
    Loss(name, targets: targetRule, outputs: meaning, allowsReplay: allowsReplay, form.scaled(by: factor))
  }

  /// Returns the mean over the examples: Σ w·l / Σ w, where w is 1 without weights and l is `values`. The result is 0
  /// if all weights are 0.
  /// - Parameters:
  ///   - prediction: The output of the model, `[N, …]`.
  ///   - target: The expected output.
  ///   - weights: The weight of each example, `[N]`.
  public func callAsFunction(_ prediction: Tensor, _ target: Tensor, weights: Tensor? = nil) -> Tensor {
    reduced(prediction, target, weights: weights).mean
  }

  /// Returns one value per example, `[N]`, or one per position if the target has several labels per example. The value
  /// of ignored labels is 0.
  public func values(_ prediction: Tensor, _ target: Tensor) -> Tensor {
    switch resolvedForm(prediction, target) {
    case .elementwise(let body): body(prediction, target).meanOverFeatures()
    case .perExample(let body): body(prediction, target)
    case .masked(let body): body(prediction, target).values
    case .choice: fatalError("a form was not resolved")
    }
  }

  /// Returns the values, and the mask of those that count; a nil mask means that all count.
  func maskedValues(_ prediction: Tensor, _ target: Tensor) -> (values: Tensor, counted: Tensor?) {
    guard case .masked(let body) = resolvedForm(prediction, target) else { return (values(prediction, target), nil) }
    let (values, mask) = body(prediction, target)
    return (values, mask)
  }

  /// Returns the form that fits the shapes; never `choice`.
  func resolvedForm(_ prediction: Tensor, _ target: Tensor) -> Form {
    guard case .choice(let labels, let distribution) = form else { return form }
    return Loss.areLabels(target.shape, for: prediction.shape) ? labels : distribution
  }
}

extension Loss.Form {
  fileprivate func scaled(by factor: Double) -> Loss.Form {
    switch self {
    case .elementwise(let body): .elementwise { body($0, $1) * factor }
    case .perExample(let body): .perExample { body($0, $1) * factor }
    case .masked(let body):
      .masked { prediction, target in
        let (values, mask) = body(prediction, target)
        return (values * factor, mask)
      }
    case .choice(let labels, let distribution):
      .choice(labels: labels.scaled(by: factor), distribution: distribution.scaled(by: factor))
    }
  }
}

extension Tensor {
  /// Returns the mean over all axes except the first. A vector or a scalar is returned unchanged.
  func meanOverFeatures() -> Tensor {
    guard rank > 1 else { return self }
    let examples = shape[0]
    guard count > examples else { return reshaped([examples]) }
    return reshaped([examples, count / Swift.max(examples, 1)]).mean(axis: 1)
  }
}
