import ArgumentParser
import Files

/// The files that a command is given: what it writes is neither read by it nor written twice.
struct NamedFiles {
  /// With the options that name them.
  private(set) var read: [(option: String, path: String)] = []
  private(set) var written: [(option: String, path: String)] = []

  /// An option that is not given names no file.
  mutating func reads(_ path: String?, _ option: String) { if let path { read.append((option, path)) } }
  mutating func writes(_ path: String?, _ option: String) { if let path { written.append((option, path)) } }

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
