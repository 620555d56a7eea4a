import Files
import HostSystem
import NeuralNetworks

/// A file, or several files, from which a model reads tensors by name.
protocol WeightSource {
  /// The path for messages.
  var path: String { get }
  /// The paths of the files that contain the tensors.
  var filePaths: [String] { get }
  var names: [String] { get }
  /// The metadata that the files have in common.
  var metadata: [String: String] { get }
  func shape(of name: String) -> [Int]?
  /// The element type; nil if the file has no such tensor or its type is not supported.
  func element(of name: String) -> StoredElement?
  /// The element type as the format names it; nil if the file has no such tensor.
  func code(of name: String) -> String?
  /// Reads a tensor; nil if the file has no such tensor.
  /// - Parameter keepingTypes: Whether elements keep their type if tensors have it.
  func tensor(_ name: String, keepingTypes: Bool, on device: Device) throws -> Tensor?
  /// Reads everything and compares it with the checksums of the format, if there are any.
  func checkSum() throws
}

extension WeightSource {
  var filePaths: [String] { [path] }
}

extension Safetensors: WeightSource {}

/// Tensors in several files, and the index that names the file of each: `model.safetensors.index.json` or
/// `pytorch_model.bin.index.json` of Hugging Face, next to the files.
struct WeightIndex: WeightSource {
  let path: String
  let names: [String]
  private let files: [ByteKey: any WeightSource]
  private let places: [ByteKey: ByteKey]

  private static let sizeLimit = 64 << 20

  /// Opens a file of weights of any format, or an index and all its files.
  static func open(_ path: String) throws -> any WeightSource {
    if path.hasSuffix(".index.json") { return try WeightIndex(path) }
    return try openFile(path)
  }

  private static func openFile(_ path: String) throws -> any WeightSource {
    let file = try withFileErrors { () throws(FileError) in try FileReader(path) }
    if PyTorchFile.isLikely(file) { return try PyTorchFile(file) }
    return GGUFFile.isLikely(file) ? try GGUFFile(file) : try Safetensors(path)
  }

  private init(_ path: String) throws {
    func refused(_ reason: String) -> FormatError { .malformed(path: path, reason: reason) }
    let bytes = try withFileErrors { () throws(FileError) in
      try FileReader.read(path, limit: WeightIndex.sizeLimit)
    }
    let map: JSONObject?
    do {
      map = try JSONValue(parsing: bytes)["weight_map"]?.object
    } catch { throw refused("\(error)") }
    guard let map else { throw refused("it has no weight_map, an object of tensors and their files") }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    var files: [ByteKey: any WeightSource] = [:]
    var places: [ByteKey: ByteKey] = [:]
    for (name, value) in map {
      let quoted = "tensor \"\(name.shortened(to: 100))\""
      guard let file = value.string, !ZipArchive.leadsOutside(file), !file.isEmpty else {
        throw refused("\(quoted) has no file next to the index: \(value.kind)")
      }
      if files[ByteKey(file)] == nil {
        files[ByteKey(file)] = try WeightIndex.openFile(folder.isEmpty ? file : "\(folder)/\(file)")
      }
      if files[ByteKey(file)]?.shape(of: name) == nil {
        throw refused("\(quoted) is not in \"\(file.shortened(to: 100))\"")
      }
      places[ByteKey(name)] = ByteKey(file)
    }
    (self.path, self.files, self.places) = (path, files, places)
    names = map.map(\.key)
  }

  var filePaths: [String] { files.values.map(\.path) }

  var metadata: [String: String] {
    let all = files.values.map(\.metadata)
    return all.dropFirst().reduce(all.first ?? [:]) { common, other in common.filter { other[$0.key] == $0.value } }
  }

  private func file(of name: String) -> (any WeightSource)? { places[ByteKey(name)].flatMap { files[$0] } }

  func shape(of name: String) -> [Int]? { file(of: name)?.shape(of: name) }
  func element(of name: String) -> StoredElement? { file(of: name)?.element(of: name) }
  func code(of name: String) -> String? { file(of: name)?.code(of: name) }
  func tensor(_ name: String, keepingTypes: Bool, on device: Device) throws -> Tensor? {
    try file(of: name)?.tensor(name, keepingTypes: keepingTypes, on: device)
  }
  func checkSum() throws { for file in files.values { try file.checkSum() } }
}
