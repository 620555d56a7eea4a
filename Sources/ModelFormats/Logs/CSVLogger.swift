import NeuralNetworks

/// Writes a table with one line per epoch, for spreadsheets and data frames:
///
/// ```
/// epoch,seconds,learningRate,loss,accuracy,validation_loss
/// 1,1.204,0.001,0.5012,0.8213,0.4409
/// ```
///
/// Epochs start at 1. Values that are not finite are written as `nan`, `inf`, and `-inf`; an unknown learning rate is
/// left empty. Names with a comma, a quote, or a line break are quoted (RFC 4180). Each line is written when its epoch
/// ends. A run resumed from a checkpoint continues the file, with each epoch once; any other run replaces it.
public final class CSVLogger: Callback {
  /// The path of the file.
  public let path: String
  private var log: EpochLog

  /// Creates a logger.
  /// - Parameter path: The file. Its folder must exist.
  public init(to path: String) {
    self.path = path
    log = EpochLog(path, CSVEpochLines())
  }

  public func trainingBegan(_ run: TrainingRun) throws { try log.begin() }
  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try log.add(run.history) }
  public func trainingEnded(_ run: TrainingRun) throws { try log.end(run.history) }
}

/// The format of `CSVLogger`.
struct CSVEpochLines: EpochLines {
  func heading(_ names: [String]) -> String? {
    (["epoch", "seconds", "learningRate"] + names).map(quoted).joined(separator: ",")
  }

  func line(_ epoch: EpochRecord) -> String {
    let values = epoch.names.map { "\(epoch[$0] ?? .nan)" }
    let seconds = (epoch.seconds * 1e6).rounded() / 1e6
    let rate = epoch.learningRate.map { "\($0)" } ?? ""
    return (["\(epoch.epoch + 1)", "\(seconds)", rate] + values).joined(separator: ",")
  }

  func epoch(of line: String) -> Int? {
    guard let number = Int(line.prefix { $0 != "," }), number >= 1 else { return nil }
    return number - 1
  }

  private func quoted(_ name: String) -> String {
    guard name.contains(where: { "\",\r\n".contains($0) }) else { return name }
    return "\"\(name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
  }
}
