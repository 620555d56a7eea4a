import Datasets

extension FuzzReader {
  static let idx = FuzzReader("idx") { path in
    let file = try IDX(path, limit: limit)
    require(file.shape.reduce(1, *) == file.count, "idx: \(file.count) elements for \(file.shape)")
    let floats = try file.floats()
    require(floats.count == file.count && floats.allSatisfy(\.isFinite), "idx: the numbers are not those of the file")
    _ = try file.tensor()
    _ = try file.integers()
  }
}
