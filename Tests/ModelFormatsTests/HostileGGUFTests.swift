import Files
import HostSystem
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// The bytes of a GGUF file, of which every part can be wrong.
struct GGUFBytes {
  var version: UInt32 = 3
  var values: [[UInt8]] = []
  var tensors: [[UInt8]] = []
  /// The counts in the head, if they are not those of the arrays.
  var valueCount: UInt64?
  var tensorCount: UInt64?
  var data: [UInt8] = []

  static func number(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] { littleEndianBytes(of: value) }

  static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

  static func value(_ key: String, _ type: UInt32, _ bytes: [UInt8]) -> [UInt8] { text(key) + number(type) + bytes }

  /// - Parameter extents: The lengths of the axes, in the order of the file.
  static func tensor(_ name: String, _ extents: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) -> [UInt8] {
    text(name) + number(UInt32(extents.count)) + extents.flatMap { number($0) } + number(type) + number(offset)
  }

  var head: [UInt8] {
    let counts = Self.number(tensorCount ?? UInt64(tensors.count)) + Self.number(valueCount ?? UInt64(values.count))
    return Array("GGUF".utf8) + Self.number(version) + counts + values.flatMap { $0 } + tensors.flatMap { $0 }
  }

  /// The head up to a multiple of 32, and the data.
  var bytes: [UInt8] { head + [UInt8](repeating: 0, count: (32 - head.count % 32) % 32) + data }
}

/// Malicious GGUF files: rejected with the name of the file and a reason, before memory is allocated.
@Suite struct HostileGGUFTests {
  typealias Bytes = GGUFBytes

  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// The error of opening a file, without the path; "none" if it opens.
  func fault(_ bytes: [UInt8]) throws -> String {
    let path = try folder.write(bytes, "t.gguf")
    do { _ = try GGUFFile(path) } catch let error as FormatError {
      return error.description.replacing(path + ": ", with: "")
    }
    return "none"
  }

  static let many: [UInt8] = Bytes.number(UInt64(1) << 63)
  static let floats = [UInt8](repeating: 0, count: 8)

  @Test func countsAreComparedWithTheFile() throws {
    let file = Bytes(tensors: [Bytes.tensor("a", [2])], data: Self.floats)
    #expect(try fault(file.bytes) == "none")
    var wrong = file
    wrong.tensorCount = 1 << 63
    #expect(try fault(wrong.bytes) == "the number of tensors at byte 8: expected at most 2, found 9223372036854775808")
    wrong = file
    wrong.valueCount = 1 << 63
    #expect(try fault(wrong.bytes) == "the number of values at byte 16: expected at most 3, found 9223372036854775808")
    for (value, words) in [
      (Self.many, "the number of bytes in the name of a value at byte 24: expected at most"),
      (Bytes.value("k", 8, Self.many), "the number of bytes in a text at byte 37: expected at most"),
      (Bytes.value("k", 9, Bytes.number(UInt32(0)) + Self.many), "the number of elements of an array at byte 41"),
      (Bytes.value("k", 9, Bytes.number(UInt32(8)) + Self.many), "the number of elements of an array at byte 41"),
      (Bytes.value("k", 9, Bytes.number(UInt32(9)) + Self.many), "the number of elements of an array at byte 41"),
      (Bytes.value("k", 13, Self.floats), "the type of a value at byte 33 is 13; expected 0 to 12"),
    ] {
      wrong = file
      wrong.values = [value]
      let found = try fault(wrong.bytes)
      #expect(found.hasPrefix(words), "\(found)")
    }
  }

  @Test func versionZeroIsNotSupported() throws {
    #expect(try fault(Bytes(version: 0).bytes) == "version 0 of GGUF is not supported; expected 2 or 3")
  }

