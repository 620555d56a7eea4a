import Datasets
import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// What fails next to the checkpoints of a run costs none of the epochs that were trained.
@Suite struct CheckpointRescueTests {
  /// The weights of the last checkpoint in a folder.
  private func lastWeights(_ folder: String) throws -> (epochs: Int, weights: [Float]) {
    let file = try Safetensors(try #require(try Checkpoints.latest(in: folder)))
    let state = try TrainingState.load(from: file)
    return (state.history.epochs.count, try state.weights.values.flatMap { try $0.value.scalars() })
  }

  /// What may fail next to the checkpoints of a run in its second epoch.
  enum Mishap: String, CaseIterable, Sendable { case log, table, events, callback }

  @Test(arguments: Mishap.allCases, [false, true])
  func anEpochIsSavedThoughSomethingElseFails(_ mishap: Mishap, savesFirst: Bool) throws {
    let folder = try TemporaryFolder()
    let other: any Callback =
      switch mishap {
      case .log: JSONLinesLogger(to: folder("other"))
      case .table: CSVLogger(to: folder("other"))
      case .events: TensorBoardLogger(in: folder("other"))
      case .callback:
        ClosureCallback(epochEnded: { epoch, _ in if epoch.epoch == 1 { throw FileError.missing(path: "other") } })
      }
    let remover = ClosureCallback(stepEnded: { step, run in
      guard run.epoch == 1, mishap != .callback else { return }
      if mishap == .events {
        let train = Folder.join(folder("other"), "train")
        for name in try Folder.names(in: train) { try Folder.remove(Folder.join(train, name)) }
      } else if Folder.exists(folder("other")) {
        try Folder.remove(folder("other"))
      }
    })
    let model = Sequential([Dense(2)])
    model.compile(optimizer: .sgd(learningRate: 0.1), loss: .crossEntropy())
    let saver = Checkpoints(in: folder("run"))
    let callbacks: [any Callback] = savesFirst ? [saver, remover, other] : [remover, other, saver]
    #expect(throws: (any Error).self) {
      try model.fit(Points.moons(40), epochs: 4, batchSize: 10, callbacks: callbacks, verbosity: .silent)
    }
    let found = try lastWeights(folder("run"))
    #expect(found.epochs == 2)
    #expect(try found.weights == model.snapshot().values.flatMap { try $0.value.scalars() })
  }
}
