import ArgumentParser
import CommandSupport
import Files
import Pictures

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
