import Files
import ModelFormats

/// A picture file format. The raw value is the file extension.
public enum PictureFormat: String, Sendable, Hashable, CaseIterable {
  /// Scalable Vector Graphics.
  case svg
  /// Portable Network Graphics, without captions.
  case png
  /// A graph for Graphviz.
  case dot
  /// A self-contained HTML page.
  case html
}

/// A picture that can be saved to a file.
///
/// ```swift
/// import NeuralNetworks
/// import Pictures
///
/// let history = History(epochs: [EpochRecord(epoch: 0, seconds: 1, values: ["loss": 0.9])])
/// try HistoryPicture(history).save(to: "curves.svg")
/// ```
public protocol Picture {
  /// Returns the contents of a file in the given format; nil if this picture does not support the format.
  func contents(in format: PictureFormat) -> [UInt8]?
}

extension Picture {
  /// Writes the picture in the format of the file extension, for example `.svg`. An existing file is replaced only
  /// after the new one is complete.
  /// - Throws: `FormatError` if the picture does not support the format or the file cannot be written.
  public func save(to path: String) throws {
    let name = path.split(separator: "/").last ?? ""
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let format = parts.count > 1 ? PictureFormat(rawValue: parts[parts.count - 1].lowercased()) : nil
    guard let format, let bytes = contents(in: format) else {
      let possible = PictureFormat.allCases.filter { contents(in: $0) != nil }.map { ".\($0.rawValue)" }
      throw FormatError.file(
        path: path, reason: "expected a file name that ends with \(possible.joined(separator: " or "))")
    }
    do {
      try FileWriter.write(bytes, to: path)
    } catch {
      throw FormatError.file(path: error.path, reason: error.reason)
    }
  }
}

extension HistoryPicture: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? { format == .svg ? Array(svg.utf8) : nil }
}

extension ConfusionPicture: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? { format == .svg ? Array(svg.utf8) : nil }
}

extension PredictionPicture: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? { format == .svg ? Array(svg.utf8) : nil }
}

extension Chart: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? { format == .svg ? Array(svg.utf8) : nil }
}

extension ModelPicture: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? {
    switch format {
    case .svg: Array(svg.utf8)
    case .dot: Array(dot.utf8)
    case .png, .html: nil
    }
  }
}

extension Bitmap: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? { format == .png ? png : nil }
}

extension ImageSheet: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? {
    switch format {
    case .svg: Array(svg.utf8)
    case .png: bitmap.png
    case .dot, .html: nil
    }
  }
}

extension WeightSheet: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? { sheet.contents(in: format) }
}

extension RunPage: Picture {
  public func contents(in format: PictureFormat) -> [UInt8]? { format == .html ? Array(html.utf8) : nil }
}

extension BoundaryPicture {
  /// Returns the picture in a form that can be saved.
  /// - Parameter probabilities: The class probabilities at each of the `places`.
  public func picture(_ probabilities: [[Float]]) -> some Picture { Drawn(svg: svg(probabilities)) }

  private struct Drawn: Picture {
    let svg: String
    func contents(in format: PictureFormat) -> [UInt8]? { format == .svg ? Array(svg.utf8) : nil }
  }
}
