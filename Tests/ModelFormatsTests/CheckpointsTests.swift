import Datasets
import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct CheckpointsTests {
  static let data = Points.moons(100, seed: 1)

  func model() -> Sequential {
    let model = Sequential {
      Dense(8, activation: .relu)
      Dropout(0.2)
      Dense(2)
    }
    model.compile(
      optimizer: .adam(learningRate: 0.01), loss: .sparseCategoricalCrossEntropy(fromLogits: true), metrics: [.accuracy]
    )
    return model
  }

  @discardableResult
  func train(_ model: Sequential, epochs: Int, seed: UInt64 = 5, _ callbacks: [any Callback]) throws -> History {
    try model.fit(
      Self.data, epochs: epochs, batchSize: 16, validation: .split(0.2), seed: seed, callbacks: callbacks,
      verbosity: .silent)
  }

  func numbers(_ model: Sequential) throws -> [[Float]] {
    try model.parameters.map { try $0.parameter.value.scalars() }
  }

  func losses(_ history: History) -> [[Double?]] {
    history.epochs.map { [$0["loss"], $0["validation_loss"], $0["accuracy"]] }
  }

  /// Ends training after a number of steps.
  final class Interruption: Callback {
    let steps: Int
    init(after steps: Int) { self.steps = steps }
    func stepEnded(_ step: Int, _ run: TrainingRun) { if step == steps { run.stop(reason: "enough") } }
  }

  @Test func trainingGoesOnAsIfItHadNotStopped() throws {
    let folder = try TemporaryFolder()
    let straight = model()
    let expected = try train(straight, epochs: 6, [])
    try train(model(), epochs: 4, [Checkpoints(in: folder("run"))])
    #expect(
      try Folder.names(in: folder("run")) == [
        ".lock", "step-00000010.safetensors", "step-00000015.safetensors", "step-00000020.safetensors",
      ])
    let resumed = model()
    let history = try train(resumed, epochs: 6, [Checkpoints(in: folder("run"), resumes: true)])
    #expect(try numbers(resumed) == numbers(straight))
    #expect(losses(history) == losses(expected) && history.epochs.count == 6)
    // There is nothing left to do.
    let again = model()
    #expect(try train(again, epochs: 6, [Checkpoints(in: folder("run"), resumes: true)]).epochs.count == 6)
    #expect(try numbers(again) == numbers(straight))
  }

  @Test func anInterruptionWithinAnEpochIsResumed() throws {
    let folder = try TemporaryFolder()
    let straight = model()
    try train(straight, epochs: 4, [])
    let run = folder("run")
    try train(model(), epochs: 4, [Checkpoints(in: run, everyEpochs: 2), Interruption(after: 13)])
    #expect(try Checkpoints.latest(in: run) == Folder.join(run, "step-00000013.safetensors"))
    let resumed = model()
    try train(resumed, epochs: 4, [Checkpoints(in: run, everyEpochs: 2, resumes: true)])
    #expect(try numbers(resumed) == numbers(straight))
  }

  @Test func theLastOnesAndTheBestAreKept() throws {
    let folder = try TemporaryFolder()
    let model = model()
    let checkpoints = Checkpoints(in: folder.path, keeping: 2, bestBy: "validation_accuracy")
    let history = try train(model, epochs: 8, [checkpoints])
    #expect(
      try Folder.names(in: folder.path) == [
        ".lock", "best.safetensors", "step-00000035.safetensors", "step-00000040.safetensors",
      ])
    let accuracies = history["validation_accuracy"]
    let best = try #require(accuracies.firstIndex(of: accuracies.max() ?? 0))
    let state = try TrainingState.load(from: Checkpoints.best(in: folder.path))
    #expect(state.epoch == best + 1 && state.history.epochs == Array(history.epochs[...best]))
    // A checkpoint is also a model.
    let copy = try Sequential.load(from: Checkpoints.latest(in: folder.path) ?? "")
    #expect(try numbers(copy) == numbers(model))
    let loaded = Sequential([Dense(8, activation: .relu), Dropout(0.2), Dense(2)])
    try loaded.loadWeights(from: Checkpoints.best(in: folder.path))
    #expect(try loaded.parameters["0.weight"]?.value.scalars() == state.weights["0.weight"]?.scalars())
  }

  @Test func aResumedRunKnowsItsBest() throws {
    let folder = try TemporaryFolder()
    let make = { Checkpoints(in: folder.path, bestBy: "loss", direction: .larger, resumes: true) }
    let history = try train(model(), epochs: 2, [make()])
    #expect(history["loss"][0] > history["loss"][1])
    try train(model(), epochs: 4, [make()])
    #expect(try TrainingState.load(from: Checkpoints.best(in: folder.path)).epoch == 1)
  }

  @Test func checkpointsOfAnotherRunAreNotMixedIn() throws {
    let folder = try TemporaryFolder()
    try train(model(), epochs: 1, [Checkpoints(in: folder.path)])
    #expect(throws: FormatError.self) { try train(model(), epochs: 1, [Checkpoints(in: folder.path)]) }
    let other = Sequential([Dense(3), Dense(2)])
    other.compile(optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
    let before = "step-00000005.safetensors"
    do {
      try train(other, epochs: 2, [Checkpoints(in: folder.path, resumes: true)])
      Issue.record("it was resumed")
    } catch FormatError.parameters(let path, _, _, let shapes) {
      #expect(path == folder(before) && shapes.count == 2)
    }
    #expect(throws: FormatError.self) {
      try train(model(), epochs: 2, seed: 6, [Checkpoints(in: folder.path, resumes: true)])
    }
    let momentum = model()
    momentum.compile(optimizer: .sgd(momentum: 0.9), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
    #expect(throws: FormatError.self) {
      try train(momentum, epochs: 2, [Checkpoints(in: folder.path, resumes: true)])
    }
    #expect(try Folder.names(in: folder.path) == [".lock", before])
  }

  /// Also at the end of an epoch; numbers without an effect may differ.
  @Test(arguments: [10, 12]) func otherStepsAreAnotherRun(last: Int) throws {
    let folder = try TemporaryFolder()
    func train(steps: Int?, microBatchSize: Int?, _ callbacks: [any Callback] = []) throws -> History {
      try model().fit(
        Self.data, epochs: 4, batchSize: 20, microBatchSize: microBatchSize, stepsPerEpoch: steps, seed: 5,
        callbacks: [Checkpoints(in: folder.path, resumes: true)] + callbacks, verbosity: .silent)
    }
    _ = try train(steps: nil, microBatchSize: 5, [Interruption(after: last)])
    for (steps, size, reason) in [
      (3, 5, "steps per epoch 5, now 3"), (nil, 4, "micro-batch size 5, now 4"),
      (2, nil, "micro-batch size 5, now 20; steps per epoch 5, now 2"),
    ] {
      #expect {
        _ = try train(steps: steps, microBatchSize: size)
      } throws: {
        "\($0)".contains("it belongs to another run: \(reason)")
      }
    }
    #expect(try train(steps: 99, microBatchSize: 5).epochs.count == 4)
  }

  @Test func damagedCheckpointsAreErrors() throws {
    let folder = try TemporaryFolder()
    try train(model(), epochs: 1, [Checkpoints(in: folder.path)])
    let path = try #require(try Checkpoints.latest(in: folder.path))
    let bytes = try FileReader.read(path, limit: 1 << 20)
    for length in stride(from: 0, to: bytes.count, by: 97) {
      try folder.write(Array(bytes[..<length]), "cut")
      #expect(throws: FormatError.self) { try TrainingState.load(from: folder("cut")) }
    }
    let whole = try TrainingState.load(from: path)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      try folder.write(damaged, "damaged")
      do {
        // Only in the key of the checksum is a change harmless: the file is then read without verification.
        let state = try TrainingState.load(from: folder("damaged"))
        #expect(state.step == whole.step && state.history.epochs == whole.history.epochs, "byte \(index)")
        for (path, value) in whole.weights.values {
          #expect(try state.weights[path]?.scalars() == value.scalars(), "byte \(index)")
        }
      } catch { #expect(error is FormatError, "byte \(index): \(error)") }
    }
    for text in ["", "{}", "{\"epoch\":-1,\"step\":0,\"batch\":0,\"batchSize\":1,\"seed\":1,\"history\":[]}"] {
      try Safetensors.save([(String, Tensor)](), metadata: ["training": text], to: folder("bad"))
      #expect(throws: FormatError.self) { try TrainingState.load(from: folder("bad")) }
    }
    let head = #"{"epoch":1,"step":2,"batch":0,"batchSize":4,"seed":1,"history":[{"epoch":0,"seconds":1,"names":[],"#
    let good = head + #""values":[]}]}"#
    for (place, name) in [
      (#""epoch":1"#, "epoch"), (#""step":2"#, "step"), (#""batch":0"#, "batch"), (#""batchSize":4"#, "the batch size"),
      (#""epoch":0"#, "an epoch of the history"),
    ] {
      let bad = good.replacing(place, with: place.dropLast() + "9223372036854775807")
      try Safetensors.save([(String, Tensor)](), metadata: ["training": bad], to: folder("bad"))
      #expect {
        try TrainingState.load(from: folder("bad"))
      } throws: { error in
        "\(error)".contains("the state of the run makes no sense: \(name) is 9223372036854775807, not a count")
      }
    }
    try Safetensors.save([(String, Tensor)](), metadata: ["training": good], to: folder("good"))
    let old = try TrainingState.load(from: folder("good"))
    #expect(old.step == 2 && old.stepsPerEpoch == nil && old.microBatchSize == nil)
    try model().saveWeightsAfterBuilding(to: folder("w"))
    #expect(throws: FormatError.malformed(path: folder("w"), reason: "it holds no state of a training run")) {
      try TrainingState.load(from: folder("w"))
    }
  }

  @Test func historiesWithoutNumbersComeBack() throws {
    let folder = try TemporaryFolder()
    let record = EpochRecord(epoch: 0, seconds: 0.1, values: ["loss": .nan, "b": .infinity, "a": -0.0])
    let state = TrainingState(
      epoch: 1, step: 9, batchSize: 3, seed: .max, weights: Snapshot([]),
      optimizer: OptimizerState(step: 9, tensors: []),
      history: History(epochs: [record]))
    try state.save(to: folder("s"))
    let copy = try TrainingState.load(from: folder("s"))
    #expect(copy.seed == .max && copy.step == 9 && copy.batchSize == 3 && copy.batch == 0)
    #expect(copy.history.epochs[0].names == ["loss", "b", "a"])
    #expect(copy.history["loss"][0].isNaN && copy.history["b"] == [.infinity] && copy.history["a"][0].sign == .minus)
  }
}

extension Sequential {
  fileprivate func saveWeightsAfterBuilding(to path: String) throws {
    try build(inputShape: [2], seed: 1)
    try saveWeights(to: path)
  }
}
