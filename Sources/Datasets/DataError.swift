import HostSystem
import Files
import NeuralNetworks

/// Errors in external data: files, their contents, and downloads. Every description is one line that names the file and
/// states the expected and the actual contents.
public enum DataError: NeuralNetworksError, Hashable {
  /// The file does not exist.
  case missingFile(String)
  /// The system cannot read or write the file.
  case unreadable(file: String, reason: String)
  /// The contents are invalid; `offset` counts bytes (of the decompressed contents for a gzip file).
  case malformed(file: String, offset: Int?, expected: String, found: String)
  /// A line of a text file is invalid; line numbers start at 1.
  case malformedLine(file: String, line: Int, expected: String, found: String)
  /// A download failed; the reason names the folder for a manual download.
  case download(url: String, reason: String)
  /// A downloaded file differs from the published one and was not kept.
  case checksum(file: String)
  /// The examples do not support the requested augmentation.
  case augmentation(reason: String)
  /// Examples do not have the form that a dataset needs.
  case examples(reason: String)

  public var description: String { words.shortened(to: 2000).onOneLine }

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
    case .examples(let reason): reason
    }
  }
}

extension DataError {
  package init(_ error: FileError) {
    switch error {
    case .missing(let path): self = .missingFile(path)
    case .failed(let path, let reason): self = .unreadable(file: path, reason: reason)
    case .tooLarge(let path, let bytes, let limit):
      self = .malformed(file: path, offset: nil, expected: "at most \(limit) bytes", found: "\(bytes) bytes")
    }
  }
}

/// Ends the program with a message, after flushing its output, if there is not enough memory for the result of a
/// function that cannot throw. Otherwise, the system would end the program without a message.
/// - Parameter count: The number of elements of `size` bytes.
package func requireMemory(for operation: String, _ count: Int, of size: Int) {
  do { try HostMemory.check(count, of: size) } catch {
    ProgrammerError.end("\(operation): \(count) elements: \(error)")
  }
}
