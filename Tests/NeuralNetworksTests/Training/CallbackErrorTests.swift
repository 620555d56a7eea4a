import Testing

@testable import NeuralNetworks

/// What ends training with an error costs nothing of what has been trained.
@Suite struct CallbackErrorTests {
  struct Failure: Error, Equatable { var number = 1 }

  /// Keeps the weights of the last time that it was told.
  final class Saver: SavingCallback {
    var told: [String] = []
    var weights: [Float] = []
    var failure: Failure?
    private func save(_ name: String, _ run: TrainingRun) throws {
      told.append(name)
      weights = try run.state().weights.values.flatMap { try $0.value.scalars() }
      if let failure { throw failure }
    }
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try save("epoch \(run.epoch)", run) }
    func trainingEnded(_ run: TrainingRun) throws { try save("end \(run.epoch).\(run.batch)", run) }
  }

  private func fit(
    _ callbacks: [any Callback], _ data: some Dataset = Corners.data(), learningRate: Double = 0.1,
    validation: Validation? = nil
  ) throws -> [Float] {
    let model = Corners.model()
    model.compile(optimizer: .sgd(learningRate: learningRate), loss: .crossEntropy())
    do {
      try model.fit(
        data, epochs: 3, batchSize: 16, validation: validation, shuffle: false, callbacks: callbacks, verbosity: .silent
      )
      Issue.record("nothing was thrown")
    } catch let failure as Failure {
      #expect(failure == Failure(), "the first error is the one that is thrown")
    }
    return try model.numbers()
  }

  @Test func anEpochIsSavedThoughAnotherCallbackThrows() throws {
    let saver = Saver()
    var others = 0
    let failing = ClosureCallback(epochEnded: { epoch, _ in if epoch.epoch == 1 { throw Failure() } })
    let failingToo = ClosureCallback(epochEnded: { epoch, _ in if epoch.epoch == 1 { throw Failure(number: 2) } })
    let counting = ClosureCallback(epochEnded: { _, _ in others += 1 })
    let trained = try fit([failing, saver, failingToo, counting])
    #expect(saver.told == ["epoch 1", "epoch 2", "end 2.0"] && others == 2)
    #expect(saver.weights == trained)
  }

  @Test func stepsAreSavedThoughACallbackThrowsAmongThem() throws {
    let saver = Saver()
    let failing = ClosureCallback(stepEnded: { step, _ in if step == 8 { throw Failure() } })
    let trained = try fit([failing, saver])
    #expect(saver.told == ["epoch 1", "end 1.2"] && saver.weights == trained)
  }

  /// A dataset whose examples cannot be read from one on.
  struct Torn: Dataset {
    let whole = Corners.data()
    let readable: Int
    var count: Int { whole.count }
    func batch(at indices: [Int]) throws -> Batch {
      if indices.contains(where: { $0 >= readable }) { throw Failure() }
      return try whole.batch(at: indices)
    }
  }

  @Test func stepsAreSavedThoughTheDataFail() throws {
    let saver = Saver()
    let trained = try fit([saver], Torn(readable: 50))
    #expect(saver.told == ["end 0.3"] && saver.weights == trained)
  }

  @Test func anEpochIsSavedThoughItsValidationFails() throws {
    let saver = Saver()
    let trained = try fit([saver], validation: .data(Torn(readable: 50)))
    #expect(saver.told == ["end 0.6"] && saver.weights == trained)
  }

  /// There is nothing to keep of a run that has gone astray.
  @Test func aLossThatIsNotFiniteIsNotSaved() throws {
    let saver = Saver()
    let failing = ClosureCallback(epochEnded: { epoch, _ in if epoch["loss"]?.isFinite != true { throw Failure() } })
    _ = try fit([failing, saver], learningRate: 3e38)
    #expect(!saver.told.contains { $0.hasPrefix("end") } && saver.told.count < 2, "\(saver.told)")
  }

  @Test func theErrorOfASaverComesAfterThatOfWhatFailedFirst() throws {
    let saver = Saver()
    saver.failure = Failure(number: 3)
    _ = try fit([ClosureCallback(epochEnded: { _, _ in throw Failure() }), saver])
    #expect(saver.told == ["epoch 1", "end 1.0"])
  }

  @Test func nothingIsSavedOfARunThatHasNotBegun() throws {
    let saver = Saver()
    _ = try fit([ClosureCallback(trainingBegan: { _ in throw Failure() }), saver])
    #expect(saver.told.isEmpty)
  }
}
