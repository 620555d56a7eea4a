import ArgumentParser
import ModelFormats

/// The possible values of `--task`.
enum TaskOption: String, ExpressibleByArgument, CaseIterable {
  /// The task in the model's file; without one, detected from the labels.
  case auto
  case classification
  case regression

  /// Nil to detect it.
  var task: LearningTask? { LearningTask(rawValue: rawValue) }
}
