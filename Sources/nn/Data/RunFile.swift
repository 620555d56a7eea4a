import ArgumentParser
import CommandSupport
import Files
import ModelFormats

/// A command with its options in JSON:
/// `{"command": "train", "options": {"dataset": "moons", "epochs": 3, "hidden": [16, 16]}}`. Options have the names of
/// the command line, without the dashes; a flag is true or false, a list is an array. Positional arguments are in a
/// separate list: `{"command": "plot", "arguments": ["run.jsonl"]}`.
struct RunFile {
  /// The command, such as "train".
  let command: String
  /// The equivalent command-line arguments.
  let arguments: [String]

  /// Reads a run file.
  /// - Throws: `Failure` with all mistakes and their paths.
  init(_ path: String) throws {
    let value = try RunFile.read(path)
    var mistakes: [String] = []
    for key in value.object?.keys ?? [] where !["command", "options", "arguments"].contains(key) {
      mistakes.append("\(key): expected only \"command\", \"options\", and \"arguments\"")
    }
    if value.object == nil { mistakes.append("expected an object with \"command\" and \"options\"") }
    command = value["command"]?.string ?? ""
    let settings = RunSettings.settings(of: command)
    if settings == nil {
      let names = RunSettings.commands.joined(separator: ", ")
      mistakes.append("command: \(command.isEmpty ? "expected" : "no command \"\(command)\", there are") \(names)")
    }
    var given: [(name: String, words: [String])] = []
    var mistaken: [String] = []
    if let members = value["options"], members.object == nil { mistakes.append("options: expected an object") }
    for (name, value) in value["options"]?.object ?? JSONObject() {
      guard let settings else { break }
      guard let setting = settings[name] else {
        mistakes.append("options.\(name): there is no such option")
        continue
      }
      do {
        given.append((name, try setting.words(name, value)))
      } catch {
        mistakes.append("options.\(name): \(error)")
        mistaken.append(name)
      }
    }
    let unnamed = RunFile.unnamed(value["arguments"], &mistakes)
    if settings != nil { mistakes += RunFile.refused(command, &given, unnamed, without: mistaken) }
    guard mistakes.isEmpty else { throw Failure("\(path): \(mistakes.joined(separator: "; "))") }
    arguments = given.flatMap(\.words) + unnamed
  }

  /// The positional arguments of a command, preceded by the mark that ends the options.
  private static func unnamed(_ value: JSONValue?, _ mistakes: inout [String]) -> [String] {
    guard let value else { return [] }
    let texts = value.array?.compactMap(\.string)
    guard let texts, texts.count == value.array?.count else {
      mistakes.append("arguments: expected an array of texts")
      return []
    }
    guard texts.count <= RunSetting.longest else {
      mistakes.append("arguments: expected at most \(RunSetting.longest) texts, found \(texts.count)")
      return []
    }
    return texts.isEmpty ? [] : ["--"] + texts
  }

  private static func read(_ path: String) throws -> JSONValue {
    let bytes = try withFileFailures { () throws(FileError) in try FileReader.read(path, limit: 1 << 20) }
    do { return try JSONValue(parsing: bytes) } catch { throw Failure("\(path): \(error)") }
  }

  /// The command's errors about the options: each rejected option is removed, and the rest is parsed again.
  private static func refused(
    _ command: String, _ given: inout [(name: String, words: [String])], _ unnamed: [String], without mistaken: [String]
  ) -> [String] {
    var mistakes: [String] = []
    var removed = mistaken
    while true {
      do {
        _ = try NN.parseAsRoot([command] + given.flatMap(\.words) + unnamed)
        return mistakes
      } catch {
        let message = oneLine(NN.message(for: error))
        let named = { (name: String) in
          message.contains("--\(name) ") || message.contains("--\(name):") || message.contains("--\(name)'")
        }
        // An error caused by a removed option is not a separate mistake.
        if removed.contains(where: named) && !given.contains(where: { named($0.name) }) { return mistakes }
        guard let index = given.firstIndex(where: { named($0.name) }) else {
          return mistakes + ["options: \(message)"]
        }
        mistakes.append("options.\(given[index].name): \(message)")
        removed.append(given.remove(at: index).name)
      }
    }
  }
}
