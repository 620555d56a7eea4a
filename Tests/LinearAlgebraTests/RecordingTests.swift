import LinearAlgebra
import NeuralNetworks
import TestSupport
import Testing

/// Functions of matrices in layers and recordings.
@Suite struct RecordingTests {
  /// A recording does not contain work of the host, so a function that does such work cannot be repeated.
  @Test(arguments: TestDevices.hosts)
  func isNotRepeatable(_ device: Device) throws {
    let x = positiveDefinite([3, 3], on: device)
    let (results, function) = try RecordedFunction.record(on: device, like: [x]) { [try $0[0].cholesky()] }
    #expect(function == nil)
    try expectEqual(results[0], x.cholesky())
  }

  /// The Cholesky factor of each example, shifted by a parameter. The shapes of its results are inferred without numbers.
  final class Root: Layer {
    let shift = Parameter([3, 3], .zeros)
    let allowsReplay = true

    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      do { return try (x + shift.value).cholesky() } catch { return Tensor.full(like: x, .nan) + shift.value }
    }
  }

  private func model() throws -> Sequential {
    let model = Sequential(inputShape: [3, 3]) {
      Root()
      Flatten()
      Dense(1)
    }
    model.compile(optimizer: .sgd(learningRate: 0.1), loss: .meanSquaredError)
    try model.build(seed: 1)
    return model
  }

  /// A prediction and a training step compute with the current numbers, also at the third call, when others are replayed.
  @Test func layers() throws {
    let (model, predictor) = (try model(), Predictor(try self.model()))
    for scale in [1.0, 2, 3, 4] {
      let x = positiveDefinite([2, 3, 3], on: .cpu) * scale
      try expectEqual(predictor.predict(x), model(x, .inference))
    }
    let data = TensorDataset(positiveDefinite([16, 3, 3], on: .cpu), .ones([16, 1]))
    let history = try model.fit(data, epochs: 5, batchSize: 4, seed: 1, verbosity: .silent)
    let losses = history.epochs.compactMap { $0["loss"] }
    #expect(losses.count == 5 && losses[4] < losses[0] / 2)
  }
}
