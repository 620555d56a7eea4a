import ArgumentParser
import CommandSupport
import ModelFormats
import NeuralNetworks

/// What is kept of a run while it trains.
struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Save the run to this folder as it goes, so that it can go on after an end.", valueName: "folder"))
  var checkpoints: String?

  @Flag(help: "Go on from the last checkpoint in the folder; without one, begin.")
  var resume = false

  @Option(help: ArgumentHelp("How many of the last checkpoints are kept. (default: 3)", valueName: "count"))
  var keep: Int?

  @Option(
    help: ArgumentHelp("Save every so many steps too, not after each epoch alone.", valueName: "steps"))
  var everySteps: Int?

  @Option(
    help: ArgumentHelp(
      "Write a line for each epoch to this file; may be given twice.", valueName: "file.jsonl|file.csv"),
    transform: EpochLogFile.init(path:))
  var log: [EpochLogFile] = []

  @Option(help: ArgumentHelp("Write event files for TensorBoard to this folder.", valueName: "folder"))
  var tensorboard: String?

  func validate() throws {
    if checkpoints == "" { throw ValidationError("--checkpoints: expected the name of a folder") }
    if checkpoints == nil {
      for (name, isGiven) in [("resume", resume), ("keep", keep != nil), ("every-steps", everySteps != nil)]
      where isGiven {
        throw ValidationError("--\(name) needs --checkpoints, the folder of the run")
      }
    }
    if let keep, keep < 1 { throw ValidationError("--keep \(keep): expected at least 1") }
    if let everySteps, everySteps < 1 { throw ValidationError("--every-steps \(everySteps): expected at least 1") }
  }

  /// The callbacks that do it.
  /// - Parameter settings: What decides the course of the run, and must be the same when it goes on.
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

/// A log of epochs, by the ending of its name.
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
