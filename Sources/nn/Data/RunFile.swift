import ArgumentParser
import CommandSupport
import Files
import ModelFormats

/// A command with its options in JSON: `{"command": "train", "options": {"dataset": "moons", "epochs": 3, "hidden": [16, 16]}}`.
/// Options are called as on the command line, without the dashes; a flag is true or false, a list an array.
struct RunFile {
  /// "train".
  let command: String
  /// What the command line would be.
  let arguments: [String]

  /// - Throws: `Failure` with every mistake and the path to it.
  init(_ path: String) throws {
    let value = try RunFile.read(path)
    var mistakes: [String] = []
    for key in value.object?.keys ?? [] where !["command", "options"].contains(key) {
      mistakes.append("\(key): there is \"command\" and \"options\", and nothing else")
    }
    if value.object == nil { mistakes.append("expected an object with \"command\" and \"options\"") }
    let known = try KnownCommands()
    command = value["command"]?.string ?? ""
    let options = known.options(of: command)
    if options == nil {
      let names = known.names.filter { $0 != "run" }.joined(separator: ", ")
      mistakes.append("command: \(command.isEmpty ? "expected" : "no command \"\(command)\", there are") \(names)")
    }
    var given: [(name: String, words: [String])] = []
    if let members = value["options"], members.object == nil { mistakes.append("options: expected an object") }
    for (name, value) in value["options"]?.object ?? JSONObject() {
      guard let options else { break }
      do {
        given.append((name, try RunFile.words(name, value, options[name])))
      } catch {
        mistakes.append("options.\(name): \(error)")
      }
    }
    if options != nil { mistakes += RunFile.refused(command, &given) }
    guard mistakes.isEmpty else { throw Failure("\(path): \(mistakes.joined(separator: "; "))") }
    arguments = given.flatMap(\.words)
  }

  private static func read(_ path: String) throws -> JSONValue {
    do {
      return try JSONValue(parsing: FileReader.read(path, limit: 1 << 20))
    } catch let error as FileError {
      throw Failure("\(error.path): \(error.reason)")
    } catch {
      throw Failure("\(path): \(error)")
    }
  }

  /// An option as words of a command line; none for a flag that is not set.
  private static func words(_ name: String, _ value: JSONValue, _ isFlag: Bool?) throws -> [String] {
    guard let isFlag else { throw Failure("there is no such option") }
    if isFlag {
      guard let flag = value.bool else { throw Failure("expected true or false") }
      return flag ? ["--\(name)"] : []
    }
    let texts = try (value.array ?? [value]).map { element -> String in
      switch element {
      case .string(let text): return text
      case .integer(let number): return "\(number)"
      case .number(let number): return "\(number)"
      default: throw Failure("expected a text, a number, or an array of these")
      }
    }
    // With an equals sign, since a negative number would look like an option.
    return ["--\(name)=\(texts.joined(separator: ","))"]
  }

  /// What the command says of the options: each one that it refuses is taken away, and it is asked again.
  private static func refused(_ command: String, _ given: inout [(name: String, words: [String])]) -> [String] {
    var mistakes: [String] = []
    var removed: [String] = []
    while true {
      do {
        _ = try NN.parseAsRoot([command] + given.flatMap(\.words))
        return mistakes
      } catch {
        let message = oneLine(NN.message(for: error))
        let named = { (name: String) in
          message.contains("--\(name) ") || message.contains("--\(name):") || message.contains("--\(name)'")
        }
        // What follows from an option that was taken away is no mistake of its own.
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

/// The commands and their options, as the parser of the command line knows them.
private struct KnownCommands {
  private let commands: [JSONValue]

  init() throws {
    commands = try JSONValue(parsing: NN._dumpHelp())["command"]?["subcommands"]?.array ?? []
  }

  var names: [String] { commands.compactMap { $0["commandName"]?.string }.filter { $0 != "help" } }

  /// The long names of a command's options; true for those that are flags. Nil where there is no such command.
  func options(of command: String) -> [String: Bool]? {
    guard let found = commands.first(where: { $0["commandName"]?.string == command }), command != "run" else {
      return nil
    }
    var options: [String: Bool] = [:]
    for argument in found["arguments"]?.array ?? [] {
      for name in argument["names"]?.array ?? [] where name["kind"]?.string == "long" {
        if let text = name["name"]?.string, text != "help" { options[text] = argument["kind"]?.string == "flag" }
      }
    }
    return options
  }
}
