// swift-format-ignore-file: AlwaysUseLowerCamelCase

// Methods that resemble those of `Callback`: with other labels, types, or orders, `async` ones, and those with names
// from Keras and PyTorch Lightning. `fit` rejects a callback that has one of them in place of the correct one. They are
// never called.
//
// Swift cannot list the methods of a class at run time, so each detectable spelling is declared here. As in `Callback`,
// a result other than `NotImplemented` shows that a type has the method. The methods are divided among several
// protocols, because the compiler needs exponential time to infer the results of many methods in one protocol.

/// The misspelled methods that `fit` detects.
public protocol MisspelledCallback: MisspelledTrainingBegan, MisspelledEpochEnded, MisspelledEpochOrder,
  MisspelledEpochName,
  MisspelledStepEnded, MisspelledStepName, MisspelledTrainingEnded, MisspelledEpochBegan, MisspelledStepBegan,
  MisspelledValidationBegan, MisspelledValidationEnded
{}

/// A method that is never called.
struct MisspelledMethod {
  /// The name of the method in messages.
  let name: String
  /// Whether the type implements the method.
  let isImplemented: Bool

  init(_ name: String, _ result: Any.Type) {
    self.name = name
    isImplemented = MisspelledMethod.isImplemented(result)
  }

  /// Returns whether a type implements the method with this result.
  static func isImplemented(_ result: Any.Type) -> Bool { result != NotImplemented.self }
}

extension Callback {
  /// Throws for a callback whose methods would never be called.
  /// - Throws: `TrainingError.callback`.
  static func checkMethods() throws {
    let methods: [(signature: String, result: Any.Type, misspellings: [MisspelledMethod])] = [
      ("trainingBegan(_ run: TrainingRun)", TrainingBegan.self, trainingBeganSpellings),
      ("epochBegan(_ epoch: Int, _ run: TrainingRun)", EpochBegan.self, epochBeganSpellings),
      (
        "epochEnded(_ epoch: EpochRecord, _ run: TrainingRun)", EpochEnded.self,
        epochEndedSpellings + epochOrderSpellings + epochNameSpellings
      ),
      ("stepBegan(_ step: Int, _ run: TrainingRun)", StepBegan.self, stepBeganSpellings),
      ("stepEnded(_ step: Int, _ run: TrainingRun)", StepEnded.self, stepEndedSpellings + stepNameSpellings),
      ("validationBegan(_ run: TrainingRun)", ValidationBegan.self, validationBeganSpellings),
      ("validationEnded(_ scores: Scores, _ run: TrainingRun)", ValidationEnded.self, validationEndedSpellings),
      ("trainingEnded(_ run: TrainingRun)", TrainingEnded.self, trainingEndedSpellings),
    ]
    let missing = methods.filter { !MisspelledMethod.isImplemented($0.result) }
    for method in missing {
      guard let misspelled = method.misspellings.first(where: \.isImplemented) else { continue }
      throw TrainingError.callback(
        "\(Self.self)",
        reason: "its method \(misspelled.name) is never called; it must be exactly func \(method.signature) throws")
    }
    if missing.count == methods.count {
      throw TrainingError.callback(
        "\(Self.self)",
        reason: "it has none of the methods that fit calls, which are exactly "
          + methods.map { "func \($0.signature) throws" }.joined(separator: ", "))
    }
  }
}

/// Misspellings of `Callback.trainingBegan`. A correct method that is not async also satisfies the async requirement.
public protocol MisspelledTrainingBegan: AnyObject {
  associatedtype BeganSpelling1 = NotImplemented
  associatedtype BeganSpelling2 = NotImplemented
  associatedtype BeganSpelling3 = NotImplemented
  associatedtype BeganSpelling4 = NotImplemented
  associatedtype BeganSpelling5 = NotImplemented
  associatedtype BeganSpelling6 = NotImplemented
  associatedtype BeganSpelling7 = NotImplemented

