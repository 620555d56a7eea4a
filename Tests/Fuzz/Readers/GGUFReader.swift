import ModelFormats
import NeuralNetworks

extension FuzzReader {
  /// Reads all tensors and values, and writes the tensors as another file, from which they come back.
  static let gguf = FuzzReader("gguf") { path in
    let file = try GGUFFile(path)
    let model = Sequential([Dense(2)], inputShape: [2])
    do { try model.loadWeights(from: path, mapping: .pyTorch) } catch is any NeuralNetworksError {}
    for key in file.keys {
      do { require(try file.value(of: key) != nil, "gguf: a value is missing") } catch is any NeuralNetworksError {}
    }
    var tensors: [(String, Tensor)] = []
    for name in file.names where name != "__metadata__" {
      do {
        guard let tensor = try file.tensor(name) else { fatalError("gguf: \(name) is missing") }
        require(tensor.shape == file.shape(of: name), "gguf: another shape came back")
        do {
          guard let matrix = try file.quantizedMatrix(name) else { fatalError("gguf: \(name) is missing") }
          try requireSame(tensor, matrix.dequantized(), "gguf: a matrix in blocks")
        } catch is FormatError {}
        tensors.append((name, tensor))
      } catch is any NeuralNetworksError {}
    }
    try Safetensors.save(tensors, to: path)
    let again = try Safetensors(path)
    for (name, tensor) in tensors {
      guard let copy = try again.tensor(name) else { fatalError("gguf: \(name) did not come back") }
      try requireSame(tensor, copy, "gguf")
    }
  }
}
