import HostSystem
import Files
import NeuralNetworks

/// Named tensors in a NumPy archive (`.npz`): a zip archive of `.npy` files, stored or compressed with deflate.
public enum NPZ {
  /// Reads all tensors, in the order of the archive.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - keepingTypes: Whether float64, float16, int64, int16, int8, and uint8 do not become float32 and int32. Other
  ///     integers still become int32.
  ///   - device: The device for the tensors.
  ///   - limit: The maximum size in bytes of the file and of all its tensors together, because a small file can claim
  ///     to decompress to a thousand times its size.
  /// - Throws: `FormatError`.
  public static func load(
    _ path: String, keepingTypes: Bool = false, on device: Device = .cpu, limit: Int = 1 << 32
  ) throws -> [(name: String, tensor: Tensor)] {
    let archive = try NPZArchive(path, limit: limit)
    return try archive.names.indices.map { index in
      (archive.names[index], try archive.tensor(at: index, keepingTypes: keepingTypes, on: device))
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
        throw FormatError.malformed(path: path, reason: "two tensors have the name \"\(name.shortened(to: 100))\"")
      }
      if let reason = objection(toName: name) { throw FormatError.malformed(path: path, reason: reason) }
      let bytes = try NPY.bytes(tensor, "\(path), \"\(name.shortened(to: 100))\"")
      do { try writer.append(name + ".npy", bytes, deflating: compressed) } catch { throw FormatError(error) }
    }
    try withFileErrors { () throws(FileError) in try writer.finish() }
  }

  /// The reason why a tensor of an archive cannot have this name; nil if it can.
  static func objection(toName name: String) -> String? {
    let entry = name + ".npy", quoted = "the name \"\(name.shortened(to: 100))\""
    if entry.utf8.count > ZipArchive.nameLimit {
      return "\(quoted) has \(name.utf8.count) bytes; at most \(ZipArchive.nameLimit - 4) are possible"
    }
    return ZipArchive.leadsOutside(entry) ? "\(quoted) leads out of the archive" : nil
  }
}

/// The arrays of a NumPy archive, which are read on demand.
struct NPZArchive {
  /// The names of the arrays, in the order of the archive.
  let names: [String]
  private let file: FileReader
  private let archive: ZipArchive

  /// Opens an archive.
  /// - Parameter limit: The maximum size in bytes of the file and of all its arrays together.
  init(_ path: String, limit: Int) throws {
    let file = try withFileErrors { () throws(FileError) in try FileReader(path) }
    if file.size > limit { throw FormatError(.tooLarge(path: path, bytes: file.size, limit: limit)) }
    let archive = try NPZArchive.withErrors(of: file) { try ZipArchive(file) }
    var left = limit
    for entry in archive.entries {
      if entry.size > left {
        throw FormatError.malformed(
          path: NPZArchive.place(of: entry, in: file), reason: "it has \(entry.size) bytes; the limit leaves \(left)")
      }
      left -= entry.size
    }
    (self.file, self.archive) = (file, archive)
    names = archive.entries.map { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name }
  }

  /// Reads an array. Its header comes first: it must match the size of the entry before memory is allocated for the
  /// elements.
  func tensor(at index: Int, keepingTypes: Bool, on device: Device) throws -> Tensor {
    let entry = archive.entries[index]
    let place = NPZArchive.place(of: entry, in: file)
    var array: (header: NPYHeader, conversion: ElementConversion)?
    var failure: ElementConversion.Failure?
    return try NPZArchive.withErrors(of: file) {
      try withElementErrors(place) {
        try archive.read(entry, first: NPYHeader.longest) { piece in
          var elements = piece[...]
          if array == nil {
            let header = try NPY.header(piece, of: entry.size, place) { ForeignFormat.pyTorch(file) }
            array = (header, try header.conversion(keepingTypes: keepingTypes))
            elements = elements.dropFirst(header.start)
          }
          if failure == nil {
            // The checksum is compared first, because the elements of a damaged entry can have any value.
            do throws(ElementConversion.Failure) { try array?.conversion.append(elements) } catch { failure = error }
          }
        }
        if let failure { throw failure }
        guard let header = array?.header,
          let tensor = try array?.conversion.tensor(shape: header.shape, strides: header.strides, on: device)
        else { fatalError("every entry has a first piece") }
        return tensor
      }
    }
  }

  private static func place(of entry: ZipArchive.Entry, in file: FileReader) -> String {
    "\(file.path), \"\(entry.name.shortened(to: 100))\""
  }

  /// Runs `body` and converts its errors to errors of the file.
  private static func withErrors<Value>(of file: FileReader, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let failure as ZipArchive.Failure {
      throw FormatError.malformed(path: file.path, reason: ForeignFormat.pyTorch(file) ?? failure.reason)
    } catch let error as FileError {
      throw FormatError(error)
    }
  }
}
