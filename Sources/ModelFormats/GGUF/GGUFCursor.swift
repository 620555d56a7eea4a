import Files
import HostSystem
import NeuralNetworks

/// Reads the head of a GGUF file in order, in pieces. Lengths and counts are compared with the size of the file before
/// anything of that size is read or allocated.
struct GGUFCursor {
  struct Failure: Error {
    let reason: String
  }

  /// The maximum size of a head in bytes. The vocabulary of a language model takes about ten million.
  static let limit = 1 << 28

  private(set) var position: Int
  private let file: FileReader
  /// The end of the file, or of the largest head.
  private let end: Int
  private var piece: [UInt8] = []
  private var pieceStart = 0

  init(_ file: FileReader, at position: Int) {
    (self.file, self.position) = (file, position)
    end = min(file.size, Self.limit)
  }

  private var left: Int { end - position }

  /// The next number.
  mutating func number<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws -> Value {
    let place = try take(MemoryLayout<Value>.size)
    return littleEndian(piece, place.lowerBound)
  }

  /// The next number, which counts items of at least `size` bytes that follow it.
  mutating func count(of items: String, of size: Int) throws -> Int {
    let start = position
    let count: UInt64 = try number()
    if count > UInt64(left / size) {
      throw Failure(reason: "the number of \(items) at byte \(start): expected at most \(left / size), found \(count)")
    }
    return Int(count)
  }

  /// Passes over bytes.
  private mutating func skip(_ count: Int) throws {
    if count > left {
      throw Failure(
        reason: end < file.size
          ? "its head has more than \(Self.limit) bytes" : "it ends at byte \(end), within its head")
    }
    position += count
  }

  /// Passes over bytes, which are then in `piece`, and returns their place there.
  private mutating func take(_ count: Int) throws -> Range<Int> {
    let start = position
    try skip(count)
    if start < pieceStart || position > pieceStart + piece.count {
      (piece, pieceStart) = ([], start)
      piece = try file.read(at: start, count: max(count, min(1 << 16, end - start)))
    }
    return start - pieceStart..<position - pieceStart
  }

  /// The longest name of a tensor, and the longest key.
  private static let nameLimit = 65_535

  /// The next text as a name, which must be valid UTF-8.
  mutating func name(of item: String) throws -> String {
    let start = position
    let count = try self.count(of: "bytes in the name of \(item)", of: 1)
    if count > Self.nameLimit {
      throw Failure(
        reason: "the name of \(item) at byte \(start) has \(count) bytes; at most \(Self.nameLimit) are possible")
    }
    let place = try take(count)
    guard let name = String(validating: piece[place], as: UTF8.self), name.isStreamSafe else {
      throw Failure(reason: "the name of \(item) at byte \(start) is not text")
    }
    return name
  }
}

/// The types of the values in the metadata of a GGUF file, by their numbers in the file.
enum GGUFValueType: UInt32, Sendable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// The size in bytes; nil for texts and arrays.
  fileprivate var size: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }

  /// The size of the shortest value in bytes.
  fileprivate var minimumSize: Int { size ?? (self == .string ? 8 : 12) }
}

extension GGUFCursor {
  /// The maximum number of arrays inside one another.
  private static let depthLimit = 16

  /// The next number as the type of a value.
  mutating func valueType() throws -> GGUFValueType {
    let start = position
    let code: UInt32 = try number()
    guard let type = GGUFValueType(rawValue: code) else {
      throw Failure(reason: "the type of a value at byte \(start) is \(code); expected 0 to 12")
    }
    return type
  }

  /// The type and the count of the elements of an array.
  private mutating func arrayHead(_ depth: Int) throws -> (type: GGUFValueType, count: Int) {
    if depth == Self.depthLimit { throw Failure(reason: "it has more than \(depth) arrays inside one another") }
    let type = try valueType()
    return (type, try count(of: "elements of an array", of: type.minimumSize))
  }

  /// Passes over the next value, and returns the bytes of memory that its texts and arrays take at most.
  @discardableResult
  mutating func skipValue(_ type: GGUFValueType, depth: Int = 0) throws -> Int {
    // The head of an allocation, and its size rounded up.
    let overhead = 48
    if let size = type.size {
      try skip(size)
      return 0
    }
    if type == .string {
      let count = try count(of: "bytes in a text", of: 1)
      try skip(count)
      // U+FFFD, in place of a byte that is not UTF-8, has three bytes. Texts of up to 15 bytes need no allocation.
      return 3 * count > 15 ? 3 * count + overhead : 0
    }
    let (element, count) = try arrayHead(depth)
    var bytes = count * MemoryLayout<JSONValue>.stride + overhead
    if let size = element.size {
      try skip(count * size)
    } else {
      for _ in 0..<count { bytes += try skipValue(element, depth: depth + 1) }
    }
    return bytes
  }

  /// The next value, after checking the memory for all of it: each of the arrays inside it may be small.
  mutating func value(_ type: GGUFValueType) throws -> JSONValue {
    var rest = self
    let bytes = try rest.skipValue(type)
    do { try HostMemory.check(bytes) } catch { throw Failure(reason: "\(error)") }
    return try value(type, depth: 0)
  }

  private mutating func value(_ type: GGUFValueType, depth: Int) throws -> JSONValue {
    switch type {
    case .uint8: return .integer(Int(try number(UInt8.self)))
    case .int8: return .integer(Int(try number(Int8.self)))
    case .uint16: return .integer(Int(try number(UInt16.self)))
    case .int16: return .integer(Int(try number(Int16.self)))
    case .uint32: return .integer(Int(try number(UInt32.self)))
    case .int32: return .integer(Int(try number(Int32.self)))
    case .int64: return .integer(Int(try number(Int64.self)))
    case .uint64:
      let value: UInt64 = try number()
      return Int(exactly: value).map { .integer($0) } ?? .unsigned(value)
    case .float32: return .number(Double(Float(bitPattern: try number())))
    case .float64: return .number(Double(bitPattern: try number()))
    case .bool: return .bool(try number(UInt8.self) != 0)
    case .string: return .string(try text())
    case .array:
      let (element, count) = try arrayHead(depth)
      var elements: [JSONValue] = []
      elements.reserveCapacity(count)
      for _ in 0..<count { elements.append(try value(element, depth: depth + 1)) }
      return .array(elements)
    }
  }

  /// The next text. The tokens of a vocabulary need not be valid UTF-8.
  private mutating func text() throws -> String {
    let start = position
    let place = try take(try count(of: "bytes in a text", of: 1))
    let text = String(decoding: piece[place], as: UTF8.self)
    if !text.isStreamSafe {
      throw Failure(reason: "the text at byte \(start) has more than 30 combining marks after one another")
    }
    return text
  }
}
