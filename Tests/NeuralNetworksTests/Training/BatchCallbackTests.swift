import NeuralNetworks
import Testing

/// Callbacks of `evaluate` and `predict`.
@Suite struct BatchCallbackTests {
  private struct Refused: Error, Equatable {
    let batch: Int
  }

  private final class Log {
    var events: [String] = []
    var outputs: [Tensor] = []

    var callback: BatchCallback {
      BatchCallback(
        began: { self.events.append("began \($0)") }, batchBegan: { self.events.append("batch \($0)") },
        batchEnded: { batch, outputs in
          self.events.append("ended \(batch) \(outputs.map(\.shape))")
          self.outputs.append(outputs[0])
        }, ended: { self.events.append("ended") })
    }
  }

  private func model() -> Sequential {
    let model = Sequential(inputShape: [3]) { Dense(2) }
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    return model
  }

  private let data = TensorDataset(.normal([5, 3], using: RandomStream(seed: 1)), .zeros([5, 2]))

  private static let expected = [
    "began 3", "batch 0", "ended 0 [[2, 2]]", "batch 1", "ended 1 [[2, 2]]", "batch 2", "ended 2 [[1, 2]]", "ended",
  ]

  @Test func evaluationIsObserved() throws {
    let (model, log) = (model(), Log())
    let scores = try model.evaluate(data, batchSize: 2, callbacks: [log.callback])
    #expect(log.events == Self.expected)
    #expect(try scores.loss == model.evaluate(data, batchSize: 2).loss)
    let tensors = Log()
    _ = try model.evaluate(data.inputs, data.targets, batchSize: 2, callbacks: [tensors.callback])
    #expect(tensors.events == Self.expected)
  }

  @Test func predictionIsObserved() throws {
    let model = model()
    let expected = try model.predict(data.inputs).scalars()
    let (tensors, dataset, whole) = (Log(), Log(), Log())
    #expect(try model.predict(data.inputs, batchSize: 2, callbacks: [tensors.callback]).scalars() == expected)
    #expect(try model.predict(data, batchSize: 2, callbacks: [dataset.callback]).scalars() == expected)
    for log in [tensors, dataset] {
      #expect(log.events == Self.expected)
      #expect(try Tensor.concatenated(log.outputs).scalars() == expected)
    }
    _ = try model.predict(data.inputs, callbacks: [whole.callback])
    #expect(whole.events == ["began 1", "batch 0", "ended 0 [[5, 2]]", "ended"])
  }

  /// An error ends the work at once, in the order of the callbacks.
  @Test func errorsEndTheWork() throws {
    let (model, log, later) = (model(), Log(), Log())
    let stop = BatchCallback(batchBegan: { if $0 == 1 { throw Refused(batch: $0) } })
    #expect(throws: Refused(batch: 1)) {
      _ = try model.evaluate(data, batchSize: 2, callbacks: [log.callback, stop, later.callback])
    }
    #expect(log.events == Array(Self.expected[..<4]) && later.events == Array(Self.expected[..<3]))
    #expect(throws: Refused(batch: 1)) { _ = try model.predict(data.inputs, batchSize: 2, callbacks: [stop]) }
  }
}
