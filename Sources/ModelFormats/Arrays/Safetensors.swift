import Files
import NeuralNetworks

/// Named tensors and text in a file of the safetensors format: eight bytes with the length of a JSON head, the head, the
/// elements.
///
/// Format: https://github.com/huggingface/safetensors. The head is checked whole when the file is opened; tensors are read
/// when they are asked for. F64, F16 and BF16 become float32; other integers become int32 if they fit.
public final class Safetensors: Sendable {
  /// Where it was read from.
  public let path: String
  /// The file's own text, by key.
  public var metadata: [String: String] { header.metadata.filter { $0.key != FileChecksum.key } }
  /// The names of the tensors, in the order of the head.
  public var names: [String] { header.entries.map(\.name) }

  private let reader: FileReader
  private let header: SafetensorsHeader
  private let places: [String: Int]
  private let start: Int

  /// Opens a file and checks its head.
  ///
  /// - Throws: `FormatError.file` if it cannot be read, `FormatError.malformed` if it is not what the format wants.
  public init(_ path: String) throws {
    let reader = try withFileErrors { () throws(FileError) in try FileReader(path) }
    if reader.size < 8 {
      throw FormatError.malformed(path: path, reason: "it is no safetensors file: \(reader.size) bytes")
    }
    let count: UInt64 = littleEndian(try withFileErrors { () throws(FileError) in try reader.read(at: 0, count: 8) }, 0)
    if count > UInt64(min(SafetensorsHeader.limit, reader.size - 8)) {
      throw FormatError.malformed(
        path: path, reason: "it is no safetensors file: a head of \(count) bytes in a file of \(reader.size)")
    }
    let text = try withFileErrors { () throws(FileError) in try reader.read(at: 8, count: Int(count)) }
    start = 8 + Int(count)
    do { header = try SafetensorsHeader(text, dataSize: reader.size - start) } catch {
      throw FormatError.malformed(path: path, reason: error.reason)
    }
    places = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
    self.path = path
    self.reader = reader
  }

  /// The shape of a tensor; nil if there is none of this name.
  public func shape(of name: String) -> [Int]? { places[name].map { header.entries[$0].shape } }

  /// How the elements of a tensor are stored; nil if there is none of this name.
  func element(of name: String) -> StoredElement? { places[name].map { header.entries[$0].element } }

  /// Reads a tensor; nil if there is none of this name.
  ///
  /// - Throws: `FormatError`, if the file cannot be read or an element does not fit into the type that tensors have for it.
  public func tensor(_ name: String, on device: Device = .cpu) throws -> Tensor? {
    guard let place = places[name] else { return nil }
    let entry = header.entries[place]
    let bytes = try withFileErrors { () throws(FileError) in
      try reader.read(at: start + entry.range.lowerBound, count: entry.range.count)
    }
    do { return try entry.element.tensor(bytes, shape: entry.shape, on: device) } catch {
      throw FormatError.malformed(path: path, reason: "tensor \"\(name)\", element \(error.index): \(error.reason)")
    }
  }

  /// Writes tensors and text. The file appears under its name when it is whole.
  ///
  /// - Parameters:
  ///   - tensors: names, none twice, and values; wider elements come first in the file, so that all are aligned.
  ///   - path: the file.
  ///   - metadata: text of your own.
  /// - Throws: `FormatError`; `DeviceError` if a tensor cannot be downloaded.
  public static func save(
    _ tensors: some Sequence<(String, Tensor)>, metadata: [String: String] = [:], to path: String
  ) throws {
    try write(tensors, metadata.filter { $0.key != FileChecksum.key }, nil, to: path)
  }

  /// The same with a checksum of the whole file among the text.
  static func saveChecked(
    _ tensors: some Sequence<(String, Tensor)>, metadata: [String: String], to path: String
  ) throws {
    try write(tensors, metadata.merging(FileChecksum.unset) { $1 }, FileChecksum(), to: path)
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
      if head[name] != nil || name == "__metadata__" {
        throw FormatError.malformed(path: path, reason: "two tensors have the name \"\(name)\"")
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
  /// Reads the whole file and compares it with the checksum among its text, if it has one.
  ///
  /// - Throws: `FormatError.malformed` if they differ.
  func checkSum() throws {
    guard let expected = header.metadata[FileChecksum.key] else { return }
    var head = try bytes(at: 0, count: start)
    guard let place = FileChecksum.place(in: head) else { return }
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
