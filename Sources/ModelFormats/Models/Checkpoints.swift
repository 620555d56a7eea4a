import Files
import NeuralNetworks

/// Saves the progress of a training run to a folder, so that the run can be resumed after an interruption as if nothing
/// had happened.
///
/// ```swift
/// try model.fit(data, epochs: 50, callbacks: [Checkpoints(in: "run1", bestBy: "validation_loss", resumes: true)])
/// ```
///
/// Each checkpoint is one safetensors file, `step-00001875.safetensors`, with the weights, the state of the optimizer,
/// the position in the run, the history, and the state of callbacks such as `EarlyStopping`. `best.safetensors` is the
/// checkpoint of the best epoch. Files appear only after they are complete, so the process can be killed at any time. A
/// run holds a lock on the folder (the file `.lock`); a second run in the same folder is rejected. Checkpoints can be
/// read with `loadWeights(from:)`, and checkpoints of a `Sequential` with `Sequential.load(from:)`.
///
/// A resumed run produces bitwise the same result as an uninterrupted one on the same device, if it is called with the
/// same data, model, optimizer, seed, batch size, micro-batch size, and steps per epoch.
public final class Checkpoints: MonitoringCallback, SavingCallback {
  /// The folder of the files.
  public let folder: String
  private let everyEpochs: Int
  private let everySteps: Int?
  private let keeping: Int
  private let monitor: String?
  private let direction: MonitorDirection
  private let resumes: Bool
  private let settings: [String: String]

  private var best: Double?
  /// The step of the last checkpoint read or written.
  private(set) public var lastStep: Int?
  /// The metadata written to each file.
  private var metadata: [String: String] = [:]
  private static let settingsKey = "settings"

