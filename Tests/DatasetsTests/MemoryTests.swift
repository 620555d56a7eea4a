import ZlibCompression
import HostSystem
import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

/// Memory use depends on the actual content of a file, not on its claims. Each case runs in a separate process, whose
/// peak is measured.
@Suite(.enabled(if: hasOrdinaryAllocator)) struct MemoryTests {
  /// Statistics are taken of parts of the data, not of a copy in Double.
  @Test func normalizationAdaptsWithoutACopyOfTheData() async {
    await #expect(processExitsWith: .success) {
      let data = Tensor.zeros([1 << 21, 8])
      try data.device.synchronize()
      endMeasuring(bound: 24 << 20) {  // the data have 64 MB
        try Normalization().adapt(to: data)
        return true
      }
    }
  }

  /// A gzip file of many members, each of a million bytes.
  static func bomb(_ head: [UInt8], _ byte: UInt8, members: Int, to path: String) throws {
    let writer = try FileWriter(path)
    try writer.write(try Compression.deflate(head, .gzip))
    let member = try Compression.deflate([UInt8](repeating: byte, count: 1_000_000), .gzip)
    for _ in 0..<members { try writer.write(member) }
    try writer.commit()
  }

  /// Two gigabytes of zeros, commas, blank lines, or letters in a compressed file of two megabytes.
  @Test(arguments: [0, 0x2C, 0x0A, 0x61] as [UInt8])
  func aTableDoesNotTakeTheMemoryOfABomb(byte: UInt8) async throws {
    let folder = try TemporaryFolder()
    try Self.bomb([], byte, members: 2000, to: folder("t"))
    await #expect(processExitsWith: .success) { [path = folder("t") as String] in
      endMeasuring(bound: 300 << 20) {
        do {
          _ = try CSV.load(path)
          return false
        } catch { return error is DataError }
      }
    }
  }

  @Test func anArrayDoesNotTakeTheMemoryOfABomb() async throws {
    let folder = try TemporaryFolder()
    // The header claims a thousand pixels; the rest is rejected after one more.
    try Self.bomb([0, 0, 8, 1, 0, 0, 3, 232], 0, members: 2000, to: folder("short"))
    // It claims two gigabytes, but contains one megabyte.
    try Self.bomb([0, 0, 8, 1, 0x77, 0x35, 0x94, 0], 0, members: 1, to: folder("long"))
    for name in ["short", "long"] {
      await #expect(processExitsWith: .success) { [path = folder(name) as String] in
        endMeasuring(bound: 16 << 20) {
          do {
            _ = try IDX(path)
            return false
          } catch { return error is DataError }
        }
      }
    }
  }

  /// 12 MB of text with 8 MB of numbers: three times the numbers, plus an allowance for the process.
  @Test(arguments: [false, true])
  func aTableTakesThreeTimesItsNumbers(isPacked: Bool) async throws {
    let folder = try TemporaryFolder()
    let text = Array(String(repeating: "0.125,0.5\n", count: 1_000_000).utf8)
    try folder.write(isPacked ? try Compression.deflate(text, .gzip, level: 1) : text, "t")
    await #expect(processExitsWith: .success) { [path = folder("t") as String] in
      endMeasuring(bound: 3 * 8_000_000 + (6 << 20)) {
        try CSV.features(path).values.shape == [1_000_000, 2]
      }
    }
  }

  /// A word takes four bytes, however often it occurs.
  @Test func aTextOfLettersTakesThreeTimesItsSize() async throws {
    let folder = try TemporaryFolder()
    let line = (0..<500).map { "\(["a", "b", "c", "d", "e"][$0 % 5]) " }.joined() + "\t1\n"
    try folder.write(Array(String(repeating: line, count: 8000).utf8), "t.tsv")
    await #expect(processExitsWith: .success) {
      [path = folder("t.tsv") as String, size = 8000 * line.utf8.count as Int] in
      endMeasuring(bound: 3 * size) {
        let text = try LabeledText.load(tsv: path, vocabulary: 100, length: 16)
        return text.train.count == 6400 && text.vocabulary.count == 7
      }
    }
  }

  /// `ulimit -v`: a one-line typed error instead of the end of the process.
  @Test func withoutMemoryReadersThrow() async throws {
    let folder = try TemporaryFolder()
    try folder.write(Array(String(repeating: "0.125,0.5\n", count: 10_000_000).utf8), "table")
    let head: [UInt8] = [0, 0, 8, 1, 0x08, 0xF0, 0xD1, 0x80]
    try folder.write(head + [UInt8](repeating: 1, count: 150_000_000), "pixels")
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      guard limitMemory(toFree: 120 << 20) else { exit(5) }
      for read in [
        { _ = try CSV.features($0 + "/table") }, { _ = try IDX($0 + "/pixels").floats() },
      ] as [(String) throws -> Void] {
        do {
          try read(path)
          exit(2)
        } catch let error as DataError {
          if !error.description.contains("bytes of memory") { exit(3) }
        } catch { exit(4) }
      }
      exit(0)
    }
  }
}
