import HostSystem
import Files
import NeuralNetworks
import ZlibCompression

/// Named tensors and metadata in a file of the safetensors format: eight bytes with the length of a JSON header, the
/// header, and the elements.
///
/// Format: https://github.com/huggingface/safetensors. The complete header is validated when the file is opened;
/// tensors are read on demand. By default, floating point becomes float32, and integers become int32 if they fit;
/// with `keepingTypes`, F64, F16, BF16, I64, I16, I8, and U8 stay as they are. Tensors of other types, or with more than 8 axes, are listed with name and shape but cannot
/// be read; this does not affect the other tensors of the file. Names are compared by their bytes. Tensors are written
/// in their own type.
public final class Safetensors: Sendable {
  /// The path of the file.
  public let path: String
  /// The metadata of the file, by key.
  public var metadata: [String: String] { header.metadata.filter { $0.key != FileChecksum.key } }
  /// The names of the tensors, in the order of the header.
  public var names: [String] { header.tensorNames }

  private let reader: FileReader
  private let header: SafetensorsHeader
  private let start: Int

  /// Opens a file and validates its header.
  ///
  /// - Throws: `FormatError.file` if the file cannot be read, `FormatError.malformed` if it violates the format.
  public init(_ path: String) throws {
    let reader = try withFileErrors { () throws(FileError) in try FileReader(path) }
    func refused(_ reason: String) -> FormatError {
      .malformed(path: path, reason: ForeignFormat.description(of: reader) ?? reason)
    }
    if reader.size < 8 { throw refused("it is not a safetensors file: \(reader.size) bytes") }
    let count: UInt64 = littleEndian(try withFileErrors { () throws(FileError) in try reader.read(at: 0, count: 8) }, 0)
    if count > UInt64(min(SafetensorsHeader.limit, reader.size - 8)) {
      throw refused("it is not a safetensors file: a head of \(count) bytes in a file of \(reader.size)")
    }
    let text = try withFileErrors { () throws(FileError) in try reader.read(at: 8, count: Int(count)) }
    start = 8 + Int(count)
    do { header = try SafetensorsHeader(text, dataSize: reader.size - start) } catch {
      // If the length is followed by an object, the file has this format, whatever its first bytes look like.
      throw text.first == UInt8(ascii: "{") ? .malformed(path: path, reason: error.reason) : refused(error.reason)
    }
    self.path = path
    self.reader = reader
  }

  /// Returns the shape of a tensor; nil if the file has no tensor with this name.
  public func shape(of name: String) -> [Int]? { header[name]?.shape }

  /// The stored element type of a tensor; nil if the file has no tensor with this name or its type is not supported.
  func element(of name: String) -> StoredElement? { header[name]?.element }

  /// The element type of a tensor, as named by the format; nil if the file has no tensor with this name.
  func code(of name: String) -> String? { header[name]?.code }

  /// Reads a tensor; returns nil if the file has no tensor with this name.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - keepingTypes: Whether F64, F16, BF16, I64, I16, I8, and U8 do not become float32 and int32. Other integers still
  ///     become int32.
  ///   - device: The device for the tensor.
  /// - Throws: `FormatError` if the file cannot be read or an element does not fit into the tensor's element type.
  public func tensor(_ name: String, keepingTypes: Bool = false, on device: Device = .cpu) throws -> Tensor? {
    guard let entry = header[name] else { return nil }
    guard let element = entry.element else {
      let fault =
        entry.shape.count > 8
        ? "\(entry.shape.count) axes; at most 8 are possible" : "elements of type \(entry.code), which is not supported"
      throw FormatError.malformed(path: path, reason: "tensor \"\(name.shortened(to: 100))\" has \(fault)")
    }
    do {
      var conversion = try ElementConversion(
        element, count: entry.range.count / element.size, keepingTypes: keepingTypes)
      try conversion.append(from: reader, start + entry.range.lowerBound..<start + entry.range.upperBound)
      return try conversion.tensor(shape: entry.shape, on: device)
    } catch let failure as ElementConversion.Failure {
      throw FormatError.malformed(path: path, reason: "tensor \"\(name.shortened(to: 100))\", \(failure.description)")
    } catch let error as FileError {
      throw FormatError(error)
    }
  }

  /// Writes tensors and metadata. The file appears at its path only after it is complete.
  ///
  /// - Parameters:
  ///   - tensors: Unique names and values. Elements of larger types are stored first, so that all are aligned.
  ///   - path: The file.
  ///   - metadata: Custom metadata.
  /// - Throws: `FormatError`; `DeviceError` if a tensor cannot be downloaded.
  public static func save(
    _ tensors: some Sequence<(String, Tensor)>, metadata: [String: String] = [:], to path: String
  ) throws {
    try write(tensors, metadata.filter { $0.key != FileChecksum.key }, nil, to: path)
  }

