import NeuralNetworks

/// The tensors of a file in any format that this module reads, which are read on demand and keep their types as far as
/// tensors have them: safetensors, NPY, NPZ, PyTorch, GGUF, and the index of several files.
package struct TensorFile {
  /// The paths of the files that contain the tensors.
  package let filePaths: [String]
  /// The names of the tensors, in the order of the file.
  package let names: [String]
  /// The metadata of a safetensors file; for an index, the metadata that its files have in common.
  private let metadata: [String: String]
  private let hasChecksum: Bool
  private let read: (_ index: Int) throws -> Tensor?

  /// Opens a file. Its extension tells NPY, NPZ, and an index; its first bytes tell the other formats.
  ///
  /// - Throws: `FormatError` if the file cannot be opened, or if it contains checksums and they differ.
  package init(_ path: String) throws {
    if path.hasSuffix(".npy") {
      // An array has no name; `numpy.savez` uses this one.
      (filePaths, names, metadata, hasChecksum) = ([path], ["arr_0"], [:], false)
      read = { _ in try NPY.load(path, keepingTypes: true) }
    } else if path.hasSuffix(".npz") {
      let archive = try NPZArchive(path, limit: 1 << 32)
      (filePaths, names, metadata, hasChecksum) = ([path], archive.names, [:], false)
      read = { try archive.tensor(at: $0, keepingTypes: true, on: .cpu) }
    } else {
      let source = try WeightIndex.open(path)
      try source.checkSum()
      let names = source.names
      (filePaths, self.names, metadata) = (source.filePaths, names, source.metadata)
      hasChecksum = (source as? Safetensors)?.hasChecksum ?? false
      read = { try source.tensor(names[$0], keepingTypes: true, on: .cpu) }
    }
  }

  /// Reads the tensor with this index in `names`.
  ///
  /// - Throws: `FormatError.malformed` if this tensor cannot be read, `FormatError.file` if the file cannot.
  package func tensor(at index: Int) throws -> Tensor {
    guard let tensor = try read(index) else {
      throw FormatError.malformed(path: filePaths.joined(separator: ", "), reason: "there is no \"\(names[index])\"")
    }
    return tensor
  }

  /// Writes tensors to another file. A safetensors file receives the metadata of this one, and a checksum if this one
  /// has a checksum.
  ///
  /// - Throws: `FormatError`; `DeviceError` if a tensor cannot be downloaded.
  package func save(_ tensors: [(String, Tensor)], as format: TensorFormat, to path: String) throws {
    switch format {
    case .safetensors where hasChecksum: try Safetensors.saveChecked(tensors, metadata: metadata, to: path)
    case .safetensors: try Safetensors.save(tensors, metadata: metadata, to: path)
    case .npz: try NPZ.save(tensors, to: path)
    case .npy: for (_, tensor) in tensors { try NPY.save(tensor, to: path) }
    }
  }
}

/// The formats of tensor files that are written, by their extension.
package enum TensorFormat: String, CaseIterable {
  case safetensors, npz, npy

  /// The format of a file by its extension; nil for other extensions.
  package init?(path: String) {
    guard let format = TensorFormat.allCases.first(where: { path.hasSuffix("." + $0.rawValue) }) else { return nil }
    self = format
  }

  /// Whether the format has elements of type bfloat16.
  package var holdsBFloat16: Bool { self == .safetensors }

  /// The reason why a tensor in a file of this format cannot have this name; nil if it can.
  package func objection(toName name: String) -> String? {
    switch self {
    case .safetensors: Safetensors.objection(toName: name)
    case .npz: NPZ.objection(toName: name)
    case .npy: nil
    }
  }
}
