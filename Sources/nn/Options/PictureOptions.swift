import ArgumentParser
import CommandSupport
import Files
import Pictures

/// Where a picture goes, the same for every picture.
struct PictureOptions: ParsableArguments {
  @Option(
    name: [.long, .customShort("o")],
    help: ArgumentHelp(
      "The file to write; its ending says what: .svg, and .dot or .png where that is possible. Without it SVG goes to "
        + "standard output.", valueName: "file"))
  var out: String?

  /// A picture in the forms that it has.
  struct Forms {
    var svg: () throws -> String
    var dot: (() -> String)?
    var png: (() -> [UInt8])?

    /// The endings of files that it can be written to.
    var endings: [String] { [".svg"] + (dot == nil ? [] : [".dot"]) + (png == nil ? [] : [".png"]) }
  }

  /// Writes the picture as the name of the file wants it.
  func write(_ forms: Forms) throws {
    guard let out else { return Console.output(try String(forms.svg().dropLast())) }
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

/// Files that commands write.
enum OutputFile {
  /// The file appears when it is whole; where it is, is said on standard error.
  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try FileWriter.write(bytes, to: path)
    } catch {
      throw Failure("\(error.path): \(error.reason)")
    }
    Console.error("wrote \(path)")
  }
}
