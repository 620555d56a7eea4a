import Datasets

extension FuzzReader {
  /// Files are unpacked before they are read, whatever they hold. The two bytes that make a file gzip are always there.
  static let gzip = FuzzReader("gzip", contents: { [0x1F, 0x8B] + $0.dropFirst(2) }) { path in
    _ = try IDX(path, limit: limit)
  }
}
