import CommandSupport
import ModelFormats

/// The final report of `nn train`.
struct TrainingReport {
  let device: ResolvedDevice
  let seed: UInt64
  /// The number of epochs run; early stopping may skip some.
  let epochs: Int
  let parameters: Int
  let task: LearningTask
  let train: Scoring
  let test: Scoring
  /// The duration of the training alone, without reading and testing.
  let seconds: Double
  let steps: Int

  var stepsPerSecond: Double { Double(steps) / max(seconds, 1e-9) }

  var json: JSONValue {
    task.named(in: [
      "device": device.json, "seed": Int(exactly: seed).map(JSONValue.integer) ?? .unsigned(seed),
      "epochs": .integer(epochs),
      "parameters": .integer(parameters), "train": train.json, "test": test.json, "seconds": JSONValue(seconds),
      "stepsPerSecond": JSONValue(stepsPerSecond),
    ])
  }

  var lines: [String] {
    [
      "train   \(train.text)", "test    \(test.text)",
      "time    \(seconds.fixed(seconds < 10 ? 2 : 1)) s, \(stepsPerSecond.short) steps a second on \(device.text)",
    ]
  }
}
