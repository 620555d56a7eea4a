import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct NPZTests {
  static let tensors: [(String, Tensor)] = [
    ("a", Tensor([Float(1), 2])), ("b", Tensor([Int32](repeating: 3, count: 500))),
  ]

  func bytes(compressed: Bool) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try NPZ.save(Self.tensors, to: folder("t"), compressed: compressed)
    return try FileReader.read(folder("t"), limit: 1 << 20)
  }

  func load(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> [(name: String, tensor: Tensor)] {
    let folder = try TemporaryFolder()
    return try NPZ.load(folder.write(bytes, "t"), limit: limit)
  }

  @Test(arguments: [false, true])
  func tensorsComeBack(compressed: Bool) throws {
    let read = try load(bytes(compressed: compressed))
    #expect(read.map(\.name) == ["a", "b"])
    for (copy, original) in zip(read, Self.tensors) {
      #expect(copy.tensor.dtype == original.1.dtype)
      #expect(try copy.tensor.scalars() == original.1.scalars())
    }
  }

  @Test(arguments: [false, true])
  func everyTruncationIsAnError(compressed: Bool) throws {
    let bytes = try bytes(compressed: compressed)
    for length in stride(from: 0, to: bytes.count, by: compressed ? 1 : 7) {
      #expect(throws: FormatError.self) { try load(Array(bytes[..<length])) }
    }
  }

  @Test func everyChangedByteIsHarmlessOrAnError() throws {
    let bytes = try bytes(compressed: true)
    let expected = try Self.tensors.map { try $0.1.scalars(as: Float.self) }
    for index in bytes.indices {
      for change: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = bytes
        damaged[index] ^= change
        // Dates, versions, and names are not covered by the checksum; contents are.
        guard let read = try? load(damaged) else { continue }
        #expect(try read.map { try $0.tensor.scalars(as: Float.self) } == expected, "byte \(index)")
      }
    }
  }

  @Test func bombsAreRefused() throws {
    let folder = try TemporaryFolder()
    try NPZ.save([("a", Tensor([Float](repeating: 0, count: 1_000_000)))], to: folder("t"), compressed: true)
    #expect(throws: FormatError.self) { try NPZ.load(folder("t"), limit: 100_000) }
    // Two directory entries for the same bytes.
    let one = try FileReader.read(folder("t"), limit: 1 << 20)
    let end = one.count - 22
    let start = Int(littleEndian(one, end + 16) as UInt32)
    var second = Array(one[start..<end])
    second[46] = UInt8(ascii: "b")
    var doubled = one
    doubled.replaceSubrange(end..<end, with: second)
    doubled.replaceSubrange(doubled.count - 14..<doubled.count - 10, with: [2, 0, 2, 0])
    let size = littleEndianBytes(of: UInt32(2 * second.count))
    doubled.replaceSubrange(doubled.count - 10..<doubled.count - 6, with: size)
    do {
      _ = try load(doubled)
      Issue.record("it was read")
    } catch { #expect("\(error)".contains("is not where the directory says")) }
    second[46] = UInt8(ascii: "a")
    doubled.replaceSubrange(end..<end + second.count, with: second)
    do {
      _ = try load(doubled)
      Issue.record("it was read")
    } catch { #expect("\(error)".contains("occurs twice")) }
  }

  @Test func twoTensorsOfOneNameAreNotWritten() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FormatError.self) { try NPZ.save([Self.tensors[0], Self.tensors[0]], to: folder("t")) }
    #expect(try Folder.names(in: folder.path) == [])
  }

  /// 64-bit sizes, as left by writers that do not know the size in advance.
  @Test func wideSizesAreRead() throws {
    let folder = try TemporaryFolder()
    let script = """
      import io, struct, zipfile
      data = io.BytesIO(); np.save(data, np.array([1, 2, 3], np.float32)); data = data.getvalue()
      zipfile.ZIP64_LIMIT = 10
      with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_STORED, allowZip64=True) as z: z.writestr('x.npy', data)
      """
    guard try Python.run(script, [folder("t")]) != nil else { return }
    let bytes = try FileReader.read(folder("t"), limit: 1 << 20)
    #expect(bytes.indices.dropLast(3).contains { bytes[$0..<$0 + 4].elementsEqual([0x50, 0x4B, 6, 6]) })
    #expect(try load(bytes)[0].tensor.scalars() == [1, 2, 3])
    for length in bytes.indices { #expect(throws: FormatError.self) { try load(Array(bytes[..<length])) } }
  }
}
