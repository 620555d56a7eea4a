import Files
import HostSystem
import NeuralNetworks

/// The tensors of a `state_dict` in a file of `torch.save` (`.pt`, `.pth`, `.bin`), as PyTorch writes it since version
/// 1.6: a zip archive with a pickle and one entry for each storage.
///
/// Nothing in the file is run. The pickle may hold tensors, parameters, dictionaries, lists, tuples, numbers, and text;
/// an object of any other class is refused with the name of its class. If the tensors are not at the top, they are
/// expected under `state_dict`, `model_state_dict`, or `model`, where training programs put them. Other values next to
/// the tensors are ignored. Offsets, strides, and shared storages are supported. F64, F16, and BF16 become float32;
/// other integers become int32 if they fit. Tensors of other types, or with more than 8 axes, are listed with name and
/// shape but cannot be read. Names are compared by their bytes.
///
/// ```swift
/// let file = try PyTorchFile("model.pt")
/// print(file.names, file.shape(of: "fc.weight") ?? [])
/// ```
public final class PyTorchFile: Sendable {
  /// The path of the file.
  public let path: String
  /// The names of the tensors, in the order of the dictionary.
  public let names: [String]

  private struct Entry {
    let tensor: TorchTensor
    /// The range of elements that the tensor reads from its storage.
    let range: Range<Int>
    let storage: ZipArchive.Entry
  }

  private let archive: ZipArchive
  private let entries: [ByteKey: Entry]
  private let isBigEndian: Bool

  /// Opens a file and validates its pickle and the places of all tensors.
  ///
  /// - Throws: `FormatError.file` if the file cannot be read, `FormatError.malformed` if it violates the format or
  ///   contains objects of other classes.
  public convenience init(_ path: String) throws {
    try self.init(try withFileErrors { () throws(FileError) in try FileReader(path) })
  }

  /// Whether a file is a zip archive, as those of this format are.
  static func isLikely(_ file: FileReader) -> Bool {
    file.size >= 4 && (try? file.read(at: 0, count: 4)) == Array("PK".utf8) + [3, 4]
  }

  init(_ file: FileReader) throws {
    path = file.path
    do {
      archive = try ZipArchive(file)
      let folder = try TorchArchive(archive)
      isBigEndian = folder.isBigEndian
      let tensors = try TorchDictionary(try Pickle(folder.pickle)).tensors
      var entries: [ByteKey: Entry] = [:]
      for (name, tensor) in tensors { entries[ByteKey(name)] = try PyTorchFile.entry(name, tensor, folder) }
      try PyTorchFile.checkSharing(entries.values)
      (self.entries, names) = (entries, tensors.map(\.name))
    } catch let failure as ZipArchive.Failure {
      throw FormatError.malformed(path: file.path, reason: ForeignFormat.archive(file) ?? failure.reason)
    } catch let failure as Pickle.Failure {
      throw FormatError.malformed(path: file.path, reason: failure.reason)
    } catch let error as FileError {
      throw FormatError(error)
    }
  }

  private static func entry(_ name: String, _ tensor: TorchTensor, _ folder: TorchArchive) throws(Pickle.Failure)
    -> Entry
  {
    let quoted = "tensor \"\(name.shortened(to: 100))\""
    guard let storage = folder.storage(tensor.storage.key) else {
      throw Pickle.Failure(reason: "\(quoted): its storage \"\(tensor.storage.key.shortened(to: 100))\" is missing")
    }
    let size = tensor.storage.type?.size ?? 1
    let (bytes, overflow) = tensor.storage.count.multipliedReportingOverflow(by: size)
    if overflow || bytes != storage.size {
      throw Pickle.Failure(
        reason:
          "\(quoted): its storage has \(storage.size) bytes, not \(tensor.storage.count) elements of \(size) bytes")
    }
    do throws(TorchTensor.Failure) {
      return Entry(tensor: tensor, range: try tensor.range(inStorageOf: bytes), storage: storage)
    } catch { throw Pickle.Failure(reason: "\(quoted): \(error.reason)") }
  }

  /// Limits the time for reading a small file in which many tensors read the same bytes.
  private static func checkSharing(_ entries: some Sequence<Entry>) throws(Pickle.Failure) {
    var storages: [ByteKey: Int] = [:]
    var work = 0.0
    for entry in entries {
      storages[ByteKey(entry.storage.name)] = entry.storage.size
      work += Double(entry.storage.isDeflated ? entry.storage.size : entry.range.count * entry.tensor.type.size)
    }
    let bytes = Double(storages.values.reduce(0, +))
    if work > 1000 * bytes + 0x1p20 {
      throw Pickle.Failure(reason: "its tensors read the same \(Int(bytes)) bytes more than 1000 times")
    }
  }

  /// Returns the shape of a tensor; nil if the file has no tensor with this name.
  public func shape(of name: String) -> [Int]? { entries[ByteKey(name)]?.tensor.shape }

  /// Reads a tensor; returns nil if the file has no tensor with this name.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - keepingTypes: Whether float64, float16, bfloat16, int64, int16, int8, and uint8 do not become float32 and int32.
  ///     Other integers still become int32.
  ///   - device: The device for the tensor.
  /// - Throws: `FormatError` if the file cannot be read or an element does not fit into the tensor's element type.
  public func tensor(_ name: String, keepingTypes: Bool = false, on device: Device = .cpu) throws -> Tensor? {
    guard let entry = entries[ByteKey(name)] else { return nil }
    let place = "\(path), tensor \"\(name.shortened(to: 100))\""
    let (tensor, size) = (entry.tensor, entry.tensor.type.size)
    guard let element = element(of: name) else {
      let fault =
        tensor.shape.count > 8
        ? "\(tensor.shape.count) axes; at most 8 are possible"
        : "elements of type \(tensor.type.rawValue), which is not supported"
      throw FormatError.malformed(path: place, reason: "it has \(fault)")
    }
    do {
      return try withElementErrors(place) {
        // With strides of 0, the tensor has more elements than it reads.
        let count = max(entry.range.count, (element.byteCount(tensor.shape) ?? 0) / size)
        var conversion = try ElementConversion(
          element, count: count, isBigEndian: isBigEndian, keepingTypes: keepingTypes)
        try archive.read(entry.storage, entry.range.lowerBound * size..<entry.range.upperBound * size) {
          try conversion.append($0)
        }
        return try conversion.tensor(shape: tensor.shape, strides: tensor.strides, on: device)
      }
    } catch let failure as ZipArchive.Failure { throw FormatError.malformed(path: path, reason: failure.reason) }
  }
}

extension PyTorchFile: WeightSource {
  /// The format has no metadata.
  var metadata: [String: String] { [:] }

  func element(of name: String) -> StoredElement? {
    entries[ByteKey(name)].flatMap { $0.tensor.shape.count > 8 ? nil : $0.tensor.type.element }
  }

  func code(of name: String) -> String? { entries[ByteKey(name)]?.tensor.type.rawValue }

  /// Compares the CRC of each storage.
  func checkSum() throws {
    var known: Set<ByteKey> = []
    do {
      for name in names {
        guard let storage = entries[ByteKey(name)]?.storage, known.insert(ByteKey(storage.name)).inserted else {
          continue
        }
        try archive.read(storage, first: 0) { _ in }
      }
    } catch let failure as ZipArchive.Failure {
      throw FormatError.malformed(path: path, reason: failure.reason)
    } catch let error as FileError {
      throw FormatError(error)
    }
  }
}