  /// Creates the callback.
  /// - Parameters:
  ///   - folder: The folder for the files; it is created if it is missing.
  ///   - everyEpochs: The number of epochs between two checkpoints. A checkpoint is also saved at the end of training
  ///     and when the run is interrupted.
  ///   - everySteps: The number of steps between two checkpoints within an epoch; nil for none. A checkpoint waits for
  ///     the device and for the disk.
  ///   - last: The number of most recent checkpoints to keep, at least 1. The best one is kept in addition.
  ///   - monitor: The value that determines the best epoch, such as "validation_loss"; nil to keep no best checkpoint.
  ///   - direction: Whether lower or higher values are better.
  ///   - resumes: Whether to resume from the last checkpoint in the folder, if there is one. Otherwise, a folder that
  ///     contains checkpoints is rejected, so that runs are not mixed.
  ///   - settings: Other settings that affect the run, such as `["data": "train.csv"]`. They are stored in each
  ///     checkpoint; a run with different settings is not resumed.
  public init(
    in folder: String, everyEpochs: Int = 1, everySteps: Int? = nil, keeping last: Int = 3,
    bestBy monitor: String? = nil, direction: MonitorDirection = .automatic, resumes: Bool = false,
    settings: [String: String] = [:]
  ) {
    if everyEpochs < 1 || last < 1 || (everySteps ?? 1) < 1 {
      ProgrammerError.end(
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

  /// Returns the path of the last checkpoint in a folder; nil if there is none.
  ///
  /// - Throws: `FormatError` if the folder cannot be read.
  public static func latest(in folder: String) throws -> String? {
    try files(in: folder).last.map { Folder.join(folder, $0.name) }
  }

  /// Returns the path of the best checkpoint in a folder.
  public static func best(in folder: String) -> String { Folder.join(folder, "best.safetensors") }

  public func trainingBegan(_ run: TrainingRun) throws {
    (best, lastStep) = (nil, nil)
    let lock = try withFileErrors { () throws(FileError) in
      try Folder.create(folder)
      return try FolderLock(folder)
    }
    run.holdings.append(lock)
    // A model whose layers cannot be described is saved without its architecture.
    metadata = (try? ModelFile.metadata(of: run.model, ModelInformation())) ?? [:]
    metadata[Checkpoints.settingsKey] = try JSONValue(encoding: settings).text()
    if let latest = try Checkpoints.latest(in: folder) {
      if !resumes {
        throw FormatError.file(
          path: folder, reason: "it contains checkpoints of another run: resume it, or choose another folder")
      }
      try resume(run, from: latest)
    }
    try removeLeftovers()
  }

  private func resume(_ run: TrainingRun, from path: String) throws {
    let (file, state) = try read(path)
    if let step = Checkpoints.step(ofFile: String(path.split(separator: "/").last ?? "")), step != state.step {
      throw FormatError.malformed(path: path, reason: "its name has step \(step), but its state has step \(state.step)")
    }
    try check(state, file, run)
    do { try run.restore(state) } catch ModelError.parameters(let missing, let unknown, let shapes) {
      throw FormatError.parameters(path: path, missing: missing, unknown: unknown, shapes: shapes)
    } catch TrainingError.state(let reason) {
      throw FormatError.file(path: path, reason: reason)
    }
    lastStep = state.step
    for epoch in state.history.epochs { _ = isBest(epoch) }
  }

  /// Reads the last checkpoint. If it is damaged, the error says how to continue.
  private func read(_ path: String) throws -> (file: Safetensors, state: TrainingState) {
    do {
      let file = try Safetensors(path)
      return (file, try TrainingState.load(from: file))
    } catch FormatError.malformed(let found, let reason) {
      let earlier = try Checkpoints.files(in: folder).dropLast().last
      let aim = earlier.map { "resume from step \($0.step)" } ?? "start over"
      throw FormatError.malformed(path: found, reason: "\(reason); delete this file to \(aim)")
    }
  }

  /// Throws an error with all differences on one line if the run would not end like the interrupted one.
  private func check(_ state: TrainingState, _ file: Safetensors, _ run: TrainingRun) throws {
    var differences: [String] = []
    func compare(_ name: String, _ saved: String, _ now: String) {
      if saved != now { differences.append("\(name) \(saved), now \(now)") }
    }
    // The split of the data depends on the seed: a different seed would move examples between the parts.
    compare("seed", "\(state.seed)", "\(run.seed)")
    compare("batch size", "\(state.batchSize)", "\(run.batchSize)")
    if let examples = state.examples { compare("examples", "\(examples)", "\(run.examples)") }
    // Otherwise, they differ because of these numbers.
    if state.batchSize == run.batchSize && (state.examples ?? run.examples) == run.examples {
      if let size = state.microBatchSize { compare("micro-batch size", "\(size)", "\(run.microBatchSize)") }
      if let steps = state.stepsPerEpoch { compare("steps per epoch", "\(steps)", "\(run.stepsPerEpoch)") }
    }
    if let text = file.metadata[Checkpoints.settingsKey] {
      let saved: [String: String] = try ModelFile.decode(text, "the settings", file.path, [], [])
      for name in Set(saved.keys).union(settings.keys).sorted() {
        compare(name, saved[name] ?? "not set", settings[name] ?? "not set")
      }
    }
    if differences.isEmpty { return }
    throw FormatError.file(path: file.path, reason: "it belongs to another run: \(differences.joined(separator: "; "))")
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

  /// Writes a checkpoint, then removes old ones, so there is always at least one.
  private func save(_ state: TrainingState) throws {
    let digits = String(state.step)
    let padded = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    try state.save(to: Folder.join(folder, "step-\(padded).safetensors"), metadata: metadata)
    lastStep = state.step
    for file in try Checkpoints.files(in: folder).dropLast(keeping) {
      try withFileErrors { () throws(FileError) in try Folder.remove(Folder.join(folder, file.name)) }
    }
  }

  /// Removes incomplete files left by a killed process.
  private func removeLeftovers() throws {
    try withFileErrors { () throws(FileError) in
      for name in try Folder.names(in: folder) where FileWriter.isTemporary(name, of: ["step-", "best."]) {
        try Folder.remove(Folder.join(folder, name))
      }
    }
  }

  /// Records an epoch. Returns whether it is the best so far.
  private func isBest(_ epoch: EpochRecord) -> Bool {
    guard let monitor, let value = epoch[monitor] else { return false }
    if !direction.isBetter(value, than: best ?? .nan, by: 0, named: monitor) { return false }
    best = value
    return true
  }

  /// The checkpoints of a folder, the earliest first; none if the folder does not exist.
  private static func files(in folder: String) throws -> [(step: Int, name: String)] {
    if !Folder.exists(folder) { return [] }
    let names = try withFileErrors { () throws(FileError) in try Folder.names(in: folder) }
    let files = names.compactMap { name -> (step: Int, name: String)? in
      step(ofFile: name).map { ($0, name) }
    }
    return files.sorted { $0.step < $1.step }
  }

  /// The step in the name of a checkpoint; nil for other files.
  private static func step(ofFile name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
    let digits = name.dropFirst(5).dropLast(12)
    return digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(digits) : nil
  }
}

/// The names of the tensors in a checkpoint other than weights.
enum CheckpointNames {
  /// The state of the optimizer.
  static let optimizer = "optimizer/"
  /// The running sums of the unfinished epoch.
  static let values = "values/"

  /// The state of a callback; callbacks are numbered in the order of the header.
  static func callback(_ number: Int) -> String { "callback/\(number)/" }

  /// Whether a tensor is not a weight.
  static func isNextToWeights(_ name: String) -> Bool {
    [optimizer, values, "callback/"].contains { name.hasPrefix($0) }
  }

  /// Returns the tensors with names that start with a prefix, without the prefix.
  static func part<Value>(_ prefix: String, of tensors: [(name: String, value: Value)]) -> [(
    name: String, value: Value
  )] {
    tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.value) }
  }
}
