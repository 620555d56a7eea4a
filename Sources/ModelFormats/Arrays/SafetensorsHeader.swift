import HostSystem
import Files
import NeuralNetworks

/// The validated header of a safetensors file: every byte of the data belongs to exactly one tensor.
///
/// A file can have 100,000 tensors, whose header is a large part of it. Names, types, and shapes are therefore packed:
/// with the text of the header, they take less than three times its size.
struct SafetensorsHeader: Sendable {
  struct Entry {
    /// The type code, such as "F32".
    let code: String
    let shape: [Int]
    /// The byte range, relative to the start of the data.
    let range: Range<Int>

    /// The element type; nil for a type or a number of axes that tensors do not support.
    var element: StoredElement? { shape.count > 8 ? nil : SafetensorsHeader.elements[code] }
  }

  private struct PackedEntry {
    /// The number of the type code in `codes`.
    let code: UInt32
    /// The end of the shape in `extents`.
    let shapeEnd: UInt32
    let start, end: Int
  }

  private var names = PackedNames()
  private var codes = PackedNames()
  private var entries: [PackedEntry] = []
  /// The shapes of all tensors.
  private var extents: [Int] = []
  private(set) var metadata: [String: String] = [:]

  /// The names of the tensors, in the order of the header.
  var tensorNames: [String] { names.texts }

  /// The tensor with a name; nil if there is none.
  subscript(name: String) -> Entry? {
    guard let number = names.number(of: name) else { return nil }
    let entry = entries[number]
    let shapeStart = number == 0 ? 0 : Int(entries[number - 1].shapeEnd)
    return Entry(
      code: codes[Int(entry.code)], shape: Array(extents[shapeStart..<Int(entry.shapeEnd)]),
      range: entry.start..<entry.end)
  }

  /// The maximum size of the header in bytes; the safetensors library has the same limit.
  static let limit = 100_000_000

  private static let elements: [String: StoredElement] = [
    "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64, "I32": .int32, "I16": .int16,
    "I8": .int8, "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool,
  ]

  /// Bits per element, for types of the format that tensors do not support.
  private static let foreignBits = [
    "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
  ]

  static func code(_ element: StoredElement) -> String { elements.first { $0.value == element }?.key ?? "" }

  struct Failure: Error {
    let reason: String
  }

  /// Parses a header.
  /// - Parameter dataSize: The number of bytes after the header.
  init(_ text: [UInt8], dataSize: Int) throws(Failure) {
    if text.first != UInt8(ascii: "{") { throw Failure(reason: "the head is not a JSON object") }
    var parser = JSONParser(bytes: text, limits: .init(bytes: Self.limit, depth: 4))
    var (hasMetadata, failure) = (false, nil as Failure?)
    do {
      try parser.parseMembers(
        isKnown: { $0 == Self.metadataKey ? hasMetadata : names.number(of: $0) != nil },
        { name, value in
          if failure != nil { return }
          hasMetadata = hasMetadata || name == Self.metadataKey
          do throws(Failure) { try add(name, value) } catch { failure = error }
        })
    } catch { throw Failure(reason: "the head, \(error)") }
    if let failure { throw failure }
    try checkRanges(dataSize)
  }

  private static let metadataKey = "__metadata__"

  private mutating func add(_ name: String, _ value: JSONValue) throws(Failure) {
    if name == Self.metadataKey {
      metadata = value == .null ? [:] : try Self.metadata(value)
    } else {
      let entry = try Self.entry(name, value)
      _ = names.insert(name)
      extents += entry.shape
      entries.append(
        PackedEntry(
          code: UInt32(codes.insert(entry.code)), shapeEnd: UInt32(extents.count), start: entry.range.lowerBound,
          end: entry.range.upperBound))
    }
  }

  private static func metadata(_ value: JSONValue) throws(Failure) -> [String: String] {
    guard let object = value.object else { throw Failure(reason: "__metadata__ is \(value.kind), not an object") }
    var metadata: [String: String] = [:]
    for (key, value) in object {
      guard let text = value.string else {
        throw Failure(reason: "__metadata__.\(key.shortened(to: 100)) is \(value.kind), not a string")
      }
      metadata[key] = text
    }
    return metadata
  }

  private static func entry(_ name: String, _ value: JSONValue) throws(Failure) -> Entry {
    let quoted = "tensor \"\(name.shortened(to: 100))\""
    guard let object = value.object else { throw Failure(reason: "\(quoted) is \(value.kind), not an object") }
    guard let code = object["dtype"]?.string else { throw Failure(reason: "\(quoted) has no dtype") }
    guard let shape = integers(object["shape"]) else {
      throw Failure(reason: "\(quoted) has no shape of integers that are not negative")
    }
    guard let offsets = integers(object["data_offsets"]), offsets.count == 2, offsets[0] <= offsets[1] else {
      throw Failure(reason: "\(quoted) has no data_offsets [begin, end]")
    }
    // For an unknown type, only the offsets determine the size of the elements.
    if let bits = elements[code].map({ 8 * $0.size }) ?? foreignBits[code],
      byteCount(shape, bits: bits) != offsets[1] - offsets[0]
    {
      throw Failure(
        reason: "\(quoted) of shape \(shape.prefix(20)) and type \(code) does not have \(offsets[1] - offsets[0]) bytes"
      )
    }
    return Entry(code: code.shortened(to: 20), shape: shape, range: offsets[0]..<offsets[1])
  }

  /// The number of bytes for a shape; nil if it overflows or is not a whole number of bytes.
  private static func byteCount(_ shape: [Int], bits: Int) -> Int? {
    var count = bits
    for extent in shape where extent != 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      count = product
    }
    return shape.contains(0) ? 0 : count % 8 == 0 ? count / 8 : nil
  }

  /// Non-negative JSON integers.
  private static func integers(_ value: JSONValue?) -> [Int]? {
    guard let array = value?.array else { return nil }
    var integers: [Int] = []
    for element in array {
      guard case .integer(let integer) = element, integer >= 0 else { return nil }
      integers.append(integer)
    }
    return integers
  }

  /// Rejects overlaps, gaps, and trailing bytes.
  private func checkRanges(_ dataSize: Int) throws(Failure) {
    var end = 0
    // Numbers are sorted, not entries, which would take as much memory again.
    let order = (0..<UInt32(entries.count)).sorted {
      let (a, b) = (entries[Int($0)], entries[Int($1)])
      return (a.start, a.end) < (b.start, b.end)
    }
    for number in order {
      let entry = entries[Int(number)]
      if entry.start != end {
        let what = entry.start < end ? "overlaps the tensor before it" : "leaves a gap before it"
        throw Failure(
          reason: "tensor \"\(names[Int(number)].shortened(to: 100))\" \(what), at byte \(entry.start) of the data")
      }
      end = entry.end
    }
    if end != dataSize { throw Failure(reason: "the tensors take \(end) bytes; the file has \(dataSize)") }
  }
}
