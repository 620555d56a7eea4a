import Files
import NeuralNetworks

/// One tensor in a NumPy array file (`.npy`).
///
/// Reading supports C and Fortran order and both byte orders. By default, floating-point types become float32, and integers
/// become int32 if they fit; booleans become bool. Writing uses C order and little-endian byte order, and the element type
/// of the tensor. The format has no bfloat16.
public enum NPY {
  /// Reads a tensor.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - keepingTypes: Whether float64, float16, int64, int16, int8, and uint8 do not become float32 and int32. Other
  ///     integers still become int32.
  ///   - device: The device for the tensor.
  ///   - limit: The maximum size of the file in bytes.
  /// - Throws: `FormatError`.
  public static func load(
    _ path: String, keepingTypes: Bool = false, on device: Device = .cpu, limit: Int = 1 << 36
  ) throws -> Tensor {
    let file = try withFileErrors { () throws(FileError) in try FileReader(path) }
    if file.size > limit {
      throw FormatError(.tooLarge(path: path, bytes: file.size, limit: limit))
    }
    let head = try withFileErrors { () throws(FileError) in
      try file.read(at: 0, count: min(file.size, NPYHeader.longest))
    }
    let header = try header(head, of: file.size, path) {
      NPYHeader.isThere(head) ? nil : ForeignFormat.description(of: file)
    }
    return try withElementErrors(path) {
      var conversion = try header.conversion(keepingTypes: keepingTypes)
      try conversion.append(from: file, header.start..<file.size)
      return try conversion.tensor(shape: header.shape, strides: header.strides, on: device)
    }
  }

  /// Writes a tensor.
  ///
  /// - Throws: `FormatError`, also for a bfloat16 tensor; `DeviceError` if the tensor cannot be downloaded.
  public static func save(_ tensor: Tensor, to path: String) throws {
    let bytes = try bytes(tensor, path)
    try withFileErrors { () throws(FileError) in try FileWriter.write(bytes, to: path) }
  }

  /// Returns the contents of a file.
  /// - Parameter place: The file, or the file and the part of it, for errors.
  static func bytes(_ tensor: Tensor, _ place: String) throws -> [UInt8] {
    if tensor.dtype == .bfloat16 {
      throw FormatError.malformed(
        path: place, reason: "NumPy has no bfloat16; save the tensor with Safetensors.save, or .cast(to: .float32)")
    }
    return try NPYHeader.bytes(StoredElement(tensor.dtype), tensor.shape) + littleEndianBytes(tensor)
  }

  /// Parses the header of an array of `total` bytes from its first bytes.
  /// - Parameter foreign: Describes the file if it is not an array.
  static func header(
    _ first: [UInt8], of total: Int, _ path: String, foreign: () -> String? = { nil }
  ) throws(FormatError) -> NPYHeader {
    do { return try NPYHeader(first, of: total) } catch {
      throw .malformed(path: path, reason: foreign() ?? error.reason)
    }
  }
}

/// Runs `body` and converts its errors to errors of a file, or of the part of a file described by `place`.
func withElementErrors<Value>(_ place: String, _ body: () throws -> Value) throws -> Value {
  do { return try body() } catch let failure as ElementConversion.Failure {
    throw FormatError.malformed(path: place, reason: failure.description)
  } catch let error as FileError {
    throw FormatError(error)
  }
}
