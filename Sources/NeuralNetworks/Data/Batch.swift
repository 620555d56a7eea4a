/// A batch of examples: inputs and targets with a leading batch axis, and optional example weights.
public struct Batch: Sendable {
  /// One tensor per input of the model, `[N, …]`.
  public var inputs: [Tensor]
  /// One tensor per output of the model, `[N, …]`. Class indices are int32 `[N]`.
  public var targets: [Tensor]
  /// The weight of each example, `[N]`; nil for equal weights.
  public var weights: Tensor?

  /// Creates a batch for a model with several inputs or outputs.
  public init(inputs: [Tensor], targets: [Tensor], weights: Tensor? = nil) {
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
  }

  /// Creates a batch for a model with one input and one output.
  public init(input: Tensor, target: Tensor, weights: Tensor? = nil) {
    self.init(inputs: [input], targets: [target], weights: weights)
  }

  /// The first input.
  public var input: Tensor { first(of: inputs, "inputs") }
  /// The first target.
  public var target: Tensor { first(of: targets, "targets") }
  private func first(of tensors: [Tensor], _ name: String) -> Tensor {
    guard let first = tensors.first else { ProgrammerError.end("Batch: there are no \(name)") }
    return first
  }

  /// The number of examples.
  public var count: Int { inputs.first?.shape.first ?? 0 }

  /// Returns the batch on another device. Tensors that are already there are not copied.
  public func moved(to device: Device) -> Batch {
    let move: (Tensor) -> Tensor = { $0.device == device ? $0 : $0.moved(to: device) }
    return Batch(inputs: inputs.map(move), targets: targets.map(move), weights: weights.map(move))
  }
}
