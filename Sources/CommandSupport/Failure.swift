import HostSystem
import ArgumentParser
import Files
import Tensors

/// The exit codes of a command.
package enum ExitStatus: Int32, Sendable {
  case success = 0
  /// The data, the model, or a file is invalid.
  case data = 1
  /// The device does not exist or has failed.
  case device = 3
  /// The command line is invalid (`EX_USAGE` of sysexits.h).
  case usage = 64
  /// Ctrl-C or SIGTERM ended a training run after a step. The step is saved if checkpoints are enabled.
  case interrupted = 130
}

/// An error detected by a command, as one line without the name of the command.
package struct Failure: Error, CustomStringConvertible {
  package let description: String
  package let status: ExitStatus

  package init(_ description: String, _ status: ExitStatus = .data) {
    self.description = description
    self.status = status
  }

  /// An invalid value on the command line.
  package static func usage(_ description: String) -> Failure { Failure(description, .usage) }
}

/// Runs `body` and converts its file errors to failures that name the file.
package func withFileFailures<Value>(_ body: () throws(FileError) -> Value) throws -> Value {
  do { return try body() } catch { throw Failure("\(error.path): \(error.reason)") }
}

extension ParsableCommand {
  /// Parses the command line, runs the command, and ends the process. An error is printed as one line on standard
  /// error, with an exit code of `ExitStatus`.
  /// - Parameter completions: Changes the generated completion script of a shell.
  package static func runAndExit(completions: (String) -> String = { $0 }) -> Never {
    Console.prepare()
    Device.checkEnvironment()
    do {
      var command = try parseAsRoot(CommandWords.arguments)
      try command.run()
    } catch {
      exit(reporting: error, completions)
    }
    Console.checkDelivered()
    exitProcess(.success)
  }

  private static func exit(reporting error: any Error, _ completions: (String) -> String) -> Never {
    let name = configuration.commandName ?? "command"
    switch error {
    case let failure as Failure: finish(name, failure.description, failure.status)
    case let error as any NeuralNetworksError:
      finish(name, error.description, ExitStatus(rawValue: error.exitCode) ?? .data)
    default: break
    }
    guard exitCode(for: error) != .success else {
      let text = fullMessage(for: error)
      let isScript = CommandWords.arguments.contains { $0.hasPrefix("--generate-completion-script") }
      Console.output(text: isScript ? completions(text) : text)
      exitProcess(.success)
    }
    // The remaining errors are from parsing. The usage text after the first line is available with `--help`.
    let command = CommandWords.arguments.first
    let isKnown = configuration.subcommands.contains { $0.word == command }
    let help = isKnown ? "\(name) \(command ?? "") --help" : "\(name) --help"
    finish(name, message(for: error) + " (see \(help))", .usage)
  }

  private static func finish(_ name: String, _ message: String, _ status: ExitStatus) -> Never {
    Console.error("\(name): \(shortened(oneLine(message)))")
    exitProcess(status)
  }
}

/// The first 4,096 bytes of a text, because names in a file may have any length.
private func shortened(_ text: String) -> String {
  text.utf8.count <= 4096 ? text : String(decoding: text.utf8.prefix(4096), as: UTF8.self) + "…"
}

/// The text on one line, with a mark for each line break, because compiler logs have many.
package func oneLine(_ text: String) -> String {
  text.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.map { line in
    String(String.UnicodeScalarView(line.drop { $0.properties.isWhitespace })).onOneLine
  }.joined(separator: " | ")
}
