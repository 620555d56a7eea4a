/// Functions that `evaluate` and `predict` call around their batches (Keras' `on_test_begin`, `on_test_batch_end`,
/// `on_predict_begin`, and so on). Batches are counted from 0.
///
/// ```swift
/// let report = BatchCallback(batchEnded: { batch, outputs in print(batch, outputs[0].shape) })
/// let scores = try model.evaluate(data, callbacks: [report])
/// ```
///
/// If a function throws, `evaluate` or `predict` ends with the error at once. In `fit`, use a `Callback`, which is also
/// called around validation.
public struct BatchCallback {
  let began: (_ batches: Int) throws -> Void
  let batchBegan: (_ batch: Int) throws -> Void
  let batchEnded: (_ batch: Int, _ outputs: [Tensor]) throws -> Void
  let ended: () throws -> Void

  /// Creates a callback from closures.
  /// - Parameters:
  ///   - began: Called before the first batch, with the number of batches.
  ///   - batchBegan: Called before each batch, with its number.
  ///   - batchEnded: Called after each batch, with its number and the outputs of the model, one tensor per output. The
  ///     device may still be working.
  ///   - ended: Called after the last batch; not after an error.
  public init(
    began: @escaping (_ batches: Int) throws -> Void = { _ in },
    batchBegan: @escaping (_ batch: Int) throws -> Void = { _ in },
    batchEnded: @escaping (_ batch: Int, _ outputs: [Tensor]) throws -> Void = { _, _ in },
    ended: @escaping () throws -> Void = {}
  ) {
    self.began = began
    self.batchBegan = batchBegan
    self.batchEnded = batchEnded
    self.ended = ended
  }
}

extension [BatchCallback] {
  func began(examples: Int, batchSize: Int) throws {
    let batches = examples / batchSize + (examples % batchSize == 0 ? 0 : 1)
    for callback in self { try callback.began(batches) }
  }

  /// Returns the outputs of a batch, which `body` computes.
  func around(_ batch: Int, _ body: () throws -> [Tensor]) throws -> [Tensor] {
    for callback in self { try callback.batchBegan(batch) }
    let outputs = try body()
    for callback in self { try callback.batchEnded(batch, outputs) }
    return outputs
  }

  func ended() throws {
    for callback in self { try callback.ended() }
  }
}
