import ArgumentParser
import CommandSupport
import Files
import ModelFormats

/// A command with its options in JSON: `{"command": "train", "options": {"dataset": "moons", "epochs": 3, "hidden": [16, 16]}}`.
/// Options are called as on the command line, without the dashes; a flag is true or false, a list an array. What a command
/// takes without a name is in a list of its own: `{"command": "plot", "arguments": ["run.jsonl"]}`.
struct RunFile {
  /// "train".
  let command: String
  /// What the command line would be.
  let arguments: [String]

  /// - Throws: `Failure` with every mistake and the path to it.
  init(_ path: String) throws {
    let value = try RunFile.read(path)
    var mistakes: [String] = []
    for key in value.object?.keys ?? [] where !["command", "options", "arguments"].contains(key) {
      mistakes.append("\(key): there is \"command\", \"options\" and \"arguments\", and nothing else")
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
    let unnamed = RunFile.unnamed(value["arguments"], &mistakes)
    if options != nil { mistakes += RunFile.refused(command, &given, unnamed) }
    guard mistakes.isEmpty else { throw Failure("\(path): \(mistakes.joined(separator: "; "))") }
    arguments = given.flatMap(\.words) + unnamed
  }

  /// What a command takes without a name, behind the mark after which nothing is an option.
  private static func unnamed(_ value: JSONValue?, _ mistakes: inout [String]) -> [String] {
    guard let value else { return [] }
    let texts = value.array?.compactMap(\.string)
    guard let texts, texts.count == value.array?.count else {
      mistakes.append("arguments: expected an array of texts")
      return []
    }
    return texts.isEmpty ? [] : ["--"] + texts
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
  private static func words(_ name: String, _ value: JSONValue, _ kind: OptionKind?) throws -> [String] {
    guard let kind else { throw Failure("there is no such option") }
    if kind == .flag {
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
    return kind == .repeated ? texts.map { "--\(name)=\($0)" } : ["--\(name)=\(texts.joined(separator: ","))"]
  }

  /// What the command says of the options: each one that it refuses is taken away, and it is asked again.
  private static func refused(
    _ command: String, _ given: inout [(name: String, words: [String])], _ unnamed: [String]
  ) -> [String] {
    var mistakes: [String] = []
    var removed: [String] = []
    while true {
      do {
        _ = try NN.parseAsRoot([command] + given.flatMap(\.words) + unnamed)
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

/// What an option takes.
private enum OptionKind {
  case flag
  case value
  /// A value, each time that it is given.
  case repeated
}

/// The commands and their options, as the parser of the command line knows them.
private struct KnownCommands {
  private let commands: [JSONValue]

  init() throws {
    commands = try JSONValue(parsing: NN._dumpHelp())["command"]?["subcommands"]?.array ?? []
  }

  var names: [String] { commands.compactMap { $0["commandName"]?.string }.filter { $0 != "help" } }

  /// The options of a command by their long names. Nil where there is no such command.
  func options(of command: String) -> [String: OptionKind]? {
    guard let found = commands.first(where: { $0["commandName"]?.string == command }), command != "run" else {
      return nil
    }
    var options: [String: OptionKind] = [:]
    for argument in found["arguments"]?.array ?? [] {
      let isFlag = argument["kind"]?.string == "flag", isRepeated = argument["isRepeating"]?.bool == true
      for name in argument["names"]?.array ?? [] where name["kind"]?.string == "long" {
        if let text = name["name"]?.string, text != "help" {
          options[text] = isFlag ? .flag : isRepeated ? .repeated : .value
        }
      }
    }
    return options
  }
}