  @Test func arraysInsideOneAnotherHaveALimit() throws {
    /// An array of an array … of a number of one byte.
    func nested(_ depth: Int) -> [UInt8] {
      let inner: [UInt8] = depth == 1 ? [7] : nested(depth - 1)
      return Bytes.number(UInt32(depth == 1 ? 0 : 9)) + Bytes.number(UInt64(1)) + inner
    }
    let path = try folder.write(Bytes(values: [Bytes.value("k", 9, nested(16))]).bytes, "deep.gguf")
    var value = try GGUFFile(path).value(of: "k")
    for _ in 0..<16 { value = value?[0] }
    #expect(value == 7)
    #expect(
      try fault(Bytes(values: [Bytes.value("k", 9, nested(17))]).bytes)
        == "it has more than 16 arrays inside one another")
  }

  @Test func alignmentsArePowersOfTwo() throws {
    for (value, words) in [
      (Bytes.value("general.alignment", 4, Bytes.number(UInt32(0))), "found 0"),
      (Bytes.value("general.alignment", 4, Bytes.number(UInt32(24))), "found 24"),
      (Bytes.value("general.alignment", 10, Self.many), "found uint64"),
      (Bytes.value("general.alignment", 5, Bytes.number(UInt32.max)), "found -1"),
      (Bytes.value("general.alignment", 8, Bytes.text("8")), "found string"),
    ] { #expect(try fault(Bytes(values: [value]).bytes) == "general.alignment: expected a power of two, \(words)") }
    let tensors = [Bytes.tensor("a", [2]), Bytes.tensor("b", [2], offset: 8)]
    var head = Bytes(values: [Bytes.value("general.alignment", 4, Bytes.number(UInt32(8)))], tensors: tensors).head
    head += [UInt8](repeating: 0, count: (8 - head.count % 8) % 8)
    #expect(try fault(head + Self.floats + Self.floats) == "none")
    #expect(
      try fault(head + Self.floats + Self.floats.dropLast())
        == "tensor \"b\" has 8 bytes at byte 8 of the data; the file ends after 15 bytes of data")
  }

  @Test func namesOccurOnce() throws {
    let value = Bytes.value("k", 7, [1])
    #expect(try fault(Bytes(values: [value, value]).bytes) == "the key \"k\" occurs twice in the metadata")
    let tensors = [Bytes.tensor("a", [0]), Bytes.tensor("a", [0])]
    #expect(try fault(Bytes(tensors: tensors).bytes) == "tensor \"a\" occurs twice")
    let long = Bytes.tensor(String(repeating: "x", count: 65_536), [0])
    #expect(
      try fault(Bytes(tensors: [long]).bytes)
        == "the name of a tensor at byte 24 has 65536 bytes; at most 65535 are possible")
    var broken = Bytes.tensor("ab", [0])
    broken[8] = 0xFF
    #expect(try fault(Bytes(tensors: [broken]).bytes) == "the name of a tensor at byte 24 is not text")
  }

  /// Tensors whose data are not in the file, or in those of another tensor.
  @Test func tensorsAreInsideTheFile() throws {
    let good = Bytes.tensor("a", [2])
    for (tensors, words) in [
      ([Bytes.tensor("a", [2], offset: 1 << 40)], "tensor \"a\" has 8 bytes at byte 1099511627776 of the data; "),
      ([Bytes.tensor("a", [2], offset: (1 << 63) - 32)], "tensor \"a\" has 8 bytes at byte 9223372036854775776"),
      ([Bytes.tensor("a", [2], offset: 1 << 63)], "tensor \"a\" of shape [2] at byte 9223372036854775808 of the data"),
      ([Bytes.tensor("a", [2], offset: 4)], "tensor \"a\" is at byte 4 of the data; expected a multiple of 32"),
      ([Bytes.tensor("a", [3])], "tensor \"a\" has 12 bytes at byte 0 of the data; the file ends after 8 bytes"),
      ([Bytes.tensor("a", [1 << 63])], "tensor \"a\" has an axis of length 9223372036854775808"),
      ([Bytes.tensor("a", [1 << 32, 1 << 32])], "tensor \"a\" of shape [4294967296, 4294967296] at byte 0"),
      ([Bytes.tensor("a", [1 << 62, 2, 0])], "tensor \"a\" of shape [0, 2, 4611686018427387904] at byte 0"),
      ([Bytes.tensor("a", [1 << 62, 1 << 6], type: 8)], "tensor \"a\" of shape [64, 4611686018427387904] at byte 0"),
      ([Bytes.tensor("a", [UInt64](repeating: 1, count: 9))], "tensor \"a\" has 9 axes; at most 8 are possible"),
      ([Bytes.tensor("a", [33], type: 2)], "tensor \"a\" of shape [33] and type Q4_0: expected rows of a multiple"),
      ([Bytes.tensor("a", [128], type: 14)], "tensor \"a\" of shape [128] and type Q6_K: expected rows of a multiple"),
      ([good, Bytes.tensor("b", [1])], "tensor \"b\" overlaps the tensor before it, at byte 0 of the data"),
    ] as [([[UInt8]], String)] {
      let found = try fault(Bytes(tensors: tensors, data: Self.floats).bytes)
      #expect(found.hasPrefix(words), "\(found)")
    }
    // Tensors without elements, and those whose size is unknown.
    let others = [good, Bytes.tensor("b", [0, 5]), Bytes.tensor("c", [7], type: 77)]
    let path = try folder.write(Bytes(tensors: others, data: Self.floats).bytes, "t.gguf")
    let file = try GGUFFile(path)
    #expect(try file.tensor("a")?.scalars() == [0, 0] && file.tensor("b")?.shape == [5, 0])
    #expect { try file.tensor("c") } throws: { "\($0)".hasSuffix("elements of type number 77, which is not supported") }
  }

  /// Each beginning of a file is refused, and a byte more than the data is accepted.
  @Test func cutFilesAreRefused() throws {
    let texts = Bytes.number(UInt32(8)) + Bytes.number(UInt64(2)) + Bytes.text("ab") + Bytes.text("")
    let tensors = [Bytes.tensor("a", [2])]
    let whole = Bytes(values: [Bytes.value("k", 9, texts)], tensors: tensors, data: Self.floats).bytes
    #expect(try fault(whole) == "none" && fault(whole + [0]) == "none")
    for count in whole.indices {
      let found = try fault(Array(whole[..<count]))
      #expect(found != "none" && found.utf8.count < 200, "\(count): \(found)")
    }
  }

  /// Each byte of a file, replaced by others: it is read or refused.
  @Test func damagedFilesAreReadOrRefused() throws {
    let whole = try FileReader.read(GGUFFileTests.path("model"), limit: 1 << 16)
    for place in whole.indices.prefix(400) {
      for byte: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
        var damaged = whole
        damaged[place] = byte
        let path = try folder.write(damaged, "t.gguf")
        do {
          let file = try GGUFFile(path)
          for name in file.names {
            // A tensor that is read in one way may be refused in another one.
            let reads: [() throws -> Void] = [
              { _ = try file.tensor(name) }, { _ = try file.tensor(name, keepingTypes: true) },
              { _ = try file.quantizedMatrix(name) },
            ]
            for read in reads {
              do { try read() } catch { #expect(error is FormatError, "\(place) \(byte) \(name): \(error)") }
            }
          }
          for key in file.keys { _ = try file.value(of: key) }
        } catch { #expect(error is FormatError, "\(place) \(byte): \(error)") }
      }
    }
  }

  @Test func filesThatClaimMoreThanMemory() throws {
    for (type, count) in [(UInt32(0), UInt64(1) << 40), (8, 1 << 42)] {
      let tensor = Bytes.tensor("a", [32, count / 32], type: type)
      let path = try folder.writeHole("hole", after: Bytes(tensors: [tensor]).bytes)
      let file = try GGUFFile(path)
      #expect(file.shape(of: "a") == [Int(count / 32), 32])
      #expect {
        try file.tensor("a")
      } throws: { "\($0)".contains("hole, tensor \"a\": it needs \(8 * count) bytes of memory; ") }
    }
    let blocks = try GGUFFile(folder("hole"))
    #expect {
      try blocks.quantizedMatrix("a")
    } throws: { "\($0)".contains("hole, tensor \"a\": it needs \(34 << 37) bytes of memory; ") }
    // A text within the longest head, and one beyond it.
    for (count, words) in [(UInt64(1) << 27, "none"), (1 << 42, "the number of bytes in a text at byte 37: expected")] {
      let path = try folder.writeHole(
        "text", after: Bytes(values: [Bytes.value("k", 8, Bytes.number(count))]).head)
      do {
        _ = try GGUFFile(path)
        #expect(words == "none")
      } catch { #expect("\(error)".contains(words), "\(error)") }
    }
  }
}

