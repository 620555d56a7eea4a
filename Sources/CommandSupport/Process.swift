import HostSystem
import ArgumentParser
import CArguments

/// The words of the command line.
package enum CommandWords {
  /// The name of the program, without its folder.
  package static let program: String = {
    let path = all.first ?? "nn"
    return path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(decoding: Array($0), as: UTF8.self) } ?? path
  }()

  /// The arguments after the program name.
  package static var arguments: [String] { Array(all.dropFirst()) }

  private static let all: [String] = {
    guard let words = nn_arguments() else { return CommandLine.arguments }
    var texts: [String] = []
    while let word = words[texts.count] { texts.append(String(cString: word)) }
    return texts
  }()
}

extension ParsableCommand {
  /// The word of the command line that selects this command. Without a name of its own, a command has that of its type,
  /// which is a single word.
  package static var word: String { configuration.commandName ?? "\(Self.self)".lowercased() }
}

/// Ends the process.
func exitProcess(_ status: ExitStatus) -> Never { exit(status.rawValue) }

/// Sets an environment variable of this process, for code that reads it later.
package func setEnvironment(_ name: String, _ value: String) { setenv(name, value, 1) }

/// Whether this process may create files in a folder.
package func mayWrite(in folder: String) -> Bool { access(folder, W_OK | X_OK) == 0 }

/// Returns the total size of all files in a folder, without subfolders; nil if there is no such folder.
package func bytes(inFolder path: String) -> Int? {
  names(inFolder: path)?.reduce(0) { total, name in
    var status = stat()
    let isFile = lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    return isFile ? total + Int(status.st_size) : total
  }
}
