import Files
import NeuralNetworks

/// One tensor in a NumPy array file (`.npy`).
///
/// Read: C and Fortran order, either byte order; floating-point types become float32, integers int32 if they fit, booleans
/// bool. Written: C order, little-endian.
public enum NPY {
  /// - Parameters:
  ///   - path: the file.
  ///   - device: where the tensor will be.
  ///   - limit: the most bytes that the file may have.
  /// - Throws: `FormatError`.
  public static func load(_ path: String, on device: Device = .cpu, limit: Int = 1 << 36) throws -> Tensor {
    let bytes = try withFileErrors { () throws(FileError) in try FileReader.read(path, limit: limit) }
    return try tensor(bytes, path: path, on: device)
  }

  /// - Throws: `FormatError`; `DeviceError` if the tensor cannot be downloaded.
  public static func save(_ tensor: Tensor, to path: String) throws {
    let bytes = try bytes(tensor)
    try withFileErrors { () throws(FileError) in try FileWriter.write(bytes, to: path) }
  }

  static func bytes(_ tensor: Tensor) throws -> [UInt8] {
    try NPYHeader.bytes(StoredElement(tensor.dtype), tensor.shape) + littleEndianBytes(tensor)
  }

  /// `path` is for messages.
  static func tensor(_ bytes: [UInt8], path: String, on device: Device) throws(FormatError) -> Tensor {
    let header: NPYHeader
    do { header = try NPYHeader(bytes) } catch { throw .malformed(path: path, reason: error.reason) }
    var elements = Array(bytes[header.start...])
    if header.isFortranOrder { elements = rowMajor(elements, header.shape, header.element.size) }
    do {
      return try header.element.tensor(elements, shape: header.shape, isBigEndian: header.isBigEndian, on: device)
    } catch {
      throw .malformed(path: path, reason: "element \(error.index): \(error.reason)")
    }
  }

  /// Elements whose first axis varies fastest, put in the order in which the last does.
  private static func rowMajor(_ bytes: [UInt8], _ shape: [Int], _ size: Int) -> [UInt8] {
    if bytes.isEmpty || shape.count < 2 { return bytes }
    var strides = [Int](repeating: size, count: shape.count)
    for axis in 1..<shape.count { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    var indices = [Int](repeating: 0, count: shape.count)
    var source = 0
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    while output.count < bytes.count {
      output += bytes[source..<source + size]
      for axis in shape.indices.reversed() {
        indices[axis] += 1
        source += strides[axis]
        if indices[axis] < shape[axis] { break }
        source -= strides[axis] * shape[axis]
        indices[axis] = 0
      }
    }
    return output
  }
}