/// The memory of reading, each case in a process of its own.
@Suite(.enabled(if: hasOrdinaryAllocator)) struct GGUFMemoryTests {
  typealias Bytes = GGUFBytes

  /// Ten million numbers, as F32 and as Q4_0.
  @Test(arguments: [UInt32(0), 2]) func numbersTakeTwiceTheirSize(type: UInt32) async throws {
    let folder = try TemporaryFolder(), count = 3200 * 3125
    let bytes = Bytes(tensors: [Bytes.tensor("a", [3200, 3125], type: type)]).bytes
    try folder.write(bytes, "t.gguf")
    let size = type == 0 ? 4 * count : count / 32 * 18
    try #require(truncate(folder("t.gguf"), off_t(bytes.count + size)) == 0)
    await #expect(processExitsWith: .success) { [path = folder("t.gguf") as String] in
      endMeasuring(bound: 2 * 40_000_000 + (7 << 20)) {
        try GGUFFile(path).tensor("a")?.count == 10_000_000
      }
    }
  }

  /// A matrix in blocks takes the bytes that it has in the file.
  @Test func matricesInBlocksTakeTheirSize() async throws {
    let folder = try TemporaryFolder(), size = 32_000 * 1000 / 32 * 34
    let bytes = Bytes(tensors: [Bytes.tensor("a", [1000 * 32, 1000], type: 8)]).bytes
    try folder.write(bytes, "t.gguf")
    try #require(truncate(folder("t.gguf"), off_t(bytes.count + size)) == 0)
    await #expect(processExitsWith: .success) { [path = folder("t.gguf") as String, size = size as Int] in
      endMeasuring(bound: size / 10 * 11 + (2 << 20)) {
        try GGUFFile(path).quantizedMatrix("a")?.byteCount == size
      }
    }
  }

  /// The heads of 100,000 tensors.
  @Test func headsTakeThreeTimesTheirSize() async throws {
    let folder = try TemporaryFolder(), count = 100_000
    let tensors = (0..<count).map {
      Bytes.tensor("model.layers.\($0).mlp.weight", [2, 3], offset: UInt64(32 * $0))
    }
    let bytes = Bytes(tensors: tensors).bytes
    try folder.write(bytes, "t.gguf")
    try #require(truncate(folder("t.gguf"), off_t(bytes.count + 32 * count)) == 0)
    await #expect(processExitsWith: .success) { [path = folder("t.gguf") as String, size = bytes.count as Int] in
      endMeasuring(bound: 3 * size + (2 << 20)) {
        let file = try GGUFFile(path)
        return (0..<100_000).allSatisfy { file.shape(of: "model.layers.\($0).mlp.weight") == [3, 2] }
      }
    }
  }

  /// A vocabulary of a million words stays in the file until it is read.
  @Test func valuesStayInTheFile() async throws {
    let folder = try TemporaryFolder()
    let words = (0..<1_000_000).flatMap { _ in Bytes.text("abcdef") }
    let array = Bytes.number(UInt32(8)) + Bytes.number(UInt64(1_000_000)) + words
    try folder.write(Bytes(values: [Bytes.value("k", 9, array)]).bytes, "t.gguf")
    await #expect(processExitsWith: .success) { [path = folder("t.gguf") as String] in
      endMeasuring(bound: 2 << 20) { try GGUFFile(path).keys == ["k"] }
    }
    await #expect(processExitsWith: .success) { [path = folder("t.gguf") as String] in
      endMeasuring(bound: 3 * 14_000_000) {
        let value = try GGUFFile(path).value(of: "k")
        return value?.array?.count == 1_000_000 && value?[999_999] == "abcdef"
      }
    }
  }

  /// 2500 arrays of 10,000 bytes, of which each takes less memory than is checked, and 2500 texts of 20,000 bytes that
  /// are not UTF-8, of which each takes three times its size.
  @Test(arguments: [UInt32(9), 8]) func theMemoryOfAllPartsOfAValueIsChecked(type: UInt32) async throws {
    let folder = try TemporaryFolder()
    let part =
      type == 9
      ? Bytes.number(UInt32(0)) + Bytes.number(UInt64(10_000)) + [UInt8](repeating: 1, count: 10_000)
      : Bytes.number(UInt64(20_000)) + [UInt8](repeating: 0xFF, count: 20_000)
    var array = Bytes.number(type) + Bytes.number(UInt64(2500))
    for _ in 0..<2500 { array += part }
    try folder.write(Bytes(values: [Bytes.value("k", 9, array)]).bytes, "t.gguf")
    await #expect(processExitsWith: .success) { [path = folder("t.gguf") as String] in
      guard let file = try? GGUFFile(path), limitMemory(toFree: 100 << 20) else { exit(5) }
      endMeasuring(bound: 4 << 20) { ArrayMemoryTests.isRefused { _ = try file.value(of: "k") } }
    }
  }
}
