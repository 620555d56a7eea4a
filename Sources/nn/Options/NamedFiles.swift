import ArgumentParser
import Files

/// The files named on a command line. A file that the command writes must not be read or written twice.
struct NamedFiles {
  /// The paths with the options that name them.
  private(set) var read: [(option: String, path: String)] = []
  private(set) var written: [(option: String, path: String)] = []

  /// Adds a file that is read; nil for an option that is not given.
  mutating func reads(_ path: String?, _ option: String) { if let path { read.append((option, path)) } }
  mutating func writes(_ path: String?, _ option: String) { if let path { written.append((option, path)) } }

  /// Checks that no written file is named twice.
  /// - Throws: `ValidationError` with both options.
  func check() throws {
    var known: [FileIdentity: String] = [:]
    for (option, path) in read { if let file = FileIdentity(path) { known[file] = option } }
    for (option, path) in written {
      guard let file = FileIdentity(path) else { continue }
      if let other = known[file] {
        let name = other == option ? "another \(other)" : other
        throw ValidationError("\(option) \(path): expected a different file than \(name)")
      }
      known[file] = option
    }
  }
}

/// A command that reads and writes files.
protocol FileCommand: ParsableCommand {
  var files: NamedFiles { get }
}

extension FileCommand {
  func validate() throws { try files.check() }
}
