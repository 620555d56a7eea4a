import Synchronization

/// A model given away for inference: nobody can change it any more, and any number of tasks may call it at once.
///
/// ```swift
/// let predictor = Predictor(try Sequential.load(from: "model.safetensors", on: .best()))
/// let answer = try predictor.predict(images)
/// ```
///
/// It takes the model, and with it whatever can reach it; a later use of the model does not compile.
public final class Predictor: @unchecked Sendable {
  // The model is reached through this object alone. It changes only while `building` is locked; after that it is only read.
  private let model: Model
  private let building = Mutex(())

  /// - Parameter model: Is built by the first prediction, if it is not built yet.
  public init(_ model: sending Model) { self.model = model }

  /// What the model gives for inputs `[N, …]`, all at once, on the model's device. Inputs on another device are copied.
  /// - Throws: `ModelError.inputShape`; `TrainingError.emptyData`; `DeviceError`.
  public func predict(_ inputs: Tensor) throws -> Tensor { try predict([inputs])[0] }

  /// What a model with several inputs or outputs gives: one tensor for each output.
  public func predict(_ inputs: [Tensor]) throws -> [Tensor] {
    // Looking at the shapes may build the model.
    try building.withLock { _ in _ = try model.prepared(forPredicting: inputs) }
    let device = model.device
    let outputs = withoutGradient {
      model.forward(inputs.map { $0.device == device ? $0 : $0.moved(to: device) }, .inference)
    }
    for output in outputs { try output.checkPoison() }
    return outputs
  }
}
