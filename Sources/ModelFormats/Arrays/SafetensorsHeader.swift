/// The head of a safetensors file, checked: every byte of the data belongs to exactly one tensor.
struct SafetensorsHeader: Sendable {
  struct Entry: Sendable {
    let name: String
    let element: StoredElement
    let shape: [Int]
    /// Bytes from the begin of the data.
    let range: Range<Int>
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  /// What the head may take at most; the format's own library has the same bound.
  static let limit = 100_000_000

  private static let elements: [String: StoredElement] = [
    "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64, "I32": .int32, "I16": .int16,
    "I8": .int8, "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool,
  ]

  static func code(_ element: StoredElement) -> String { elements.first { $0.value == element }?.key ?? "" }

  struct Failure: Error {
    let reason: String
  }

  /// - Parameter dataSize: how many bytes follow the head.
  init(_ text: [UInt8], dataSize: Int) throws(Failure) {
    if text.first != UInt8(ascii: "{") { throw Failure(reason: "the head is no JSON object") }
    let json: JSONValue
    do { json = try JSONValue(parsing: text, limits: .init(bytes: Self.limit, depth: 4)) } catch {
      throw Failure(reason: "the head, \(error)")
    }
    for (name, value) in json.object ?? JSONObject() {
      if name == "__metadata__" {
        metadata = try Self.metadata(value)
      } else {
        entries.append(try Self.entry(name, value))
      }
    }
    try checkRanges(dataSize)
  }

  private static func metadata(_ value: JSONValue) throws(Failure) -> [String: String] {
    guard let object = value.object else { throw Failure(reason: "__metadata__ is \(value.kind), not an object") }
    var metadata: [String: String] = [:]
    for (key, value) in object {
      guard let text = value.string else { throw Failure(reason: "__metadata__.\(key) is \(value.kind), not a string") }
      metadata[key] = text
    }
    return metadata
  }

  private static func entry(_ name: String, _ value: JSONValue) throws(Failure) -> Entry {
    let quoted = "tensor \"\(name.prefix(100))\""
    guard let object = value.object else { throw Failure(reason: "\(quoted) is \(value.kind), not an object") }
    if let other = object.keys.first(where: { !["dtype", "shape", "data_offsets"].contains($0) }) {
      throw Failure(reason: "\(quoted) has a member \"\(other.prefix(100))\" that the format does not know")
    }
    guard let code = object["dtype"]?.string else { throw Failure(reason: "\(quoted) has no dtype") }
    guard let element = elements[code] else {
      throw Failure(reason: "\(quoted) has the unknown dtype \"\(code.prefix(20))\"")
    }
    guard let shape = integers(object["shape"]) else {
      throw Failure(reason: "\(quoted) has no shape of integers that are not negative")
    }
    if shape.count > 8 { throw Failure(reason: "\(quoted) has \(shape.count) axes; at most 8 are possible") }
    guard let offsets = integers(object["data_offsets"]), offsets.count == 2, offsets[0] <= offsets[1] else {
      throw Failure(reason: "\(quoted) has no data_offsets [begin, end]")
    }
    guard let size = element.byteCount(shape), size == offsets[1] - offsets[0] else {
      throw Failure(
        reason: "\(quoted) of shape \(shape) and type \(code) does not have \(offsets[1] - offsets[0]) bytes")
    }
    return Entry(name: name, element: element, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// Integers as JSON writes them, none negative.
  private static func integers(_ value: JSONValue?) -> [Int]? {
    guard let array = value?.array else { return nil }
    var integers: [Int] = []
    for element in array {
      guard case .integer(let integer) = element, integer >= 0 else { return nil }
      integers.append(integer)
    }
    return integers
  }

  /// No overlap, no gap, no bytes left over.
  private func checkRanges(_ dataSize: Int) throws(Failure) {
    var end = 0
    let order = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in order {
      if entry.range.lowerBound != end {
        let what = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap before it"
        throw Failure(
          reason: "tensor \"\(entry.name.prefix(100))\" \(what), at byte \(entry.range.lowerBound) of the data")
      }
      end = entry.range.upperBound
    }
    if end != dataSize { throw Failure(reason: "the tensors take \(end) bytes; the file has \(dataSize)") }
  }
}