  func trainingBegan(_ run: TrainingRun) async throws -> BeganSpelling1
  func trainingBegan(run: TrainingRun) throws -> BeganSpelling2
  func trainingBegan() throws -> BeganSpelling3
  func onTrainBegin(_ run: TrainingRun) throws -> BeganSpelling4
  func on_train_begin(_ run: TrainingRun) throws -> BeganSpelling5
  func onTrainStart(_ run: TrainingRun) throws -> BeganSpelling6
  func trainingStarted(_ run: TrainingRun) throws -> BeganSpelling7
}

extension MisspelledTrainingBegan {
  public func trainingBegan(run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func trainingBegan() -> NotImplemented { NotImplemented() }
  public func onTrainBegin(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_train_begin(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onTrainStart(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func trainingStarted(_ run: TrainingRun) -> NotImplemented { NotImplemented() }

  static var trainingBeganSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("trainingBegan (async)", BeganSpelling1.self),
      MisspelledMethod("trainingBegan", BeganSpelling2.self), MisspelledMethod("trainingBegan", BeganSpelling3.self),
      MisspelledMethod("onTrainBegin", BeganSpelling4.self), MisspelledMethod("on_train_begin", BeganSpelling5.self),
      MisspelledMethod("onTrainStart", BeganSpelling6.self), MisspelledMethod("trainingStarted", BeganSpelling7.self),
    ]
  }
}

/// Misspellings of `Callback.epochEnded`. A correct method that is not async also satisfies the async requirement.
public protocol MisspelledEpochEnded: AnyObject {
  associatedtype EpochSpelling1 = NotImplemented
  associatedtype EpochSpelling2 = NotImplemented
  associatedtype EpochSpelling3 = NotImplemented
  associatedtype EpochSpelling4 = NotImplemented
  associatedtype EpochSpelling5 = NotImplemented
  associatedtype EpochSpelling6 = NotImplemented
  associatedtype EpochSpelling7 = NotImplemented
  associatedtype EpochSpelling8 = NotImplemented

  func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) async throws -> EpochSpelling1
  func epochEnded(epoch: EpochRecord, run: TrainingRun) throws -> EpochSpelling2
  func epochEnded(_ epoch: EpochRecord, run: TrainingRun) throws -> EpochSpelling3
  func epochEnded(epoch: EpochRecord, _ run: TrainingRun) throws -> EpochSpelling4
  func epochEnded(_ epoch: EpochRecord, in run: TrainingRun) throws -> EpochSpelling5
  func epochEnded(_ epoch: EpochRecord) throws -> EpochSpelling6
  func epochEnded(_ run: TrainingRun) throws -> EpochSpelling7
  func epochEnded() throws -> EpochSpelling8
}

extension MisspelledEpochEnded {
  public func epochEnded(epoch: EpochRecord, run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochEnded(_ epoch: EpochRecord, run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochEnded(epoch: EpochRecord, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochEnded(_ epoch: EpochRecord, in run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochEnded(_ epoch: EpochRecord) -> NotImplemented { NotImplemented() }
  public func epochEnded(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochEnded() -> NotImplemented { NotImplemented() }

  static var epochEndedSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("epochEnded (async)", EpochSpelling1.self), MisspelledMethod("epochEnded", EpochSpelling2.self),
      MisspelledMethod("epochEnded", EpochSpelling3.self), MisspelledMethod("epochEnded", EpochSpelling4.self),
      MisspelledMethod("epochEnded", EpochSpelling5.self), MisspelledMethod("epochEnded", EpochSpelling6.self),
      MisspelledMethod("epochEnded", EpochSpelling7.self), MisspelledMethod("epochEnded", EpochSpelling8.self),
    ]
  }
}

/// Misspellings of `Callback.epochEnded`.
public protocol MisspelledEpochOrder: AnyObject {
  associatedtype EpochOrderSpelling1 = NotImplemented
  associatedtype EpochOrderSpelling2 = NotImplemented
  associatedtype EpochOrderSpelling3 = NotImplemented
  associatedtype EpochOrderSpelling4 = NotImplemented
  associatedtype EpochOrderSpelling5 = NotImplemented
  associatedtype EpochOrderSpelling6 = NotImplemented

  func epochEnded(_ run: TrainingRun, _ epoch: EpochRecord) throws -> EpochOrderSpelling1
  func epochEnded(run: TrainingRun, epoch: EpochRecord) throws -> EpochOrderSpelling2
  func epochEnded(run: TrainingRun) throws -> EpochOrderSpelling3
  func epochEnded(_ epoch: Int, _ run: TrainingRun) throws -> EpochOrderSpelling4
  func epochEnded(epoch: Int, run: TrainingRun) throws -> EpochOrderSpelling5
  func epochEnded(_ epoch: Int) throws -> EpochOrderSpelling6
}

extension MisspelledEpochOrder {
  public func epochEnded(_ run: TrainingRun, _ epoch: EpochRecord) -> NotImplemented { NotImplemented() }
  public func epochEnded(run: TrainingRun, epoch: EpochRecord) -> NotImplemented { NotImplemented() }
  public func epochEnded(run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochEnded(_ epoch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochEnded(epoch: Int, run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochEnded(_ epoch: Int) -> NotImplemented { NotImplemented() }

  static var epochOrderSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("epochEnded", EpochOrderSpelling1.self),
      MisspelledMethod("epochEnded", EpochOrderSpelling2.self),
      MisspelledMethod("epochEnded", EpochOrderSpelling3.self),
      MisspelledMethod("epochEnded", EpochOrderSpelling4.self),
      MisspelledMethod("epochEnded", EpochOrderSpelling5.self),
      MisspelledMethod("epochEnded", EpochOrderSpelling6.self),
    ]
  }
}

/// Misspellings of `Callback.epochEnded`.
public protocol MisspelledEpochName: AnyObject {
  associatedtype EpochNameSpelling1 = NotImplemented
  associatedtype EpochNameSpelling2 = NotImplemented
  associatedtype EpochNameSpelling3 = NotImplemented
  associatedtype EpochNameSpelling4 = NotImplemented
  associatedtype EpochNameSpelling5 = NotImplemented
  associatedtype EpochNameSpelling6 = NotImplemented
  associatedtype EpochNameSpelling7 = NotImplemented

  func epochEnd(_ epoch: EpochRecord, _ run: TrainingRun) throws -> EpochNameSpelling1
  func onEpochEnd(_ epoch: EpochRecord, _ run: TrainingRun) throws -> EpochNameSpelling2
  func on_epoch_end(_ epoch: EpochRecord, _ run: TrainingRun) throws -> EpochNameSpelling3
  func onTrainEpochEnd(_ epoch: EpochRecord, _ run: TrainingRun) throws -> EpochNameSpelling4
  func on_train_epoch_end(_ epoch: EpochRecord, _ run: TrainingRun) throws -> EpochNameSpelling5
  func onEpochEnd(epoch: Int, logs: [String: Double]) throws -> EpochNameSpelling6
  func on_epoch_end(_ epoch: Int, _ logs: [String: Double]) throws -> EpochNameSpelling7
}

extension MisspelledEpochName {
  public func epochEnd(_ epoch: EpochRecord, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onEpochEnd(_ epoch: EpochRecord, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_epoch_end(_ epoch: EpochRecord, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onTrainEpochEnd(_ epoch: EpochRecord, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_train_epoch_end(_ epoch: EpochRecord, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onEpochEnd(epoch: Int, logs: [String: Double]) -> NotImplemented { NotImplemented() }
  public func on_epoch_end(_ epoch: Int, _ logs: [String: Double]) -> NotImplemented { NotImplemented() }

  static var epochNameSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("epochEnd", EpochNameSpelling1.self), MisspelledMethod("onEpochEnd", EpochNameSpelling2.self),
      MisspelledMethod("on_epoch_end", EpochNameSpelling3.self),
      MisspelledMethod("onTrainEpochEnd", EpochNameSpelling4.self),
      MisspelledMethod("on_train_epoch_end", EpochNameSpelling5.self),
      MisspelledMethod("onEpochEnd", EpochNameSpelling6.self),
      MisspelledMethod("on_epoch_end", EpochNameSpelling7.self),
    ]
  }
}

/// Misspellings of `Callback.stepEnded`. A correct method that is not async also satisfies the async requirement.
public protocol MisspelledStepEnded: AnyObject {
  associatedtype StepSpelling1 = NotImplemented
  associatedtype StepSpelling2 = NotImplemented
  associatedtype StepSpelling3 = NotImplemented
  associatedtype StepSpelling4 = NotImplemented
  associatedtype StepSpelling5 = NotImplemented
  associatedtype StepSpelling6 = NotImplemented
  associatedtype StepSpelling7 = NotImplemented
  associatedtype StepSpelling8 = NotImplemented

  func stepEnded(_ step: Int, _ run: TrainingRun) async throws -> StepSpelling1
  func stepEnded(step: Int, run: TrainingRun) throws -> StepSpelling2
  func stepEnded(_ step: Int, run: TrainingRun) throws -> StepSpelling3
  func stepEnded(step: Int, _ run: TrainingRun) throws -> StepSpelling4
  func stepEnded(_ step: Int) throws -> StepSpelling5
  func stepEnded(_ run: TrainingRun) throws -> StepSpelling6
  func stepEnded() throws -> StepSpelling7
  func stepEnded(_ run: TrainingRun, _ step: Int) throws -> StepSpelling8
}

extension MisspelledStepEnded {
  public func stepEnded(step: Int, run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func stepEnded(_ step: Int, run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func stepEnded(step: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func stepEnded(_ step: Int) -> NotImplemented { NotImplemented() }
  public func stepEnded(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func stepEnded() -> NotImplemented { NotImplemented() }
  public func stepEnded(_ run: TrainingRun, _ step: Int) -> NotImplemented { NotImplemented() }

  static var stepEndedSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("stepEnded (async)", StepSpelling1.self), MisspelledMethod("stepEnded", StepSpelling2.self),
      MisspelledMethod("stepEnded", StepSpelling3.self), MisspelledMethod("stepEnded", StepSpelling4.self),
      MisspelledMethod("stepEnded", StepSpelling5.self), MisspelledMethod("stepEnded", StepSpelling6.self),
      MisspelledMethod("stepEnded", StepSpelling7.self), MisspelledMethod("stepEnded", StepSpelling8.self),
    ]
  }
}

/// Misspellings of `Callback.stepEnded`.
public protocol MisspelledStepName: AnyObject {
  associatedtype StepNameSpelling1 = NotImplemented
  associatedtype StepNameSpelling2 = NotImplemented
  associatedtype StepNameSpelling3 = NotImplemented
  associatedtype StepNameSpelling4 = NotImplemented

  func batchEnded(_ batch: Int, _ run: TrainingRun) throws -> StepNameSpelling1
  func onBatchEnd(_ batch: Int, _ run: TrainingRun) throws -> StepNameSpelling2
  func onTrainBatchEnd(_ batch: Int, _ run: TrainingRun) throws -> StepNameSpelling3
  func on_train_batch_end(_ batch: Int, _ run: TrainingRun) throws -> StepNameSpelling4
}

extension MisspelledStepName {
  public func batchEnded(_ batch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onBatchEnd(_ batch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onTrainBatchEnd(_ batch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_train_batch_end(_ batch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }

  static var stepNameSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("batchEnded", StepNameSpelling1.self), MisspelledMethod("onBatchEnd", StepNameSpelling2.self),
      MisspelledMethod("onTrainBatchEnd", StepNameSpelling3.self),
      MisspelledMethod("on_train_batch_end", StepNameSpelling4.self),
    ]
  }
}

/// Misspellings of `Callback.trainingEnded`. A correct method that is not async also satisfies the async requirement.
public protocol MisspelledTrainingEnded: AnyObject {
  associatedtype EndedSpelling1 = NotImplemented
  associatedtype EndedSpelling2 = NotImplemented
  associatedtype EndedSpelling3 = NotImplemented
  associatedtype EndedSpelling4 = NotImplemented
  associatedtype EndedSpelling5 = NotImplemented
  associatedtype EndedSpelling6 = NotImplemented
  associatedtype EndedSpelling7 = NotImplemented

  func trainingEnded(_ run: TrainingRun) async throws -> EndedSpelling1
  func trainingEnded(run: TrainingRun) throws -> EndedSpelling2
  func trainingEnded() throws -> EndedSpelling3
  func trainingEnded(_ history: History) throws -> EndedSpelling4
  func trainingFinished(_ run: TrainingRun) throws -> EndedSpelling5
  func onTrainEnd(_ run: TrainingRun) throws -> EndedSpelling6
  func on_train_end(_ run: TrainingRun) throws -> EndedSpelling7
}

extension MisspelledTrainingEnded {
  public func trainingEnded(run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func trainingEnded() -> NotImplemented { NotImplemented() }
  public func trainingEnded(_ history: History) -> NotImplemented { NotImplemented() }
  public func trainingFinished(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onTrainEnd(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_train_end(_ run: TrainingRun) -> NotImplemented { NotImplemented() }

  static var trainingEndedSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("trainingEnded (async)", EndedSpelling1.self),
      MisspelledMethod("trainingEnded", EndedSpelling2.self), MisspelledMethod("trainingEnded", EndedSpelling3.self),
      MisspelledMethod("trainingEnded", EndedSpelling4.self), MisspelledMethod("trainingFinished", EndedSpelling5.self),
      MisspelledMethod("onTrainEnd", EndedSpelling6.self), MisspelledMethod("on_train_end", EndedSpelling7.self),
    ]
  }
}

/// Misspellings of `Callback.epochBegan`. A correct method that is not async also satisfies the async requirement.
public protocol MisspelledEpochBegan: AnyObject {
  associatedtype EpochBeganSpelling1 = NotImplemented
  associatedtype EpochBeganSpelling2 = NotImplemented
  associatedtype EpochBeganSpelling3 = NotImplemented
  associatedtype EpochBeganSpelling4 = NotImplemented
  associatedtype EpochBeganSpelling5 = NotImplemented
  associatedtype EpochBeganSpelling6 = NotImplemented
  associatedtype EpochBeganSpelling7 = NotImplemented
  associatedtype EpochBeganSpelling8 = NotImplemented

  func epochBegan(_ epoch: Int, _ run: TrainingRun) async throws -> EpochBeganSpelling1
  func epochBegan(epoch: Int, run: TrainingRun) throws -> EpochBeganSpelling2
  func epochBegan(_ run: TrainingRun) throws -> EpochBeganSpelling3
  func epochBegan(_ epoch: Int) throws -> EpochBeganSpelling4
  func epochStarted(_ epoch: Int, _ run: TrainingRun) throws -> EpochBeganSpelling5
  func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws -> EpochBeganSpelling6
  func on_epoch_begin(_ epoch: Int, _ run: TrainingRun) throws -> EpochBeganSpelling7
  func onTrainEpochStart(_ epoch: Int, _ run: TrainingRun) throws -> EpochBeganSpelling8
}

extension MisspelledEpochBegan {
  public func epochBegan(epoch: Int, run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochBegan(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func epochBegan(_ epoch: Int) -> NotImplemented { NotImplemented() }
  public func epochStarted(_ epoch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_epoch_begin(_ epoch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onTrainEpochStart(_ epoch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }

  static var epochBeganSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("epochBegan (async)", EpochBeganSpelling1.self),
      MisspelledMethod("epochBegan", EpochBeganSpelling2.self),
      MisspelledMethod("epochBegan", EpochBeganSpelling3.self),
      MisspelledMethod("epochBegan", EpochBeganSpelling4.self),
      MisspelledMethod("epochStarted", EpochBeganSpelling5.self),
      MisspelledMethod("onEpochBegin", EpochBeganSpelling6.self),
      MisspelledMethod("on_epoch_begin", EpochBeganSpelling7.self),
      MisspelledMethod("onTrainEpochStart", EpochBeganSpelling8.self),
    ]
  }
}

/// Misspellings of `Callback.stepBegan`. A correct method that is not async also satisfies the async requirement.
public protocol MisspelledStepBegan: AnyObject {
  associatedtype StepBeganSpelling1 = NotImplemented
  associatedtype StepBeganSpelling2 = NotImplemented
  associatedtype StepBeganSpelling3 = NotImplemented
  associatedtype StepBeganSpelling4 = NotImplemented
  associatedtype StepBeganSpelling5 = NotImplemented
  associatedtype StepBeganSpelling6 = NotImplemented
  associatedtype StepBeganSpelling7 = NotImplemented
  associatedtype StepBeganSpelling8 = NotImplemented

  func stepBegan(_ step: Int, _ run: TrainingRun) async throws -> StepBeganSpelling1
  func stepBegan(step: Int, run: TrainingRun) throws -> StepBeganSpelling2
  func stepBegan(_ run: TrainingRun) throws -> StepBeganSpelling3
  func stepBegan(_ step: Int) throws -> StepBeganSpelling4
  func stepStarted(_ step: Int, _ run: TrainingRun) throws -> StepBeganSpelling5
  func batchBegan(_ batch: Int, _ run: TrainingRun) throws -> StepBeganSpelling6
  func onTrainBatchBegin(_ batch: Int, _ run: TrainingRun) throws -> StepBeganSpelling7
  func on_train_batch_begin(_ batch: Int, _ run: TrainingRun) throws -> StepBeganSpelling8
}

extension MisspelledStepBegan {
  public func stepBegan(step: Int, run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func stepBegan(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func stepBegan(_ step: Int) -> NotImplemented { NotImplemented() }
  public func stepStarted(_ step: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func batchBegan(_ batch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onTrainBatchBegin(_ batch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_train_batch_begin(_ batch: Int, _ run: TrainingRun) -> NotImplemented { NotImplemented() }

  static var stepBeganSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("stepBegan (async)", StepBeganSpelling1.self),
      MisspelledMethod("stepBegan", StepBeganSpelling2.self),
      MisspelledMethod("stepBegan", StepBeganSpelling3.self),
      MisspelledMethod("stepBegan", StepBeganSpelling4.self),
      MisspelledMethod("stepStarted", StepBeganSpelling5.self),
      MisspelledMethod("batchBegan", StepBeganSpelling6.self),
      MisspelledMethod("onTrainBatchBegin", StepBeganSpelling7.self),
      MisspelledMethod("on_train_batch_begin", StepBeganSpelling8.self),
    ]
  }
}

/// Misspellings of `Callback.validationBegan`. A correct method that is not async also satisfies the async requirement.
public protocol MisspelledValidationBegan: AnyObject {
  associatedtype ValidationBeganSpelling1 = NotImplemented
  associatedtype ValidationBeganSpelling2 = NotImplemented
  associatedtype ValidationBeganSpelling3 = NotImplemented
  associatedtype ValidationBeganSpelling4 = NotImplemented
  associatedtype ValidationBeganSpelling5 = NotImplemented
  associatedtype ValidationBeganSpelling6 = NotImplemented
  associatedtype ValidationBeganSpelling7 = NotImplemented
  associatedtype ValidationBeganSpelling8 = NotImplemented

  func validationBegan(_ run: TrainingRun) async throws -> ValidationBeganSpelling1
  func validationBegan(run: TrainingRun) throws -> ValidationBeganSpelling2
  func validationBegan() throws -> ValidationBeganSpelling3
  func validationStarted(_ run: TrainingRun) throws -> ValidationBeganSpelling4
  func evaluationBegan(_ run: TrainingRun) throws -> ValidationBeganSpelling5
  func onTestBegin(_ run: TrainingRun) throws -> ValidationBeganSpelling6
  func on_test_begin(_ run: TrainingRun) throws -> ValidationBeganSpelling7
  func onValidationStart(_ run: TrainingRun) throws -> ValidationBeganSpelling8
}

extension MisspelledValidationBegan {
  public func validationBegan(run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func validationBegan() -> NotImplemented { NotImplemented() }
  public func validationStarted(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func evaluationBegan(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onTestBegin(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_test_begin(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onValidationStart(_ run: TrainingRun) -> NotImplemented { NotImplemented() }

  static var validationBeganSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("validationBegan (async)", ValidationBeganSpelling1.self),
      MisspelledMethod("validationBegan", ValidationBeganSpelling2.self),
      MisspelledMethod("validationBegan", ValidationBeganSpelling3.self),
      MisspelledMethod("validationStarted", ValidationBeganSpelling4.self),
      MisspelledMethod("evaluationBegan", ValidationBeganSpelling5.self),
      MisspelledMethod("onTestBegin", ValidationBeganSpelling6.self),
      MisspelledMethod("on_test_begin", ValidationBeganSpelling7.self),
      MisspelledMethod("onValidationStart", ValidationBeganSpelling8.self),
    ]
  }
}

/// Misspellings of `Callback.validationEnded`. A correct method that is not async also satisfies the async requirement.
public protocol MisspelledValidationEnded: AnyObject {
  associatedtype ValidationSpelling1 = NotImplemented
  associatedtype ValidationSpelling2 = NotImplemented
  associatedtype ValidationSpelling3 = NotImplemented
  associatedtype ValidationSpelling4 = NotImplemented
  associatedtype ValidationSpelling5 = NotImplemented
  associatedtype ValidationSpelling6 = NotImplemented
  associatedtype ValidationSpelling7 = NotImplemented
  associatedtype ValidationSpelling8 = NotImplemented

  func validationEnded(_ scores: Scores, _ run: TrainingRun) async throws -> ValidationSpelling1
  func validationEnded(scores: Scores, run: TrainingRun) throws -> ValidationSpelling2
  func validationEnded(_ run: TrainingRun) throws -> ValidationSpelling3
  func validationEnded(_ scores: Scores) throws -> ValidationSpelling4
  func evaluationEnded(_ scores: Scores, _ run: TrainingRun) throws -> ValidationSpelling5
  func onTestEnd(_ scores: Scores, _ run: TrainingRun) throws -> ValidationSpelling6
  func on_test_end(_ scores: Scores, _ run: TrainingRun) throws -> ValidationSpelling7
  func onValidationEnd(_ scores: Scores, _ run: TrainingRun) throws -> ValidationSpelling8
}

extension MisspelledValidationEnded {
  public func validationEnded(scores: Scores, run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func validationEnded(_ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func validationEnded(_ scores: Scores) -> NotImplemented { NotImplemented() }
  public func evaluationEnded(_ scores: Scores, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onTestEnd(_ scores: Scores, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func on_test_end(_ scores: Scores, _ run: TrainingRun) -> NotImplemented { NotImplemented() }
  public func onValidationEnd(_ scores: Scores, _ run: TrainingRun) -> NotImplemented { NotImplemented() }

  static var validationEndedSpellings: [MisspelledMethod] {
    [
      MisspelledMethod("validationEnded (async)", ValidationSpelling1.self),
      MisspelledMethod("validationEnded", ValidationSpelling2.self),
      MisspelledMethod("validationEnded", ValidationSpelling3.self),
      MisspelledMethod("validationEnded", ValidationSpelling4.self),
      MisspelledMethod("evaluationEnded", ValidationSpelling5.self),
      MisspelledMethod("onTestEnd", ValidationSpelling6.self),
      MisspelledMethod("on_test_end", ValidationSpelling7.self),
      MisspelledMethod("onValidationEnd", ValidationSpelling8.self),
    ]
  }
}
