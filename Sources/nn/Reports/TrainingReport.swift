import HostSystem
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

/// The command of a training run, for the model's file. It omits options that do not affect the result, so that a
/// repeated run, or one that was interrupted and resumed, gives the same file.
enum TrainingCommand {
  private static let options: Set = [
    "--save", "--log", "--checkpoints", "--keep", "--every-steps", "--tensorboard", "--device",
  ]
  private static let flags: Set = ["--resume", "--json", "--no-fallback", "--check-finite", "--download"]

  /// Returns the text of the command.
  /// - Parameter words: The arguments after the name of the program.
  static func text(_ words: some Collection<String>) -> String {
    var kept = ["nn"]
    var words = words[...]
    while let word = words.popFirst() {
      if options.contains(word) {
        words = words.dropFirst()
      } else if !flags.contains(word), !options.contains(where: { word.hasPrefix($0 + "=") }) {
        kept.append(quoted(word))
      }
    }
    return kept.joined(separator: " ")
  }

  /// Quotes the word for a shell.
  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "+")...UInt8(ascii: ":"): true  // + , - . / digits :
      case UInt8(ascii: "="), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "%"): true
      default: byte >= 0x80
      }
    }
    return isPlain && !word.isEmpty
      ? word : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
  }
}

/// Human-readable times in UTC.
enum DateText {
  /// The modification time of a file, such as "2026-11-29 16:40 UTC"; nil if there is no such file.
  static func ofFile(_ path: String) -> String? {
    var status = stat()
    return stat(path, &status) == 0 ? text(status.st_mtim.tv_sec) : nil
  }

  /// The current time.
  static var now: String { text(time(nil)) ?? "" }

  private static func text(_ seconds: time_t) -> String? {
    var seconds = seconds, parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return nil }
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
  }
}
