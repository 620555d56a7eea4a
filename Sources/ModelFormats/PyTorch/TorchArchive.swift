import HostSystem
import NeuralNetworks

/// The entries of a PyTorch archive, which are in one folder of any name: `data.pkl`, `byteorder`, and `data/0` …
struct TorchArchive {
  let pickle: [UInt8]
  let isBigEndian: Bool
  private let folder: String
  private let entries: [ByteKey: ZipArchive.Entry]

  init(_ archive: ZipArchive) throws {
    entries = Dictionary(archive.entries.map { (ByteKey($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    let pickles = archive.entries.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
    guard pickles.count == 1 else {
      throw ZipArchive.Failure(
        reason: pickles.isEmpty
          ? "it is a zip archive without data.pkl, not a PyTorch file" : "it has \(pickles.count) files data.pkl")
    }
    folder = String(pickles[0].name.dropLast("data.pkl".count))
    pickle = try TorchArchive.bytes(pickles[0], of: archive, limit: Pickle.sizeLimit)
    isBigEndian =
      try entries[ByteKey(folder + "byteorder")].map { entry in
        let order = try TorchArchive.bytes(entry, of: archive, limit: 16)
        if order != Array("little".utf8) && order != Array("big".utf8) {
          throw ZipArchive.Failure(reason: "its byteorder is neither little nor big")
        }
        return order == Array("big".utf8)
      } ?? false
  }

  func storage(_ key: String) -> ZipArchive.Entry? { entries[ByteKey("\(folder)data/\(key)")] }

  private static func bytes(_ entry: ZipArchive.Entry, of archive: ZipArchive, limit: Int) throws -> [UInt8] {
    if entry.size > limit {
      throw ZipArchive.Failure(
        reason: "\"\(entry.name.shortened(to: 100))\" has \(entry.size) bytes, more than the limit of \(limit)")
    }
    var bytes: [UInt8] = []
    try archive.read(entry, first: 0) { bytes += $0 }
    return bytes
  }
}

/// The tensors of the `state_dict` in a pickle, with their names.
struct TorchDictionary {
  private(set) var tensors: [(name: String, tensor: TorchTensor)] = []

  /// The keys under which training programs save the `state_dict`.
  private static let usualKeys = ["state_dict", "model_state_dict", "model"]

  init(_ pickle: Pickle) throws(Pickle.Failure) {
    guard case .dictionary(let root) = pickle.root else {
      throw Pickle.Failure(
        reason: "it contains no dictionary of tensors: save model.state_dict(), or a dictionary such as {\"x\": x}")
    }
    tensors = TorchDictionary.tensors(root, pickle)
    let members = TorchDictionary.members(root, pickle)
    for key in TorchDictionary.usualKeys where tensors.isEmpty {
      let value = members.last { $0.key == key }?.value
      if case .dictionary(let place)? = value { tensors = TorchDictionary.tensors(place, pickle) }
    }
    if tensors.isEmpty && !members.isEmpty {
      let keys = members.prefix(20).map { $0.key.shortened(to: 100) }.joined(separator: ", ")
      throw Pickle.Failure(
        reason:
          "there are no tensors in its dictionary, nor under \(TorchDictionary.usualKeys.joined(separator: ", ")); "
          + "its keys are \(keys): save one of these dictionaries as a file")
    }
  }

  /// The members with a text or a number as key.
  private static func members(_ place: Int, _ pickle: Pickle) -> [(key: String, value: Pickle.Value)] {
    let values = pickle.containers[place]
    return stride(from: 0, to: values.count, by: 2).compactMap { index in
      switch values[index] {
      case .text(let text): (text, values[index + 1])
      case .integer(let number): ("\(number)", values[index + 1])
      default: nil
      }
    }
  }

  /// The tensors directly in a dictionary. Of several with the same name, the last one counts, as in Python.
  private static func tensors(_ place: Int, _ pickle: Pickle) -> [(name: String, tensor: TorchTensor)] {
    var places: [ByteKey: Int] = [:]
    var tensors: [(name: String, tensor: TorchTensor)] = []
    for (key, value) in members(place, pickle) {
      guard case .tensor(let index) = value else { continue }
      if let known = places.updateValue(tensors.count, forKey: ByteKey(key)) {
        places[ByteKey(key)] = known
        tensors[known].tensor = pickle.tensors[index]
      } else {
        tensors.append((key, pickle.tensors[index]))
      }
    }
    return tensors
  }
}
