import Files
import NeuralNetworks

/// Saves a training run to a folder as it goes, so that it can go on after an interruption as if there had been none.
///
/// ```swift
/// try model.fit(data, epochs: 50, callbacks: [Checkpoints(in: "run1", bestBy: "validation_loss", resumes: true)])
/// ```
///
/// Each checkpoint is one safetensors file, `step-00001875.safetensors`, with weights, the optimizer's state, the place in the
/// run, the history, and what callbacks such as `EarlyStopping` keep; `best.safetensors` is the one of the best epoch. Files
/// appear when they are whole, so that a process may be killed at any moment. They can be read with `loadWeights(from:)`, and
/// those of a `Sequential` with `Sequential.load(from:)`.
///
/// A run that goes on from a checkpoint ends in the same bits as one that was never interrupted, on the same device, if it is
/// called with the same data, model, optimizer, seed and batch size.
public final class Checkpoints: MonitoringCallback, SavingCallback {
  /// Where the files are.
  public let folder: String
  private let everyEpochs: Int
  private let everySteps: Int?
  private let keeping: Int
  private let monitor: String?
  private let direction: MonitorDirection
  private let resumes: Bool
  private let settings: [String: String]

  private var best: Double?
  /// The step of the last checkpoint that was read or written.
  private(set) public var lastStep: Int?
  /// What stands in each file beside the state.
  private var metadata: [String: String] = [:]
  private static let settingsKey = "settings"

  /// - Parameters:
  ///   - folder: where the files go; it is made if it is missing.
  ///   - everyEpochs: how many epochs lie between two checkpoints. The end of training, and an interruption, make one too.
  ///   - everySteps: how many steps lie between two checkpoints within an epoch; nil: there are none. A checkpoint waits for
  ///     the device and for the disk.
  ///   - last: how many of the last checkpoints are kept; at least 1. The best one is kept besides.
  ///   - monitor: the value by which an epoch is the best, such as "validation_loss"; nil: none is kept as the best.
  ///   - direction: which values are better.
  ///   - resumes: go on from the last checkpoint in the folder, if there is one. Without it a folder that holds checkpoints
  ///     is refused, so that no run is mixed up with another.
  ///   - settings: what else decides the course of the run, such as `["data": "train.csv"]`: kept with each checkpoint, and a
  ///     run with other settings is not resumed.
  public init(
    in folder: String, everyEpochs: Int = 1, everySteps: Int? = nil, keeping last: Int = 3,
    bestBy monitor: String? = nil, direction: MonitorDirection = .automatic, resumes: Bool = false,
    settings: [String: String] = [:]
  ) {
    if everyEpochs < 1 || last < 1 || (everySteps ?? 1) < 1 {
      fatalError(
        "Checkpoints: everyEpochs (\(everyEpochs)), everySteps (\(everySteps ?? 1)) and keeping (\(last)) are at least 1"
      )
    }
    self.folder = folder
    self.everyEpochs = everyEpochs
    self.everySteps = everySteps
    self.settings = settings
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
    metadata = (try? ModelFile.metadata(of: run.model, ModelInformation())) ?? [:]
    metadata[Checkpoints.settingsKey] = try JSONValue(encoding: settings).text()
    if let latest = try Checkpoints.latest(in: folder) {
      if !resumes {
        throw FormatError.file(
          path: folder, reason: "it holds the checkpoints of another run: resume it, or choose another folder")
      }
      try resume(run, from: latest)
    }
    try removeLeftovers()
  }

  private func resume(_ run: TrainingRun, from path: String) throws {
    let file = try Safetensors(path)
    let state = try TrainingState.load(from: file)
    try check(state, file, run)
    do { try run.restore(state) } catch ModelError.parameters(let missing, let unknown, let shapes) {
      throw FormatError.parameters(path: path, missing: missing, unknown: unknown, shapes: shapes)
    } catch TrainingError.state(let reason) {
      throw FormatError.file(path: path, reason: reason)
    }
    lastStep = state.step
    for epoch in state.history.epochs { _ = isBest(epoch) }
  }

  /// Throws, with all differences on one line, for a run that would not end as the one that was interrupted.
  private func check(_ state: TrainingState, _ file: Safetensors, _ run: TrainingRun) throws {
    var differences: [String] = []
    func compare(_ name: String, _ saved: String, _ now: String) {
      if saved != now { differences.append("\(name) \(saved), now \(now)") }
    }
    // The split of the data follows the seed: with another one, examples would change sides.
    compare("seed", "\(state.seed)", "\(run.seed)")
    compare("batch size", "\(state.batchSize)", "\(run.batchSize)")
    if let examples = state.examples { compare("examples", "\(examples)", "\(run.examples)") }
    if let text = file.metadata[Checkpoints.settingsKey] {
      let saved: [String: String] = try ModelFile.decode(text, "the settings", file.path, [], [])
      for name in Set(saved.keys).union(settings.keys).sorted() {
        compare(name, saved[name] ?? "not set", settings[name] ?? "not set")
      }
    }
    if differences.isEmpty { return }
    throw FormatError.file(path: file.path, reason: "it is of another run: \(differences.joined(separator: "; "))")
  }

  public func stepEnded(_ step: Int, _ run: TrainingRun) throws {
    if let everySteps, step % everySteps == 0 { try save(try run.state()) }
  }

  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    let isBest = isBest(epoch)
    let isDue = (epoch.epoch + 1) % everyEpochs == 0
    if !isBest && !isDue { return }
    let state = try run.state()
    if isBest { try state.save(to: Checkpoints.best(in: folder), metadata: metadata) }
    if isDue { try save(state) }
  }

  public func trainingEnded(_ run: TrainingRun) throws {
    if run.optimizer.step != lastStep && run.optimizer.step > 0 { try save(try run.state()) }
  }

  /// Writes a checkpoint, then removes those that are too old: there is never less than one.
  private func save(_ state: TrainingState) throws {
    let digits = String(state.step)
    let padded = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    try state.save(to: Folder.join(folder, "step-\(padded).safetensors"), metadata: metadata)
    lastStep = state.step
    for file in try Checkpoints.files(in: folder).dropLast(keeping) {
      try withFileErrors { () throws(FileError) in try Folder.remove(Folder.join(folder, file.name)) }
    }
  }

  /// Removes what a process that was killed had not finished writing.
  private func removeLeftovers() throws {
    try withFileErrors { () throws(FileError) in
      for name in try Folder.names(in: folder) where FileWriter.isTemporary(name, of: ["step-", "best."]) {
        try Folder.remove(Folder.join(folder, name))
      }
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
