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
  public var metadata: [String: String] { header.metadata }
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
    try withFileErrors { () throws(FileError) in
      try writer.write(littleEndianBytes(of: UInt64(text.count)))
      try writer.write(text)
    }
    for (_, tensor, _) in sorted {
      let bytes = try littleEndianBytes(tensor)
      try withFileErrors { () throws(FileError) in try writer.write(bytes) }
    }
    try withFileErrors { () throws(FileError) in try writer.commit() }
  }
}
