import Files
import NeuralNetworks

/// The validated head of a GGUF file: the places of its metadata, and of its tensors, which are inside the file and do
/// not overlap. Values stay in the file.
///
/// Names and shapes are packed as in `SafetensorsHeader`, because they can be most of a file.
struct GGUFHeader: Sendable {
  struct Entry {
    let type: GGUFType
    /// The shape in row-major order.
    let shape: [Int]
    /// The byte range in the file; empty for a type that cannot be read.
    let range: Range<Int>
  }

  private struct PackedEntry {
    /// The number of the type in the file.
    let type: UInt32
    /// The end of the shape in `extents`.
    let shapeEnd: UInt32
    let start: Int
  }

  /// The version of the format.
  let version: Int
  private var packedNames = PackedNames()
  private var entries: [PackedEntry] = []
  /// The shapes of all tensors.
  private var extents: [Int] = []
  private var packedKeys = PackedNames()
  private var values: [(type: GGUFValueType, position: Int)] = []
  /// The alignment of the tensors in bytes, unless the metadata contain another one.
  private var alignment = 32
  /// The position of the first tensor.
  private var dataStart = 0

  /// The first bytes of a file.
  static let magic = Array("GGUF".utf8)

  /// The names of the tensors, in the order of the file.
  var names: [String] { packedNames.texts }
  /// The keys of the metadata, in the order of the file.
  var keys: [String] { packedKeys.texts }

  /// The tensor with a name; nil if there is none.
  subscript(name: String) -> Entry? { packedNames.number(of: name).map { entry($0) } }

  private func entry(_ number: Int) -> Entry {
    let start = dataStart + entries[number].start
    return Entry(type: type(number), shape: shape(number), range: start..<start + byteCount(number))
  }

  private func type(_ number: Int) -> GGUFType { GGUFType(code: entries[number].type) }

  private func shape(_ number: Int) -> [Int] {
    Array(extents[(number == 0 ? 0 : Int(entries[number - 1].shapeEnd))..<Int(entries[number].shapeEnd)])
  }

  /// The number of bytes of a tensor; 0 for a type that cannot be read.
  private func byteCount(_ number: Int) -> Int { type(number).byteCount(shape(number)) ?? 0 }

  /// The place of a value; nil for an unknown key.
  func value(of key: String) -> (type: GGUFValueType, position: Int)? {
    packedKeys.number(of: key).map { values[$0] }
  }

  typealias Failure = GGUFCursor.Failure

  /// Reads the head of a file that starts with `magic`.
  ///
  /// - Throws: `Failure` if it violates the format, `FileError` if it cannot be read.
  init(_ file: FileReader) throws {
    var cursor = GGUFCursor(file, at: Self.magic.count)
    version = try Self.version(try cursor.number())
    // A tensor without axes and a name takes 24 bytes, the shortest value 13.
    let tensorCount = try cursor.count(of: "tensors", of: 24)
    let valueCount = try cursor.count(of: "values", of: 13)
    for _ in 0..<valueCount { try addValue(&cursor) }
    for _ in 0..<tensorCount { try addTensor(&cursor) }
    // The limit of the head and that of alignments are far from the largest integer.
    dataStart = (cursor.position + alignment - 1) / alignment * alignment
    try checkRanges(file.size)
  }

  private static func version(_ number: UInt32) throws -> Int {
    if number == 2 || number == 3 { return Int(number) }
    let isBigEndian = (1..<100).contains(number.byteSwapped)
    throw Failure(
      reason: isBigEndian
        ? "it is a big-endian GGUF file; expected a little-endian one"
        : "version \(number) of GGUF is not supported; expected 2 or 3")
  }

  private mutating func addValue(_ cursor: inout GGUFCursor) throws {
    let key = try cursor.name(of: "a value")
    if packedKeys.number(of: key) != nil {
      throw Failure(reason: "the key \"\(key.shortened(to: 100))\" occurs twice in the metadata")
    }
    let type = try cursor.valueType()
    _ = packedKeys.insert(key)
    values.append((type, cursor.position))
    if key != "general.alignment" {
      try cursor.skipValue(type)
      return
    }
    let value = type == .string || type == .array ? nil : try cursor.value(type).integer
    guard let value, value > 0, value <= 1 << 31, value & (value - 1) == 0 else {
      throw Failure(reason: "general.alignment: expected a power of two, found \(value.map { "\($0)" } ?? "\(type)")")
    }
    alignment = value
  }

  private mutating func addTensor(_ cursor: inout GGUFCursor) throws {
    let name = try cursor.name(of: "a tensor")
    let quoted = "tensor \"\(name.shortened(to: 100))\""
    if packedNames.number(of: name) != nil { throw Failure(reason: "\(quoted) occurs twice") }
    let axes: UInt32 = try cursor.number()
    if axes > 8 { throw Failure(reason: "\(quoted) has \(axes) axes; at most 8 are possible") }
    var shape: [Int] = []
    for _ in 0..<axes {
      let length: UInt64 = try cursor.number()
      guard let extent = Int(exactly: length) else {
        throw Failure(reason: "\(quoted) has an axis of length \(length)")
      }
      shape.append(extent)
    }
    // The file starts with the axis whose elements are next to one another.
    shape.reverse()
    let code: UInt32 = try cursor.number()
    let type = GGUFType(code: code)
    let offset: UInt64 = try cursor.number()
    if offset % UInt64(alignment) != 0 {
      throw Failure(reason: "\(quoted) is at byte \(offset) of the data; expected a multiple of \(alignment)")
    }
    if (shape.last ?? 1) % type.blockCount != 0 {
      throw Failure(
        reason: "\(quoted) of shape \(shape) and type \(type.name): expected rows of a multiple of \(type.blockCount)")
    }
    guard let start = Int(exactly: offset), type.element == nil || type.byteCount(shape) != nil else {
      throw Failure(reason: "\(quoted) of shape \(shape) at byte \(offset) of the data cannot be in a file")
    }
    _ = packedNames.insert(name)
    extents += shape
    entries.append(PackedEntry(type: code, shapeEnd: UInt32(extents.count), start: start))
  }

  /// Rejects tensors that are not in the file, or overlap. Only the end of a tensor whose type cannot be read is unknown.
  private func checkRanges(_ size: Int) throws {
    var end = 0
    let order = (0..<UInt32(entries.count)).sorted { entries[Int($0)].start < entries[Int($1)].start }
    for number in order {
      let (start, bytes) = (entries[Int(number)].start, byteCount(Int(number)))
      let quoted = "tensor \"\(packedNames[Int(number)].shortened(to: 100))\""
      if start > size - dataStart || bytes > size - dataStart - start {
        throw Failure(
          reason: "\(quoted) has \(bytes) bytes at byte \(start) of the data; the file ends after "
            + "\(max(size - dataStart, 0)) bytes of data")
      }
      if bytes > 0 && start < end {
        throw Failure(reason: "\(quoted) overlaps the tensor before it, at byte \(start) of the data")
      }
      end = max(end, start + bytes)
    }
  }
}
