import ModelFormats
import NeuralNetworks

extension FuzzReader {
  /// The bytes, unchanged.
  static let safetensors = FuzzReader("safetensors", read: readSafetensors)

  /// The bytes up to the first zero are the header, the others the data; the length before the header is correct.
  static let safetensorsHead = FuzzReader(
    "safetensors-head",
    contents: { bytes in
      let head = bytes.prefix { $0 != 0 }
      return safetensorsFile(Array(head), Array(bytes.dropFirst(head.count + 1)))
    }, read: readSafetensors)

  static func safetensorsFile(_ head: [UInt8], _ data: [UInt8]) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: head.count >> (8 * $0)) } + head + data
  }

  /// Reads the file as tensors, and as everything else that such a file can be.
  @Sendable private static func readSafetensors(_ path: String) throws {
    let file = try Safetensors(path)
    let model = Sequential([Dense(2)], inputShape: [2])
    for read in [
      { try model.loadWeights(from: file.path) }, { try model.loadWeights(from: file.path, mapping: .pyTorch) },
      { _ = try TrainingState.load(from: file.path) }, { _ = try Sequential.load(from: file.path) },
      { _ = try ModelInformation.load(from: file.path) }, { try Optimizer.adam().load(from: file.path) },
    ] as [() throws -> Void] {
      do { try read() } catch is any NeuralNetworksError {}
    }
    let tensors = try file.names.compactMap { name in try file.tensor(name).map { (name, $0) } }
    try Safetensors.save(tensors, metadata: file.metadata, to: path)
    let again = try Safetensors(path)
    require(again.metadata == file.metadata, "safetensors: other text came back")
    for (name, tensor) in tensors {
      guard let copy = try again.tensor(name) else { fatalError("safetensors: \(name) did not come back") }
      try requireSame(tensor, copy, "safetensors")
    }
  }
}
