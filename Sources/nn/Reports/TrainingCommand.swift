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
