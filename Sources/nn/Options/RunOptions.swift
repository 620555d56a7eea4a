import ArgumentParser
import CommandSupport
import ModelFormats
import NeuralNetworks

/// The records that a run writes during training.
struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Save checkpoints of the run to this folder, so that it can be resumed.", valueName: "folder"),
    completion: .directory)
  var checkpoints: String?

  @Flag(help: "Resume from the last checkpoint in the folder; start a new run if there is none.")
  var resume = false

  @Option(help: ArgumentHelp("The number of recent checkpoints to keep. (default: 3)", valueName: "count"))
  var keep: Int?

  @Option(
    help: ArgumentHelp("Also save a checkpoint after this many steps, not only after each epoch.", valueName: "steps"))
  var everySteps: Int?

  @Option(
    help: ArgumentHelp(
      "Write a line for each epoch to this file; can be repeated.", valueName: "file.jsonl|file.csv"),
    completion: .file(extensions: ["jsonl", "csv"]),
    transform: EpochLogFile.init(path:))
  var log: [EpochLogFile] = []

  @Option(
    help: ArgumentHelp("Write event files for TensorBoard to this folder.", valueName: "folder"),
    completion: .directory)
  var tensorboard: String?

  func validate() throws {
    if checkpoints == "" { throw ValidationError("--checkpoints: expected the name of a folder") }
    if tensorboard == "" { throw ValidationError("--tensorboard: expected the name of a folder") }
    if checkpoints == nil {
      for (name, isGiven) in [("resume", resume), ("keep", keep != nil), ("every-steps", everySteps != nil)]
      where isGiven {
        throw ValidationError("--\(name) needs --checkpoints, the folder of the run")
      }
    }
    if let keep, keep < 1 { throw ValidationError("--keep \(keep): expected at least 1") }
    if let everySteps, everySteps < 1 { throw ValidationError("--every-steps \(everySteps): expected at least 1") }
  }

  /// The callbacks for these options.
  /// - Parameter settings: The settings that determine the course of the run and must not change when it is resumed.
  func callbacks(settings: @autoclosure () throws -> [String: String]) throws -> [any Callback] {
    var callbacks: [any Callback] = log.map(\.logger)
    if let tensorboard { callbacks.append(TensorBoardLogger(in: tensorboard)) }
    if let checkpoints {
      callbacks.append(
        Checkpoints(
          in: checkpoints, everySteps: everySteps, keeping: keep ?? 3, resumes: resume, settings: try settings()))
    }
    return callbacks
  }
}

/// A log of epochs, in the format of its file extension.
struct EpochLogFile {
  let path: String
  private let isTable: Bool

  init(path: String) throws {
    self.path = path
    isTable = path.hasSuffix(".csv")
    guard isTable || path.hasSuffix(".jsonl") else {
      throw ValidationError("expected a name that ends in .jsonl or .csv")
    }
  }

  var logger: any Callback { isTable ? CSVLogger(to: path) : JSONLinesLogger(to: path) }
}
