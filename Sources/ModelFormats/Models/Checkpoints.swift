import Files
import NeuralNetworks

/// Saves a training run to a folder as it goes, so that it can go on after an interruption as if there had been none.
///
/// ```swift
/// try model.fit(data, epochs: 50, callbacks: [Checkpoints(in: "run1", bestBy: "validation_loss", resumes: true)])
/// ```
///
/// Each checkpoint is one safetensors file, `step-00001875.safetensors`, with weights, the optimizer's state, the place in the
/// run and the history; `best.safetensors` is the one of the best epoch. Files appear when they are whole. They can be read
/// with `loadWeights(from:)`, and those of a `Sequential` with `Sequential.load(from:)`.
public final class Checkpoints: MonitoringCallback {
  /// Where the files are.
  public let folder: String
  private let everyEpochs: Int
  private let keeping: Int
  private let monitor: String?
  private let direction: MonitorDirection
  private let resumes: Bool

  private var best: Double?
  private var lastStep: Int?
  private var modelMetadata: [String: String] = [:]

  /// - Parameters:
  ///   - folder: where the files go; it is made if it is missing.
  ///   - everyEpochs: how many epochs lie between two checkpoints. The end of training, and an interruption, make one too.
  ///   - last: how many of the last checkpoints are kept; at least 1. The best one is kept besides.
  ///   - monitor: the value by which an epoch is the best, such as "validation_loss"; nil: none is kept as the best.
  ///   - direction: which values are better.
  ///   - resumes: go on from the last checkpoint in the folder, if there is one. Without it a folder that holds checkpoints
  ///     is refused, so that no run is mixed up with another.
  public init(
    in folder: String, everyEpochs: Int = 1, keeping last: Int = 3, bestBy monitor: String? = nil,
    direction: MonitorDirection = .automatic, resumes: Bool = false
  ) {
    if everyEpochs < 1 || last < 1 {
      fatalError("Checkpoints: everyEpochs (\(everyEpochs)) and keeping (\(last)) must be at least 1")
    }
    self.folder = folder
    self.everyEpochs = everyEpochs
    keeping = last
    self.monitor = monitor
    self.direction = direction
    self.resumes = resumes
  }

  public var monitoredValue: String? { monitor }

  /// The last checkpoint in a folder; nil if there is none.
  ///
  /// - Throws: `FormatError` if the folder cannot be read.
  public static func latest(in folder: String) throws -> String? {
    try files(in: folder).last.map { Folder.join(folder, $0.name) }
  }

  /// Where the best checkpoint of a folder is.
  public static func best(in folder: String) -> String { Folder.join(folder, "best.safetensors") }

  public func trainingBegan(_ run: TrainingRun) throws {
    (best, lastStep) = (nil, nil)
    try withFileErrors { () throws(FileError) in try Folder.create(folder) }
    // A model whose layers cannot be described is saved all the same, without its architecture.
    modelMetadata = (try? ModelFile.metadata(of: run.model, ModelInformation())) ?? [:]
    guard let latest = try Checkpoints.latest(in: folder) else { return }
    if !resumes {
      throw FormatError.file(
        path: folder, reason: "it holds the checkpoints of another run: resume it, or choose another folder")
    }
    let state = try TrainingState.load(from: latest)
    if state.seed != run.seed {
      // The split of the data follows the seed: with another one, examples would change sides.
      throw FormatError.file(
        path: latest, reason: "the run that it is from has the seed \(state.seed), this one has \(run.seed)")
    }
    do { try run.restore(state) } catch ModelError.parameters(let missing, let unknown, let shapes) {
      throw FormatError.parameters(path: latest, missing: missing, unknown: unknown, shapes: shapes)
    }
    lastStep = state.step
    for epoch in state.history.epochs { _ = isBest(epoch) }
  }

  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    let isBest = isBest(epoch)
    let isDue = (epoch.epoch + 1) % everyEpochs == 0
    if !isBest && !isDue { return }
    let state = try run.state()
    if isBest { try state.save(to: Checkpoints.best(in: folder), metadata: modelMetadata) }
    if isDue { try save(state) }
  }

  public func trainingEnded(_ run: TrainingRun) throws {
    if run.optimizer.step != lastStep && run.optimizer.step > 0 { try save(try run.state()) }
  }

  /// Writes a checkpoint, then removes those that are too old: there is never less than one.
  private func save(_ state: TrainingState) throws {
    let digits = String(state.step)
    let padded = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    try state.save(to: Folder.join(folder, "step-\(padded).safetensors"), metadata: modelMetadata)
    lastStep = state.step
    for file in try Checkpoints.files(in: folder).dropLast(keeping) {
      try withFileErrors { () throws(FileError) in try Folder.remove(Folder.join(folder, file.name)) }
    }
  }

  /// Takes an epoch into account; true when it is the best so far.
  private func isBest(_ epoch: EpochRecord) -> Bool {
    guard let monitor, let value = epoch[monitor] else { return false }
    if !direction.isBetter(value, than: best ?? .nan, by: 0, named: monitor) { return false }
    best = value
    return true
  }

  /// The checkpoints of a folder, the earliest first; none if there is no folder.
  private static func files(in folder: String) throws -> [(step: Int, name: String)] {
    if !Folder.exists(folder) { return [] }
    let names = try withFileErrors { () throws(FileError) in try Folder.names(in: folder) }
    let files = names.compactMap { name -> (step: Int, name: String)? in
      guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
      return Int(name.dropFirst(5).dropLast(12)).map { ($0, name) }
    }
    return files.sorted { $0.step < $1.step }
  }
}
