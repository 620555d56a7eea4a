import Files
import NeuralNetworks

/// Named tensors in a NumPy archive (`.npz`): a zip archive of `.npy` files, stored or deflated.
public enum NPZ {
  /// Reads all tensors, in the order of the archive.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - device: where the tensors will be.
  ///   - limit: the most bytes that the file, and all its tensors together, may have: a small file can
  ///     claim to unpack to a thousand times its size.
  /// - Throws: `FormatError`.
  public static func load(
    _ path: String, on device: Device = .cpu, limit: Int = 1 << 32
  ) throws -> [(name: String, tensor: Tensor)] {
    let bytes = try withFileErrors { () throws(FileError) in try FileReader.read(path, limit: limit) }
    var tensors: [(name: String, tensor: Tensor)] = []
    do {
      let archive = try ZipArchive(bytes)
      var left = limit
      for entry in archive.entries {
        let contents = try archive.contents(entry, limit: left)
        left -= contents.count
        let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
        tensors.append((name, try NPY.tensor(contents, path: "\(path), \"\(entry.name)\"", on: device)))
      }
    } catch let failure as ZipArchive.Failure {
      throw FormatError.malformed(path: path, reason: failure.reason)
    }
    return tensors
  }

  /// Writes tensors; `numpy.load` reads them by name. The file appears under its name when it is whole.
  ///
  /// - Parameters:
  ///   - tensors: names and values.
  ///   - path: the file.
  ///   - compressed: deflates them, as `numpy.savez_compressed` does.
  /// - Throws: `FormatError`; `DeviceError` if a tensor cannot be downloaded.
  public static func save(_ tensors: some Sequence<(String, Tensor)>, to path: String, compressed: Bool = false) throws
  {
    var writer = try withFileErrors { () throws(FileError) in try ZipWriter(path) }
    var names: Set<String> = []
    for (name, tensor) in tensors {
      if !names.insert(name).inserted {
        throw FormatError.malformed(path: path, reason: "two tensors have the name \"\(name)\"")
      }
      if ZipArchive.leadsOutside(name + ".npy") {
        throw FormatError.malformed(path: path, reason: "the name \"\(name)\" leads out of the archive")
      }
      let bytes = try NPY.bytes(tensor)
      do { try writer.append(name + ".npy", bytes, deflating: compressed) } catch { throw FormatError(error) }
    }
    try withFileErrors { () throws(FileError) in try writer.finish() }
  }
}
