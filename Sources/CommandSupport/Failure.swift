import ArgumentParser
import Tensors

/// What a command tells its caller by its exit code.
package enum ExitStatus: Int32, Sendable {
  case success = 0
  /// The data, the model or a file is not what it should be.
  case data = 1
  /// There is no such device, or it failed.
  case device = 3
  /// The command line does not make sense (`EX_USAGE` of sysexits.h).
  case usage = 64
  /// Ctrl-C or SIGTERM ended a training after a step, which is saved where checkpoints were asked for.
  case interrupted = 130
}

/// A fault that a command found itself; one line, without the name of the command.
package struct Failure: Error, CustomStringConvertible {
  package let description: String
  package let status: ExitStatus

  package init(_ description: String, _ status: ExitStatus = .data) {
    self.description = description
    self.status = status
  }

  /// A value on the command line that cannot be meant.
  package static func usage(_ description: String) -> Failure { Failure(description, .usage) }
}

extension ParsableCommand {
  /// Parses the command line, runs the command, and ends the process: a fault becomes one line on standard error and an
  /// exit code of `ExitStatus`.
  package static func runAndExit() -> Never {
    Console.endQuietlyOnClosedPipe()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      exit(reporting: error)
    }
    exitProcess(.success)
  }

  private static func exit(reporting error: any Error) -> Never {
    let name = configuration.commandName ?? "command"
    switch error {
    case let failure as Failure: finish(name, failure.description, failure.status)
    case let error as any NeuralNetworksError:
      finish(name, error.description, ExitStatus(rawValue: error.exitCode) ?? .data)
    default: break
    }
    guard exitCode(for: error) != .success else {
      Console.output(fullMessage(for: error))
      exitProcess(.success)
    }
    // What is left comes from parsing; the usage that follows the first line is a `--help` away.
    let command = CommandLine.arguments.dropFirst().first
    let isKnown = configuration.subcommands.contains { $0._commandName == command }
    let help = isKnown ? "\(name) \(command ?? "") --help" : "\(name) --help"
    finish(name, message(for: error) + " (\(help) says what is possible)", .usage)
  }

  private static func finish(_ name: String, _ message: String, _ status: ExitStatus) -> Never {
    Console.error("\(name): \(oneLine(message))")
    exitProcess(status)
  }

}

/// The text with its line breaks replaced: logs of compilers have many.
package func oneLine(_ text: String) -> String {
  text.split(whereSeparator: \.isNewline).map { line in
    line.drop(while: \.isWhitespace)
  }.joined(separator: " | ")
}
