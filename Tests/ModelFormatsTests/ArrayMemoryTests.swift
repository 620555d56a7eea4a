import HostSystem
import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Memory use depends on the actual content of a file, not on its claims. Each case runs in a separate process, whose
/// peak is measured.
@Suite(.enabled(if: hasOrdinaryAllocator)) struct ArrayMemoryTests {
  static func isRefused(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return false
    } catch { return error is FormatError }
  }

  /// 400 MB of compressed zeros whose header is that of a small array, or invalid.
  @Test(arguments: [true, false])
  func anArchiveDoesNotTakeTheMemoryOfABomb(hasHead: Bool) async throws {
    let folder = try TemporaryFolder()
    var writer = try ZipWriter(folder("t.npz"))
    let head = hasHead ? NPYHeader.bytes(.float32, [3]) : []
    try writer.append("a.npy", head + [UInt8](repeating: 0, count: 400_000_000), deflating: true)
    try writer.finish()
    await #expect(processExitsWith: .success) { [path = folder("t.npz") as String] in
      endMeasuring(bound: 16 << 20) { ArrayMemoryTests.isRefused { _ = try NPZ.load(path) } }
    }
  }

  /// The header of a file that claims 8 GB but uses no disk space is read first.
  @Test func anArrayIsReadAfterItsHead() async throws {
    let folder = try TemporaryFolder()
    try folder.write([], "t.npy")
    try #require(truncate(folder("t.npy"), 8_000_000_000) == 0)
    await #expect(processExitsWith: .success) { [path = folder("t.npy") as String] in
      endMeasuring(bound: 16 << 20) { ArrayMemoryTests.isRefused { _ = try NPY.load(path) } }
    }
  }

  /// 40 MB of numbers in each format.
  @Test(arguments: ["npy", "npz", "packed.npz", "safetensors"])
  func numbersTakeThreeTimesTheirSize(name: String) async throws {
    let folder = try TemporaryFolder()
    let tensor = Tensor([Float](repeating: 0.5, count: 10_000_000))
    switch name {
    case "npy": try NPY.save(tensor, to: folder(name))
    case "safetensors": try Safetensors.save([("a", tensor)], to: folder(name))
    default: try NPZ.save([("a", tensor)], to: folder(name), compressed: name != "npz")
    }
    await #expect(processExitsWith: .success) { [path = folder(name) as String] in
      endMeasuring(bound: 3 * 40_000_000 + (6 << 20)) {
        let tensor =
          path.hasSuffix("npy")
          ? try NPY.load(path)
          : path.hasSuffix("npz") ? try NPZ.load(path)[0].tensor : try Safetensors(path).tensor("a")
        return tensor?.count == 10_000_000
      }
    }
  }

  /// Elements of other types than a tensor's are converted piece by piece: there are the tensor and its values, and no copy of the
  /// file; the order of Fortran takes one copy more.
  @Test(arguments: ["uint8", "float16", "float64", "int64", "bool"], [false, true])
  func otherTypesTakeTwiceTheirTensor(name: String, isFortranOrder: Bool) async throws {
    let element = try #require(StoredElement(rawValue: name))
    let (folder, count) = (try TemporaryFolder(), 1 << 23)
    let shape = isFortranOrder ? [1 << 11, 1 << 12] : [count]
    var head = NPYHeader.bytes(element, shape)
    if isFortranOrder, let place = head.firstRange(of: Array("False".utf8)) {
      head.replaceSubrange(place, with: Array("True ".utf8))
    }
    let bytes = head + [UInt8](repeating: 0, count: element.size * count)
    try folder.write(bytes, "t.npy")
    var writer = try ZipWriter(folder("t.npz"))
    try writer.append("a.npy", bytes, deflating: true)
    try writer.finish()
    await #expect(processExitsWith: .success) {
      [path = folder.path as String, size = (element == .bool ? 1 : 4) as Int, isFortranOrder = isFortranOrder as Bool]
      in
      endMeasuring(bound: (isFortranOrder ? 3 : 2) * size << 23 + (7 << 20)) {
        try NPY.load(path + "/t.npy").count == 1 << 23 && NPZ.load(path + "/t.npz")[0].tensor.count == 1 << 23
      }
    }
  }

  /// The memory of the tensor is checked before the elements are read.
  @Test func theSizeIsCheckedBeforeElementsAreRead() async throws {
    let folder = try TemporaryFolder()
    try folder.write(NPYHeader.bytes(.uint8, [100_000_000]), "t.npy")
    try #require(truncate(folder("t.npy"), 100_000_128) == 0)
    await #expect(processExitsWith: .success) { [path = folder("t.npy") as String] in
      guard limitMemory(toFree: 300 << 20) else { exit(5) }
      endMeasuring(bound: 8 << 20) { ArrayMemoryTests.isRefused { _ = try NPY.load(path) } }
    }
  }

  /// The head of 100,000 tensors, in the order of their data or in the opposite one. The names are written with escapes in one
  /// case, so that they are not the bytes of the file.
  @Test(arguments: ["model.layers", "ends.first", #"mod\u0065l.layers"#])
  func headsTakeThreeTimesTheirSize(prefix: String) async throws {
    let (folder, count) = (try TemporaryFolder(), 100_000)
    var entries = (0..<count).map {
      "\"\(prefix).\($0).mlp.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[\(16 * $0),\(16 * $0 + 16)]}"
    }
    if prefix == "ends.first" { entries.reverse() }
    let head = Array("{\(entries.joined(separator: ","))}".utf8)
    try folder.write(littleEndianBytes(of: UInt64(head.count)) + head, "t.safetensors")
    try #require(truncate(folder("t.safetensors"), 8 + head.count + 16 * count) == 0)
    await #expect(processExitsWith: .success) { [path = folder("t.safetensors") as String, size = head.count as Int] in
      endMeasuring(bound: 3 * size + (2 << 20)) {
        let file = try Safetensors(path)
        return file.names.count == 100_000 && file.names.allSatisfy { file.shape(of: $0) == [2, 2] }
      }
    }
  }

  /// An architecture with 100,000 layers.
  @Test func architecturesTakeThreeTimesTheirSize() async throws {
    let layers = [String](repeating: "{\"layer\":\"Dense\",\"units\":100,\"activation\":\"relu\"}", count: 100_000)
    let text = Array("[\(layers.joined(separator: ","))]".utf8)
    await #expect(processExitsWith: .success) { [text = text as [UInt8]] in
      endMeasuring(bound: 3 * text.count + (2 << 20)) {
        try JSONValue(parsing: text).array?.count == 100_000
      }
    }
  }

  /// `ulimit -v`: a one-line typed error instead of the end of the process.
  @Test func withoutMemoryReadersThrow() async throws {
    let folder = try TemporaryFolder()
    let tensor = Tensor([Float](repeating: 0.5, count: 40_000_000))
    try NPY.save(tensor, to: folder("a.npy"))
    try NPZ.save([("a", tensor)], to: folder("a.npz"))
    try Safetensors.save([("a", tensor)], to: folder("a.safetensors"))
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      let large = Tensor([Float](repeating: 0.5, count: 50_000_000))
      guard (try? large[0].item()) == 0.5, limitMemory(toFree: 130 << 20) else { exit(5) }
      let reads: [() throws -> Void] = [
        { _ = try NPY.load(path + "/a.npy") }, { _ = try NPZ.load(path + "/a.npz") },
        { _ = try Safetensors(path + "/a.safetensors").tensor("a") }, { _ = try large.scalars() },
        { _ = try large.scalars(as: Int32.self) },
        { try Sequential([Dense(20_000)]).build(inputShape: [3000]) },
      ]
      for (index, read) in reads.enumerated() {
        do {
          try read()
          exit(10 + Int32(index))
        } catch {
          if !(error is FormatError || error is DeviceError) || "\(error)".contains("\n") { exit(20 + Int32(index)) }
        }
      }
      exit(0)
    }
  }
}
