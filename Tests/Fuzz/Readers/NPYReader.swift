import ModelFormats

extension FuzzReader {
  static let npy = FuzzReader("npy") { path in
    let tensor = try NPY.load(path, limit: limit)
    try NPY.save(tensor, to: path)
    try requireSame(tensor, NPY.load(path), "npy")
  }
}
