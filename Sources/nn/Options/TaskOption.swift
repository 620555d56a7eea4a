import ArgumentParser
import ModelFormats

/// The possible values of `--task`.
enum TaskOption: String, ExpressibleByArgument, CaseIterable {
  /// The task in the model's file or, if there is none, the task detected from the labels.
  case auto
  case classification
  case regression

  /// The requested task; nil to detect it.
  var task: LearningTask? { LearningTask(rawValue: rawValue) }
}
