import Files

/// The header of a NumPy array file: magic number, version, and a Python dictionary as text.
///
/// Format: NumPy Enhancement Proposal 1, versions 1.0, 2.0, 3.0.
struct NPYHeader {
  let element: StoredElement
  let isBigEndian: Bool
  let shape: [Int]
  /// The distances between the elements along each axis, for Fortran order; nil for C order.
  let strides: [Int]?
  /// The position of the first element.
  let start: Int

  struct Failure: Error {
    let reason: String
  }

  private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// The maximum length of the dictionary text; about a hundred bytes are usual.
  private static let limit = 1 << 16

  private static let codes: [String: StoredElement] = [
    "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16, "i1": .int8,
    "u8": .uint64,
    "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
  ]

  /// The maximum size of a header in bytes, including the part before its text.
  static let longest = 12 + limit

  /// Whether the bytes start with the magic number of the format, even if the rest is invalid.
  static func isThere(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

  /// Parses a header.
  /// - Parameters:
  ///   - bytes: The first bytes of the file: all, or at least `longest`.
  ///   - total: The size of the file in bytes.
  init(_ bytes: [UInt8], of total: Int) throws(Failure) {
    if bytes.count < 10 || !NPYHeader.isThere(bytes) {
      throw Failure(reason: "it is not a NumPy array file")
    }
    let version = bytes[6]
    if version < 1 || version > 3 { throw Failure(reason: "version \(version).\(bytes[7]) of the format is unknown") }
    let prefix = version == 1 ? 10 : 12
    if bytes.count < prefix { throw Failure(reason: "it ends within its head") }
    let length = version == 1 ? Int(littleEndian(bytes, 8) as UInt16) : Int(littleEndian(bytes, 8) as UInt32)
    if length > NPYHeader.limit { throw Failure(reason: "its head has \(length) bytes") }
    if bytes.count < prefix + length { throw Failure(reason: "it ends within its head") }
    start = prefix + length
    var text = PythonLiteral(Array(bytes[prefix..<start]))
    guard let members = text.dictionary() else { throw Failure(reason: "its head is not a Python dictionary") }
    guard members.count == 3, case .text(let descriptor)? = members["descr"],
      case .flag(let isFortranOrder)? = members["fortran_order"], case .integers(let shape)? = members["shape"]
    else { throw Failure(reason: "its head does not have descr, fortran_order and shape") }
    guard let order = descriptor.first, "<>|=".contains(order),
      let element = NPYHeader.codes[String(descriptor.dropFirst())]
    else { throw Failure(reason: "elements of type '\(descriptor.prefix(20))' are not supported") }
    if shape.count > 8 { throw Failure(reason: "it has \(shape.count) axes; at most 8 are possible") }
    guard let size = element.byteCount(shape), size == total - start else {
      throw Failure(reason: "the shape \(shape) of \(element) does not take \(total - start) bytes")
    }
    (self.element, isBigEndian) = (element, order == ">" && element.size > 1)
    self.shape = shape
    strides = isFortranOrder ? NPYHeader.fortranStrides(of: shape) : nil
  }

  private static func fortranStrides(of shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropFirst() where !shape.contains(0) {
      strides[axis] = strides[axis - 1] * shape[axis - 1]
    }
    return strides
  }

  /// Creates the conversion of the elements if there is enough memory for them.
  func conversion(keepingTypes: Bool) throws(ElementConversion.Failure) -> ElementConversion {
    try ElementConversion(
      element, count: (element.byteCount(shape) ?? 0) / element.size, isBigEndian: isBigEndian,
      keepingTypes: keepingTypes)
  }

  /// The header of an array in C order. Its length is a multiple of 64, as in NumPy.
  static func bytes(_ element: StoredElement, _ shape: [Int]) -> [UInt8] {
    let code = codes.first { $0.value == element }?.key ?? ""
    let order = element.size == 1 ? "|" : "<"
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = Array("{'descr': '\(order)\(code)', 'fortran_order': False, 'shape': (\(sizes)), }".utf8)
    while (10 + text.count + 1) % 64 != 0 { text.append(0x20) }
    text.append(0x0A)
    return magic + [1, 0] + littleEndianBytes(of: UInt16(text.count)) + text
  }
}

/// A parser for the few kinds of Python literals that occur in these headers.
private struct PythonLiteral {
  enum Value {
    case text(String)
    case flag(Bool)
    case integers([Int])
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// A dictionary with unique keys, and nothing after it.
  mutating func dictionary() -> [String: Value]? {
    var members: [String: Value] = [:]
    if !take("{") { return nil }
    while !take("}") {
      guard let key = text(), take(":"), let value = value(), members.updateValue(value, forKey: key) == nil else {
        return nil
      }
      if !take(",") {
        if take("}") { break }
        return nil
      }
    }
    skipBlanks()
    return position == bytes.count ? members : nil
  }

  private mutating func value() -> Value? {
    if let text = text() { return .text(text) }
    if word("True") { return .flag(true) }
    if word("False") { return .flag(false) }
    guard take("(") else { return nil }
    var integers: [Int] = []
    while !take(")") {
      guard let integer = integer() else { return nil }
      integers.append(integer)
      if !take(",") {
        if take(")") && integers.count != 1 { break }
        return nil
      }
    }
    return .integers(integers)
  }

  private mutating func text() -> String? {
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\"") else {
      return nil
    }
    let quote = bytes[position]
    guard let end = bytes[(position + 1)...].firstIndex(of: quote) else { return nil }
    defer { position = end + 1 }
    let text = bytes[position + 1..<end]
    return text.allSatisfy { $0 < 0x80 } ? String(decoding: text, as: UTF8.self) : nil
  }

  private mutating func integer() -> Int? {
    skipBlanks()
    let start = position
    while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
    let value = Int(String(decoding: bytes[start..<position], as: UTF8.self))
    _ = word("L")  // suffix of long integers in Python 2
    return value
  }

  private mutating func word(_ text: String) -> Bool {
    skipBlanks()
    if !bytes[position...].starts(with: text.utf8) { return false }
    position += text.utf8.count
    return true
  }

  private mutating func take(_ character: Character) -> Bool { word(String(character)) }

  private mutating func skipBlanks() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }
}
