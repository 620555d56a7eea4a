import HostSystem
import Files
import NeuralNetworks

/// Writes event files for TensorBoard: `tensorboard --logdir runs`.
///
/// ```swift
/// try model.fit(data, epochs: 20, validation: .split(0.1), callbacks: [TensorBoardLogger(in: "runs/first")])
/// ```
///
/// The folder contains a subfolder `train` with the training values and the learning rate, and a subfolder `validation`
/// with the validation values. Both use the same names, so that their curves share a chart. The step is the epoch
/// number, starting at 1. A run resumed from a checkpoint continues the curves; any other run in the same folder
/// replaces the previous one.
public final class TensorBoardLogger: Callback {
  /// The parent of the two subfolders.
  public let folder: String
  /// Whether to write the distribution of each parameter after each epoch. This downloads the parameters to the host.
  public let histograms: Bool
  private let clock: () -> Double
  private var training: EventFile?
  private var validation: EventFile?

  private static let prefix = "validation_"

  /// Creates a logger.
  /// - Parameters:
  ///   - folder: The parent of the two subfolders; created if it is missing.
  ///   - histograms: Whether to write the distribution of each parameter after each epoch.
  public convenience init(in folder: String, histograms: Bool = false) {
    self.init(in: folder, histograms: histograms, clock: secondsSince1970)
  }

  /// Creates a logger with a custom clock.
  /// - Parameter clock: Returns the time of day in seconds since 1970.
  package init(in folder: String, histograms: Bool, clock: @escaping () -> Double) {
    self.folder = folder
    self.histograms = histograms
    self.clock = clock
  }

  public func trainingBegan(_ run: TrainingRun) throws {
    (training, validation) = (nil, nil)
    try withFileErrors { () throws(FileError) in try Folder.create(Folder.join(folder, "train")) }
  }

  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    let own = epoch.names.filter { !$0.hasPrefix(Self.prefix) }
    let time = clock()
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

/// An event file for writing.
private struct EventFile {
  private let file: FileAppender

  /// Creates an event file.
  /// - Parameter step: The first step in the file.
  init(in folder: String, from step: Int, time: Double) throws {
    try withFileErrors { () throws(FileError) in try Folder.create(folder) }
    // Readers process the files of a folder in the order of their names.
    let earlier = try withFileErrors { () throws(FileError) in try Folder.names(in: folder) }
    let last = earlier.compactMap(EventFile.microseconds).max() ?? 0
    // The clock may be set to any time, including an earlier one.
    let digits = String(max(Int(min(max(time, 1), 1e12) * 1e6), last + 1))
    let name = "events.out.tfevents.\(digits.dropLast(6)).\(digits.suffix(6)).swift-nn"
    file = try withFileErrors { () throws(FileError) in try FileAppender(Folder.join(folder, name)) }
    try append([.version(time: time), .start(time: time, step: step)])
  }

  /// The time in the name of an event file, in microseconds; nil for other files and for invalid times.
  private static func microseconds(ofFile name: String) -> Int? {
    guard name.hasPrefix("events.out.tfevents.") else { return nil }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst(3).prefix(2).map { Int($0) }
    guard let seconds = parts.first ?? nil, (0...1_000_000_000_000).contains(seconds) else { return nil }
    let rest = parts.last ?? nil
    return seconds * 1_000_000 + (parts.count == 2 ? rest.map { min(max($0, 0), 999_999) } ?? 0 : 0)
  }

  /// Appends all events in one write, so that a killed process leaves complete entries.
  func append(_ events: [TensorBoardEvent]) throws {
    if file.isRegularFile && !file.isInPlace {
      throw FormatError.file(path: file.path, reason: "it was deleted or replaced during training")
    }
    let bytes = events.flatMap(\.record)
    try withFileErrors { () throws(FileError) in try file.append(bytes) }
  }
}
