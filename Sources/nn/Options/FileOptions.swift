import ArgumentParser
import CommandSupport
import Files
import Pictures

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

/// The destination of a picture, with the same options for every picture.
struct PictureOptions: ParsableArguments {
  @Option(
    name: [.long, .customShort("o")],
    help: ArgumentHelp(
      "The file to write, in the format of its extension: .svg, and .dot or .png where possible. By default SVG goes to "
        + "standard output.", valueName: "file"), completion: .file(extensions: ["svg", "dot", "png"]))
  var out: String?

  /// A picture in its available formats.
  struct Forms {
    var svg: () throws -> String
    var dot: (() -> String)?
    var png: (() -> [UInt8])?

    /// The supported file extensions.
    var endings: [String] { [".svg"] + (dot == nil ? [] : [".dot"]) + (png == nil ? [] : [".png"]) }
  }

  /// Writes the picture in the format of the file extension.
  func write(_ forms: Forms) throws {
    guard let out else { return Console.output(text: try String(forms.svg().dropLast())) }
    let bytes: [UInt8]
    if let dot = forms.dot, out.hasSuffix(".dot") {
      bytes = Array(dot().utf8)
    } else if let png = forms.png, out.hasSuffix(".png") {
      bytes = png()
    } else if out.hasSuffix(".svg") {
      bytes = Array(try forms.svg().utf8)
    } else {
      throw Failure.usage("--out \(out): expected a file that ends with \(forms.endings.joined(separator: " or "))")
    }
    try OutputFile.write(bytes, to: out)
  }
}

/// Files written by commands.
enum OutputFile {
  /// Writes the file, which appears at its path only after it is complete, and prints the path on standard error.
  static func write(_ bytes: [UInt8], to path: String) throws {
    try withFileFailures { () throws(FileError) in try FileWriter.write(bytes, to: path) }
    Console.error("wrote \(path)")
  }
}
