import CommandSupport
import Datasets
import NeuralNetworks

/// A file of inputs without labels.
struct InputFile {
  let path: String

  init(_ path: String) { self.path = path }

  /// The raw numbers, one example a row.
  func read() throws -> Tensor {
    let name = path.hasSuffix(".gz") ? String(path.dropLast(3)) : path
    if name.hasSuffix(".csv") || name.hasSuffix(".tsv") || name.hasSuffix(".txt") {
      return try CSV.features(path).values
    }
    let file = try IDX(path)
    guard file.shape.count >= 2 else {
      throw DataError.malformed(
        file: path, offset: 3, expected: "examples [count, …], or a name that ends in .csv",
        found: "the shape \(file.shape)")
    }
    return Tensor(try file.floats(), shape: file.shape)
  }
}
