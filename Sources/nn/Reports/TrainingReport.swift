import CommandSupport
import ModelFormats

/// What `nn train` ends with.
struct TrainingReport {
  let device: ResolvedDevice
  let seed: UInt64
  /// Those that were run: early stopping may leave some out.
  let epochs: Int
  let parameters: Int
  let train: Scoring
  let test: Scoring
  /// Of the training alone, without reading and testing.
  let seconds: Double
  let steps: Int

  var stepsPerSecond: Double { Double(steps) / max(seconds, 1e-9) }

  var json: JSONValue {
    [
      "device": device.json, "seed": Int(exactly: seed).map(JSONValue.integer) ?? .string("\(seed)"),
      "epochs": .integer(epochs),
      "parameters": .integer(parameters), "train": train.json, "test": test.json, "seconds": JSONValue(seconds),
      "stepsPerSecond": JSONValue(stepsPerSecond),
    ]
  }

  var lines: [String] {
    [
      "train   \(train.text)", "test    \(test.text)",
      "time    \(seconds.fixed(seconds < 10 ? 2 : 1)) s, \(stepsPerSecond.short) steps a second on \(device.text)",
    ]
  }
}
