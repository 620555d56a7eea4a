import HostSystem
import NeuralNetworks

/// An array in the IDX format of the MNIST files, plain or gzip: two zero bytes, a type byte, a rank byte, the extents
/// as big-endian 32-bit integers, then the elements, big-endian, in row-major order.
///
/// Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
public struct IDX: Sendable {
  /// The element types of the format, with their codes.
  public enum Element: UInt8, Sendable, CaseIterable {
    case uint8 = 0x08
    case int8 = 0x09
    case int16 = 0x0B
    case int32 = 0x0C
    case float32 = 0x0D
    case float64 = 0x0E

    /// The size of an element in bytes.
    public var size: Int {
      switch self {
      case .uint8, .int8: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }
  }

  /// The path of the file.
  public let path: String
  /// The element type declared by the file.
  public let element: Element
  /// The extents declared by the file, outermost first.
  public let shape: [Int]
  /// The whole decompressed file; the elements start at `start`.
  let bytes: [UInt8]
  let start: Int

  /// The number of elements.
  public var count: Int { (bytes.count - start) / element.size }

  /// Reads a file and checks its header and its length.
  ///
  /// - Parameters:
  ///   - path: The file, plain or gzip.
  ///   - limit: The maximum size of the file in bytes, compressed or decompressed.
  /// - Throws: `DataError`, with the file, the byte offset, and the expected and actual content.
  public init(_ path: String, limit: Int = 1 << 32) throws { try self.init(DataStream(path, limit: limit)) }

  /// Reads the bytes of a decompressed file; `path` is for messages.
  init(bytes: [UInt8], path: String) throws(DataError) { try self.init(DataStream(bytes: bytes, path: path)) }

  /// Reads the header first. The elements are read, and memory is allocated for them, only if their size can match the
  /// header.
  private init(_ stream: DataStream) throws(DataError) {
    var first: [UInt8] = []
    while first.count < IDX.longestHead {
      let piece = try stream.next()
      if piece.isEmpty { break }
      first += piece
    }
    let (element, shape, start, length) = try IDX.head(first, stream.path)
    func fault(_ found: String) -> DataError {
      .malformed(
        file: stream.path, offset: start, expected: "\(length) bytes for the shape \(shape) of \(element)", found: found
      )
    }
    if let size = stream.size, size - start != length { throw fault("\(size - start) bytes") }
    let bytes = try stream.rest(after: first, expected: start + length)
    if bytes.count > start + length { throw fault("more") }
    if bytes.count < start + length { throw fault("\(bytes.count - start) bytes") }
    (path, self.element, self.shape, self.bytes, self.start) = (stream.path, element, shape, bytes, start)
  }

  /// The longest header in bytes: four bytes, and the extents of eight axes.
  private static let longestHead = 36

  /// Parses the header from the first bytes of a file, with the number of bytes of the elements.
  private static func head(
    _ bytes: [UInt8], _ path: String
  ) throws(DataError) -> (element: Element, shape: [Int], start: Int, length: Int) {
    func fault(_ offset: Int, _ expected: String, _ found: String) -> DataError {
      .malformed(file: path, offset: offset, expected: expected, found: found)
    }
    if bytes.count < 4 { throw fault(bytes.count, "an IDX head of 4 bytes", "the end of the file") }
    if bytes[0] != 0 || bytes[1] != 0 {
      throw fault(0, "two zero bytes, as an IDX file begins", "\(hexadecimal(bytes[0])) \(hexadecimal(bytes[1]))")
    }
    guard let element = Element(rawValue: bytes[2]) else {
      throw fault(2, "an IDX element type (0x08, 0x09, 0x0B to 0x0E)", hexadecimal(bytes[2]))
    }
    let rank = Int(bytes[3])
    if rank < 1 || rank > 8 { throw fault(3, "1 to 8 axes", "\(rank)") }
    let start = 4 + 4 * rank
    if bytes.count < start { throw fault(bytes.count, "the sizes of \(rank) axes", "the end of the file") }
    var shape: [Int] = []
    var length = element.size
    for axis in 0..<rank {
      let size = Int(bigEndian(bytes, 4 + 4 * axis) as UInt32)
      shape.append(size)
      // Axes next to an empty one count too, because their strides must be representable.
      let (product, overflow) = length.multipliedReportingOverflow(by: max(size, 1))
      if overflow || product > .max - start { throw fault(4 + 4 * axis, "a size that fits into memory", "\(size)") }
      length = product
    }
    return (element, shape, start, shape.contains(0) ? 0 : length)
  }

