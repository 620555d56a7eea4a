import ModelFormats
import NeuralNetworks

extension FuzzReader {
  /// The bytes, unchanged.
  static let pyTorch = FuzzReader("pytorch", read: readPyTorch)

  /// The bytes are the pickle of an archive with a storage of 48 bytes for each of the first 24 keys.
  static let pickle = FuzzReader(
    "pickle",
    contents: { bytes in
      let storages = (0..<24).map { ("t/data/\($0)", [UInt8](repeating: 0, count: 48)) }
      return storedArchive([("t/data.pkl", bytes)] + storages)
    }, read: readPyTorch)

  @Sendable private static func readPyTorch(_ path: String) throws {
    let file = try PyTorchFile(path)
    let model = Sequential([Dense(2)], inputShape: [2])
    do { try model.loadWeights(from: path, mapping: .pyTorch) } catch is any NeuralNetworksError {}
    for name in file.names {
      do {
        let tensor = try file.tensor(name)
        require(tensor?.shape == file.shape(of: name), "pytorch: another shape came back")
      } catch is any NeuralNetworksError {}
    }
  }

  /// A zip archive of stored entries.
  private static func storedArchive(_ entries: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var (archive, directory) = ([UInt8](), [UInt8]())
    for (name, bytes) in entries {
      let fields =
        [20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0] + little(crc32(bytes), 4) + little(bytes.count, 4) + little(bytes.count, 4)
        + little(name.utf8.count, 2) + [0, 0]
      directory += Array("PK\u{1}\u{2}".utf8) + [20, 0] + fields + little(0, 10) + little(archive.count, 4) + name.utf8
      archive += Array("PK\u{3}\u{4}".utf8) + fields + name.utf8 + bytes
    }
    let counts = little(entries.count, 2) + little(entries.count, 2)
    let end = counts + little(directory.count, 4) + little(archive.count, 4) + [0, 0]
    return archive + directory + Array("PK\u{5}\u{6}".utf8) + little(0, 4) + end
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }

  private static func crc32(_ bytes: [UInt8]) -> Int {
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
    }
    return Int(~crc)
  }
}
