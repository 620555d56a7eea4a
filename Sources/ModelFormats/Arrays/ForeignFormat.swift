import HostSystem
import Files

/// Detects files of other programs and explains how to convert them to a readable format.
enum ForeignFormat {
  /// The explanation for a file; nil for an unknown file type.
  static func description(of file: FileReader) -> String? {
    guard let (first, last) = ends(of: file) else { return nil }
    if let description = pyTorch(file.path, first, last) ?? archive(file.path, first, last) { return description }
    if first.first == 0x80, first.count > 2, (2...5).contains(first[1]), last.last == UInt8(ascii: ".") {
      return "it is a Python pickle, which may run any program when it is read: write safetensors in Python instead"
    }
    if first.starts(with: GGUFHeader.magic) {
      return "it is a GGUF file: load its weights with loadWeights(from:), or its tensors with GGUFFile"
    }
    if first.starts(with: [0x93] + Array("NUMPY".utf8)) { return "it is a NumPy array: read it with NPY.load" }
    if first.starts(with: [0x89] + Array("HDF".utf8)) { return keras(file.path, "an HDF5 file, as Keras writes it") }
    return nil
  }

  /// The explanation for a file of PyTorch; nil for other files.
  static func pyTorch(_ file: FileReader) -> String? {
    ends(of: file).flatMap { pyTorch(file.path, $0.first, $0.last) }
  }

  /// The explanation for a zip archive that is not a file of PyTorch; nil for other files.
  static func archive(_ file: FileReader) -> String? {
    ends(of: file).flatMap { archive(file.path, $0.first, $0.last) }
  }

  /// The first and the last 64 KiB of a file.
  private static func ends(of file: FileReader) -> (first: [UInt8], last: [UInt8])? {
    let count = min(file.size, 1 << 16)
    guard let first = try? file.read(at: 0, count: count),
      let last = try? file.read(at: file.size - count, count: count)
    else { return nil }
    return (first, last)
  }

  private static func isArchive(_ first: [UInt8]) -> Bool { first.starts(with: Array("PK".utf8) + [3, 4]) }

  /// The name of the file, for a line of Python.
  private static func name(_ path: String) -> String {
    String(path.split(separator: "/").last ?? "model").shortened(to: 100)
  }

  private static func archive(_ path: String, _ first: [UInt8], _ last: [UInt8]) -> String? {
    func contains(_ text: String) -> Bool {
      [first, last].contains { $0.firstRange(of: Array(text.utf8)) != nil }
    }
    if !isArchive(first) { return nil }
    if contains("model.weights.h5") { return keras(path, "a Keras file") }
    return contains(".npy") ? "it is a NumPy archive: read it with NPZ.load" : nil
  }

  private static func keras(_ path: String, _ kind: String) -> String {
    "it is \(kind); convert its weights in Python: import keras, safetensors.numpy; safetensors.numpy.save_file({"
      + "v.path: keras.ops.convert_to_numpy(v) for v in keras.saving.load_model(\"\(name(path))\").weights}, "
      + "\"model.safetensors\") (if it holds only weights, make the model and call its load_weights instead)"
  }

  private static func pyTorch(_ path: String, _ first: [UInt8], _ last: [UInt8]) -> String? {
    let pickle = Array("data.pkl".utf8)
    if isArchive(first) && [first, last].contains(where: { $0.firstRange(of: pickle) != nil }) {
      return "it is a PyTorch file: load its weights with loadWeights(from:mapping: .pyTorch), "
        + "or its tensors with PyTorchFile"
    }
    // Files of PyTorch before 1.6 start with the number 0x1950a86a20f9469cfc6c as a pickle.
    let number: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    if first.first != 0x80 || !first.dropFirst(2).starts(with: number) { return nil }
    return "it is a PyTorch file in the format before version 1.6; convert it in Python: import torch; torch.save("
      + "torch.load(\"\(name(path))\", map_location=\"cpu\", weights_only=True), \"new.pt\"), "
      + "and load that with the mapping .pyTorch"
  }
}
