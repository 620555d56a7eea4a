import ModelFormats
import NeuralNetworks

extension FuzzReader {
  /// The bytes are the text that a checkpoint has beside its tensors: its place and history before the first zero byte, its
  /// architecture behind it.
  static let checkpoint = FuzzReader(
    "checkpoint",
    contents: { bytes in
      let texts = bytes.split(separator: 0, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
      let entry = { (range: [Int]) -> JSONValue in
        ["dtype": "F32", "shape": [1], "data_offsets": .array(range.map { .integer($0) })]
      }
      let head: JSONValue = [
        "__metadata__": [
          "training": .string(texts.first ?? ""), "architecture": .string(texts.last ?? ""),
          "graph": .string(texts.last ?? ""),
        ],
        "0.bias": entry([0, 4]), "optimizer/0.bias/0": entry([4, 8]),
      ]
      return safetensorsFile(Array(((try? head.text()) ?? "").utf8), [UInt8](repeating: 0, count: 8))
    }
  ) { path in
    do { _ = try Sequential.load(from: path) } catch is any NeuralNetworksError {}
    do { _ = try Graph.load(from: path) } catch is any NeuralNetworksError {}
    let state = try TrainingState.load(from: path)
    try state.save(to: path)
    let again = try TrainingState.load(from: path)
    require(again.step == state.step && again.seed == state.seed, "checkpoint: another place came back")
    require(again.history.epochs.count == state.history.epochs.count, "checkpoint: another history came back")
  }
}