  /// Writes tensors and metadata, including a checksum of the whole file.
  static func saveChecked(
    _ tensors: some Sequence<(String, Tensor)>, metadata: [String: String], to path: String
  ) throws {
    try write(tensors, metadata.merging(FileChecksum.unset) { $1 }, FileChecksum(), to: path)
  }

  /// The reason why a tensor cannot have this name; nil if it can.
  static func objection(toName name: String) -> String? {
    name == "__metadata__" ? "a tensor has the name \"\(name)\", which is reserved for metadata" : nil
  }

  private static func write(
    _ tensors: some Sequence<(String, Tensor)>, _ metadata: [String: String], _ checksum: FileChecksum?, to path: String
  ) throws {
    let ordered = tensors.map { (name: $0.0, tensor: $0.1, element: StoredElement($0.1.dtype)) }
    let sorted = ordered.enumerated().sorted {
      (-$0.element.element.size, $0.offset) < (-$1.element.element.size, $1.offset)
    }.map(\.element)
    var head = JSONObject()
    if !metadata.isEmpty {
      let members = metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
      head["__metadata__"] = .object(JSONObject(members))
    }
    var offset = 0
    for (name, tensor, element) in sorted {
      if let reason = objection(toName: name) { throw FormatError.malformed(path: path, reason: reason) }
      if head[name] != nil {
        throw FormatError.malformed(path: path, reason: "two tensors have the name \"\(name.shortened(to: 100))\"")
      }
      let end = offset + tensor.count * element.size
      head[name] = [
        "dtype": .string(SafetensorsHeader.code(element)), "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(offset), .integer(end)],
      ]
      offset = end
    }
    var text = try JSONValue.object(head).compactBytes()
    while text.count % 8 != 0 { text.append(0x20) }
    let writer = try withFileErrors { () throws(FileError) in try FileWriter(path) }
    var checksum = checksum
    func append(_ bytes: [UInt8]) throws {
      checksum?.update(bytes)
      try withFileErrors { () throws(FileError) in try writer.write(bytes) }
    }
    try append(littleEndianBytes(of: UInt64(text.count)) + text)
    for (_, tensor, _) in sorted { try append(littleEndianBytes(tensor)) }
    try withFileErrors { () throws(FileError) in
      if let checksum, let place = FileChecksum.place(in: text) {
        try writer.overwrite(checksum.digits, at: 8 + place.lowerBound)
      }
      try writer.commit()
    }
  }
}

extension Safetensors {
  /// Whether the metadata contains a checksum of the file.
  var hasChecksum: Bool { header.metadata[FileChecksum.key] != nil }

  /// Reads the whole file and compares it with the checksum in its metadata, if present.
  ///
  /// - Throws: `FormatError.malformed` if they differ.
  func checkSum() throws {
    guard let expected = header.metadata[FileChecksum.key] else { return }
    var head = try bytes(at: 0, count: start)
    guard let place = FileChecksum.place(in: head) else {
      throw FormatError.malformed(path: path, reason: "its checksum cannot be found in its head, which was rewritten")
    }
    head.replaceSubrange(place, with: FileChecksum.zeros)
    var checksum = FileChecksum()
    checksum.update(head)
    for offset in stride(from: start, to: reader.size, by: 1 << 20) {
      checksum.update(try bytes(at: offset, count: min(1 << 20, reader.size - offset)))
    }
    if Array(expected.utf8) != checksum.digits {
      throw FormatError.malformed(path: path, reason: "it is damaged: its checksum differs")
    }
  }

  private func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    try withFileErrors { () throws(FileError) in try reader.read(at: offset, count: count) }
  }
}

/// The CRC-32 of a file, stored in the file's own header. During the computation, eight zeros take its place.
struct FileChecksum {
  static let key = "swift-nn crc32"
  static let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: 8)
  /// The metadata before the checksum is known.
  static let unset = [key: String(decoding: zeros, as: UTF8.self)]

  private var value: UInt32 = 0

  mutating func update(_ bytes: [UInt8]) { value = Compression.crc32(bytes, seed: value) }

  /// Eight hexadecimal digits.
  var digits: [UInt8] {
    let text = Array(String(value, radix: 16).utf8)
    return FileChecksum.zeros.dropLast(text.count) + text
  }

  /// The position of the digits in a JSON header; nil if there are none. Quotes inside a string would be escaped, so
  /// they cannot match.
  static func place(in head: [UInt8]) -> Range<Int>? {
    guard let found = head.firstRange(of: Array("\"\(key)\"".utf8)) else { return nil }
    func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
    var rest = head[found.upperBound...].drop(while: isBlank)
    guard rest.popFirst() == UInt8(ascii: ":") else { return nil }
    rest = rest.drop(while: isBlank)
    guard rest.popFirst() == UInt8(ascii: "\""), rest.count > 8, rest[rest.startIndex + 8] == UInt8(ascii: "\"") else {
      return nil
    }
    return rest.startIndex..<rest.startIndex + 8
  }
}