  /// Returns the elements as float32. Float64 is rounded.
  ///
  /// - Throws: `DataError` if an element is NaN, infinite, or too large for float32.
  public func floats() throws -> [Float] {
    try checkMemory(of: Float.self)
    return try floats(in: 0..<count)
  }

  /// Returns the elements in a range of positions in row-major order, as float32.
  ///
  /// - Throws: `DataError`, like `floats()`.
  package func floats(in range: Range<Int>) throws(DataError) -> [Float] {
    try range.map { index throws(DataError) in
      let value = double(at: index)
      let float = Float(value)
      if !float.isFinite { throw fault(index, "a finite float32", "\(value)") }
      return float
    }
  }

  /// Returns the elements as int32.
  ///
  /// - Throws: `DataError` if the elements are floating-point numbers that have a fraction or are out of range.
  public func integers() throws -> [Int32] {
    try checkMemory(of: Int32.self)
    return try integers(in: 0..<count)
  }

  private func integers(in range: Range<Int>) throws(DataError) -> [Int32] {
    try range.map { index throws(DataError) in
      let value = double(at: index)
      guard let integer = Int32(exactly: value) else { throw fault(index, "an integer of 32 bits", "\(value)") }
      return integer
    }
  }

  /// Returns the array as a tensor: float32 for floating-point elements, int32 for integers.
  ///
  /// - Throws: `DataError`, like `floats()`.
  public func tensor(on device: Device = .cpu) throws -> Tensor {
    try checkMemory(of: Float.self)
    return switch element {
    case .float32, .float64: try Tensor(shape: shape, on: device) { try floats(in: $0) }
    case .uint8, .int8, .int16, .int32: try Tensor(shape: shape, on: device) { try integers(in: $0) }
    }
  }

  /// Throws if there is not enough memory for an array of all elements.
  func checkMemory<Value>(of type: Value.Type) throws(DataError) {
    do { try HostMemory.check(count, of: MemoryLayout<Value>.stride) } catch {
      throw .unreadable(file: path, reason: "\(error)")
    }
  }

  /// The error for an element, with its byte offset.
  func fault(_ index: Int, _ expected: String, _ found: String) -> DataError {
    .malformed(file: path, offset: start + index * element.size, expected: expected, found: found)
  }

  /// Every element fits exactly into a Double.
  private func double(at index: Int) -> Double {
    let offset = start + index * element.size
    switch element {
    case .uint8: return Double(bytes[offset])
    case .int8: return Double(Int8(bitPattern: bytes[offset]))
    case .int16: return Double(Int16(bitPattern: bigEndian(bytes, offset)))
    case .int32: return Double(Int32(bitPattern: bigEndian(bytes, offset)))
    case .float32: return Double(Float(bitPattern: bigEndian(bytes, offset)))
    case .float64: return Double(bitPattern: bigEndian(bytes, offset))
    }
  }
}

/// The big-endian integer at `offset`.
package func bigEndian<Value: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int) -> Value {
  var value: Value = 0
  for index in 0..<Value.bitWidth / 8 { value = value << 8 | Value(truncatingIfNeeded: bytes[offset + index]) }
  return value
}

package func hexadecimal(_ byte: UInt8) -> String {
  "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
}
