import Files
import NeuralNetworks

/// What can be wrong with data from outside: files, their contents, downloads. Every description is one line that names
/// the file and says what was expected and what was found.
public enum DataError: NeuralNetworksError, Hashable {
  /// There is no such file.
  case missingFile(String)
  /// The system cannot read or write the file.
  case unreadable(file: String, reason: String)
  /// The contents are not what they should be; `offset` counts bytes (of the unpacked contents, if it is a gzip file).
  case malformed(file: String, offset: Int?, expected: String, found: String)
  /// A line of a text file is not what it should be; lines count from 1.
  case malformedLine(file: String, line: Int, expected: String, found: String)
  /// A file could not be fetched; the reason names the folder to put it in by hand.
  case download(url: String, reason: String)
  /// A fetched file is not the published one; it was not kept.
  case checksum(file: String)
  /// Examples cannot be varied as was asked.
  case augmentation(reason: String)

  public var description: String { words.onOneLine }

  private var words: String {
    switch self {
    case .missingFile(let file): "\(file): no such file"
    case .unreadable(let file, let reason): "\(file): \(reason)"
    case .malformed(let file, let offset, let expected, let found):
      "\(file)\(offset.map { ", byte \($0)" } ?? ""): expected \(expected), found \(found)"
    case .malformedLine(let file, let line, let expected, let found):
      "\(file), line \(line): expected \(expected), found \(found)"
    case .download(let url, let reason): "cannot download \(url): \(reason)"
    case .checksum(let file):
      "\(file): the downloaded file is not the published one (its SHA-256 differs); it was not kept"
    case .augmentation(let reason): "augmentation: \(reason)"
    }
  }
}

extension DataError {
  init(_ error: FileError) {
    switch error {
    case .missing(let path): self = .missingFile(path)
    case .failed(let path, let reason): self = .unreadable(file: path, reason: reason)
    case .tooLarge(let path, let bytes, let limit):
      self = .malformed(file: path, offset: nil, expected: "at most \(limit) bytes", found: "\(bytes) bytes")
    }
  }
}
