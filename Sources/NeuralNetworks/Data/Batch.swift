/// Some examples: inputs and targets with one leading axis, and how much each example counts.
public struct Batch: Sendable {
  /// One tensor for each input of the model, `[N, …]`.
  public var inputs: [Tensor]
  /// One tensor for each output of the model, `[N, …]`; class numbers are int32 `[N]`.
  public var targets: [Tensor]
  /// How much each example counts, `[N]`; nil: all the same.
  public var weights: Tensor?

  /// A batch for a model with several inputs or outputs.
  public init(inputs: [Tensor], targets: [Tensor], weights: Tensor? = nil) {
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
  }

  /// A batch for a model with one input and one output.
  public init(input: Tensor, target: Tensor, weights: Tensor? = nil) {
    self.init(inputs: [input], targets: [target], weights: weights)
  }

  /// The first input.
  public var input: Tensor { inputs[0] }
  /// The first target.
  public var target: Tensor { targets[0] }
  /// The number of examples.
  public var count: Int { inputs.first?.shape.first ?? 0 }

  /// The same batch on another device; tensors that are there already are not copied.
  public func moved(to device: Device) -> Batch {
    let move: (Tensor) -> Tensor = { $0.device == device ? $0 : $0.moved(to: device) }
    return Batch(inputs: inputs.map(move), targets: targets.map(move), weights: weights.map(move))
  }
}
