import Datasets

extension FuzzReader {
  /// Files are decompressed before they are read, regardless of their content. The two signature bytes of gzip are
  /// always present.
  static let gzip = FuzzReader("gzip", contents: { [0x1F, 0x8B] + $0.dropFirst(2) }) { path in
    _ = try IDX(path, limit: limit)
  }
}
