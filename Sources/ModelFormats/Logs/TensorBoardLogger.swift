import Files
import NeuralNetworks

/// Writes event files that TensorBoard shows: `tensorboard --logdir runs`.
///
/// ```swift
/// try model.fit(data, epochs: 20, validation: .split(0.1), callbacks: [TensorBoardLogger(in: "runs/first")])
/// ```
///
/// The folder gets a folder `train` with the values of training and the learning rate, and `validation` with those of
/// validation under the same names, so that both are curves of one chart. The step is the number of the epoch, from 1. A run
/// that goes on from a checkpoint continues the curves; any other run in the same folder takes the place of what was there.
public final class TensorBoardLogger: Callback {
  /// Where the two folders are.
  public let folder: String
  /// The distribution of each parameter is written after each epoch, which brings it to the host.
  public let histograms: Bool
  private var training: EventFile?
  private var validation: EventFile?

  private static let prefix = "validation_"

  /// - Parameters:
  ///   - folder: is made if it is missing.
  ///   - histograms: write the distribution of each parameter too.
  public init(in folder: String, histograms: Bool = false) {
    self.folder = folder
    self.histograms = histograms
  }

  public func trainingBegan(_ run: TrainingRun) throws {
    (training, validation) = (nil, nil)
    try withFileErrors { () throws(FileError) in try Folder.create(Folder.join(folder, "train")) }
  }

  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    let own = epoch.names.filter { !$0.hasPrefix(Self.prefix) }
    let time = secondsSince1970()
    let step = epoch.epoch + 1
    if training == nil { training = try EventFile(in: Folder.join(folder, "train"), from: step, time: time) }
    var values = own.map { (tag: $0, value: epoch[$0] ?? .nan) }
    if let rate = epoch.learningRate { values.append(("learning_rate", rate)) }
    var events = [TensorBoardEvent.scalars(values, time: time, step: step)]
    if histograms { events += try distributions(of: run.model, time: time, step: step) }
    try training?.append(events)

    let measured = epoch.names.filter { $0.hasPrefix(Self.prefix) }
    if measured.isEmpty { return }
    if validation == nil { validation = try EventFile(in: Folder.join(folder, "validation"), from: step, time: time) }
    let scores = measured.map { (tag: String($0.dropFirst(Self.prefix.count)), value: epoch[$0] ?? .nan) }
    try validation?.append([.scalars(scores, time: time, step: step)])
  }

  public func trainingEnded(_ run: TrainingRun) throws { (training, validation) = (nil, nil) }

  private func distributions(of model: Model, time: Double, step: Int) throws -> [TensorBoardEvent] {
    try model.snapshot().values.map { path, value in
      .histogram(path, ValueHistogram(try value.scalars(as: Float.self)), time: time, step: step)
    }
  }
}

/// An event file that is being written.
private struct EventFile {
  private let file: FileAppender

  /// - Parameter step: the first one that it will tell of.
  init(in folder: String, from step: Int, time: Double) throws {
    try withFileErrors { () throws(FileError) in try Folder.create(folder) }
    // Readers take the files of a folder in the order of their names.
    let digits = String(UInt64(time * 1e6))
    let name = "events.out.tfevents.\(digits.dropLast(6)).\(digits.suffix(6)).swift-nn"
    file = try withFileErrors { () throws(FileError) in try FileAppender(Folder.join(folder, name)) }
    try append([.version(time: time), .start(time: time, step: step)])
  }

  /// All in one piece, so that a process that is killed leaves whole entries.
  func append(_ events: [TensorBoardEvent]) throws {
    let bytes = events.flatMap(\.record)
    try withFileErrors { () throws(FileError) in try file.append(bytes) }
  }
}
