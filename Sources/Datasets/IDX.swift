import NeuralNetworks

/// An array in the IDX format of the MNIST files, plain or gzip: two zero bytes, a type byte, a rank byte, the sizes as
/// big-endian 32-bit integers, then the elements, big-endian, in row-major order.
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

    /// Bytes an element.
    public var size: Int {
      switch self {
      case .uint8, .int8: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }
  }

  /// Where it was read from.
  public let path: String
  /// The element type that the file declares.
  public let element: Element
  /// The extents that the file declares, outermost first.
  public let shape: [Int]
  /// The whole unpacked file; the elements begin at `start`.
  let bytes: [UInt8]
  let start: Int

  /// The number of elements.
  public var count: Int { (bytes.count - start) / element.size }

  /// Reads a file and checks its head and its length.
  ///
  /// - Parameters:
  ///   - path: the file, plain or gzip.
  ///   - limit: the most bytes that the file may hold, packed or unpacked.
  /// - Throws: `DataError`, naming the file, the byte, what was expected and what was found.
  public init(_ path: String, limit: Int = 1 << 32) throws {
    try self.init(bytes: DataFile.read(path, limit: limit), path: path)
  }

  /// The same from the bytes of an unpacked file; `path` is for messages.
  init(bytes: [UInt8], path: String) throws(DataError) {
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
      // Axes beside an empty one are counted too: their strides must be numbers.
      let (product, overflow) = length.multipliedReportingOverflow(by: max(size, 1))
      if overflow { throw fault(4 + 4 * axis, "a size that fits into memory", "\(size)") }
      length = product
    }
    if shape.contains(0) { length = 0 }
    if bytes.count - start != length {
      throw fault(
        start, "\(length) bytes for the shape \(shape) of \(element)", "\(bytes.count - start) bytes")
    }
    (self.path, self.element, self.shape, self.bytes, self.start) = (path, element, shape, bytes, start)
  }

  /// The elements as float32. Float64 is rounded.
  ///
  /// - Throws: `DataError` if one is NaN, infinite, or too large for float32.
  public func floats() throws -> [Float] {
    try (0..<count).map { index in
      let value = double(at: index)
      let float = Float(value)
      if !float.isFinite { throw fault(index, "a finite float32", "\(value)") }
      return float
    }
  }

  /// The elements as int32.
  ///
  /// - Throws: `DataError` if the elements are floating-point numbers with a fraction or out of range.
  public func integers() throws -> [Int32] {
    try (0..<count).map { index in
      let value = double(at: index)
      guard let integer = Int32(exactly: value) else { throw fault(index, "an integer of 32 bits", "\(value)") }
      return integer
    }
  }

  /// The array as a tensor: float32 for floating-point elements, int32 for integers.
  ///
  /// - Throws: `DataError` as `floats()` does.
  public func tensor(on device: Device = .cpu) throws -> Tensor {
    switch element {
    case .float32, .float64: Tensor(try floats(), shape: shape, on: device)
    case .uint8, .int8, .int16, .int32: Tensor(try integers(), shape: shape, on: device)
    }
  }

  /// The fault of an element, at its byte.
  func fault(_ index: Int, _ expected: String, _ found: String) -> DataError {
    .malformed(file: path, offset: start + index * element.size, expected: expected, found: found)
  }

  /// Every element fits into a Double exactly.
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

/// The integer whose most significant byte comes first, at `offset`.
func bigEndian<Value: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int) -> Value {
  var value: Value = 0
  for index in 0..<Value.bitWidth / 8 { value = value << 8 | Value(truncatingIfNeeded: bytes[offset + index]) }
  return value
}

func hexadecimal(_ byte: UInt8) -> String { "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }
