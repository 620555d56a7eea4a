import HostSystem
import Files
import NeuralNetworks

/// Named tensors in a NumPy archive (`.npz`): a zip archive of `.npy` files, stored or compressed with deflate.
public enum NPZ {
  /// Reads all tensors, in the order of the archive.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - keepingType: Whether elements of type float16 do not become float32.
  ///   - device: The device for the tensors.
  ///   - limit: The maximum size in bytes of the file and of all its tensors together, because a small file can claim
  ///     to decompress to a thousand times its size.
  /// - Throws: `FormatError`.
  public static func load(
    _ path: String, keepingType: Bool = false, on device: Device = .cpu, limit: Int = 1 << 32
  ) throws -> [(name: String, tensor: Tensor)] {
    let file = try withFileErrors { () throws(FileError) in try FileReader(path) }
    if file.size > limit { throw FormatError(.tooLarge(path: path, bytes: file.size, limit: limit)) }
    do {
      var left = limit
      let archive = try ZipArchive(file)
      return try archive.entries.map { entry in
        let place = "\(path), \"\(entry.name.shortened(to: 100))\""
        if entry.size > left {
          throw FormatError.malformed(path: place, reason: "it has \(entry.size) bytes; the limit leaves \(left)")
        }
        left -= entry.size
        let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
        return (
          name,
          try tensor(of: entry, in: archive, place, keepingType: keepingType, on: device) {
            ForeignFormat.pyTorch(file)
          }
        )
      }
    } catch let failure as ZipArchive.Failure {
      throw FormatError.malformed(path: path, reason: ForeignFormat.pyTorch(file) ?? failure.reason)
    } catch let error as FileError {
      throw FormatError(error)
    }
  }

  /// Reads the header of the array first: it must match the size of the entry before memory is allocated for the
  /// elements.
  private static func tensor(
    of entry: ZipArchive.Entry, in archive: ZipArchive, _ place: String, keepingType: Bool, on device: Device,
    foreign: () -> String?
  ) throws -> Tensor {
    var array: (header: NPYHeader, conversion: ElementConversion)?
    var failure: ElementConversion.Failure?
    return try withElementErrors(place) {
      try archive.read(entry, first: NPYHeader.longest) { piece in
        var elements = piece[...]
        if array == nil {
          let header = try NPY.header(piece, of: entry.size, place, foreign: foreign)
          array = (header, try header.conversion(keepingType: keepingType))
          elements = elements.dropFirst(header.start)
        }
        if failure == nil {
          // The checksum is compared first, because the elements of a damaged entry can have any value.
          do throws(ElementConversion.Failure) { try array?.conversion.append(elements) } catch { failure = error }
        }
      }
      if let failure { throw failure }
      guard let header = array?.header,
        let tensor = array?.conversion.tensor(shape: header.shape, strides: header.strides, on: device)
      else { fatalError("every entry has a first piece") }
      return tensor
    }
  }

  /// Writes tensors that `numpy.load` reads by name. The file appears at its path only after it is complete.
  ///
  /// - Parameters:
  ///   - tensors: Names and values.
  ///   - path: The file.
  ///   - compressed: Whether to compress the tensors, like `numpy.savez_compressed`.
  /// - Throws: `FormatError`, also for a bfloat16 tensor; `DeviceError` if a tensor cannot be downloaded.
  public static func save(_ tensors: some Sequence<(String, Tensor)>, to path: String, compressed: Bool = false) throws
  {
    var writer = try withFileErrors { () throws(FileError) in try ZipWriter(path) }
    var names: Set<ByteKey> = []
    for (name, tensor) in tensors {
      if !names.insert(ByteKey(name)).inserted {
        throw FormatError.malformed(path: path, reason: "two tensors have the name \"\(name)\"")
      }
      if ZipArchive.leadsOutside(name + ".npy") {
        throw FormatError.malformed(path: path, reason: "the name \"\(name)\" leads out of the archive")
      }
      let bytes = try NPY.bytes(tensor, "\(path), \"\(name.shortened(to: 100))\"")
      do { try writer.append(name + ".npy", bytes, deflating: compressed) } catch { throw FormatError(error) }
    }
    try withFileErrors { () throws(FileError) in try writer.finish() }
  }
}
