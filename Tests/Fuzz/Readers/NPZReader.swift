import ModelFormats

extension FuzzReader {
  static let npz = FuzzReader("npz") { path in
    let tensors = try NPZ.load(path, limit: limit)
    try NPZ.save(tensors.map { ($0.name, $0.tensor) }, to: path, compressed: true)
    let again = try NPZ.load(path)
    require(again.map(\.name) == tensors.map(\.name), "npz: other names came back")
    for (one, other) in zip(tensors, again) { try requireSame(one.tensor, other.tensor, "npz") }
  }
}
