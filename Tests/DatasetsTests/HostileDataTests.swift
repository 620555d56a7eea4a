import ZlibCompression
import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

/// Malicious data files: rejected with the name of the file and a reason, quickly, and before memory is allocated.
@Suite struct HostileDataTests {
  func fault(_ path: String, _ read: (String) throws -> Void) -> String {
    do {
      try read(path)
      return "none"
    } catch let error as DataError { return error.description } catch { return "another error: \(error)" }
  }

  @Test func sizesThatOverflow() throws {
    let folder = try TemporaryFolder()
    let largest: [UInt8] = [255, 255, 255, 255]
    for rank: UInt8 in 1...8 {
      let bytes: [UInt8] = [0, 0, 0x0E, rank] + [UInt8](repeating: 255, count: 4 * Int(rank))
      let words = fault(try folder.write(bytes, "t")) { _ = try IDX($0) }
      #expect(words.hasPrefix(folder("t") + ", byte ") && words.contains("expected"), "\(words)")
    }
    // An array with an empty axis contains nothing, but the other axes count nevertheless.
    let empty: [UInt8] = [0, 0, 0x0B, 4] + [0, 0, 0, 0] + [UInt8](repeating: 255, count: 12)
    #expect(fault(try folder.write(empty, "t")) { _ = try IDX($0) }.contains("a size that fits into memory"))
    #expect(fault(try folder.write([0, 0, 8, 255] + largest, "t")) { _ = try IDX($0) }.contains("1 to 8 axes"))
  }

  @Test func bombsAndHoles() throws {
    let folder = try TemporaryFolder()
    let head: [UInt8] = [0, 0, 8, 1, 3, 0, 0, 0]
    let bomb = try Compression.deflate(head + [UInt8](repeating: 0x31, count: 50_000_000), .gzip)
    try folder.write(bomb, "bomb")
    #expect(bomb.count < 60_000)
    #expect(fault(folder("bomb")) { _ = try IDX($0, limit: 1_000_000) }.contains("it unpacks to more than 1000000"))
    // Many members, each of them small.
    let member = try Compression.deflate(head + [UInt8](repeating: 0, count: 1_000_000), .gzip)
    try folder.write((0..<100).flatMap { _ in member }, "members")
    #expect(fault(folder("members")) { _ = try IDX($0, limit: 1 << 24) }.contains("it unpacks to more than"))
    try folder.writeHole("hole")
    for read in [
      { _ = try IDX($0) }, { _ = try CSV.load($0) },
      { _ = try LabeledText.load(tsv: $0, vocabulary: 10, length: 4) },
    ] as [(String) throws -> Void] {
      #expect(fault(folder("hole"), read).contains("expected at most \(1 << 32) bytes"))
    }
  }

  @Test func linesWithoutEnd() throws {
    let folder = try TemporaryFolder()
    let commas = try folder.write([UInt8](repeating: UInt8(ascii: ","), count: 5_000_000), "commas")
    #expect(fault(commas) { _ = try CSV.load($0) }.contains("line 1: expected at most 1048576 columns, found more"))
    let digits = try folder.write(
      [UInt8](repeating: UInt8(ascii: "1"), count: 5_000_000) + Array(",1\n".utf8), "digits")
    let words = fault(digits) { _ = try CSV.features($0) }
    #expect(words.contains("line 1") && words.utf8.count < 1000, "\(words.prefix(200))")
    let quote = try folder.write("\"" + String(repeating: "a\n", count: 2_000_000), "quote")
    #expect(fault(quote) { _ = try CSV.load($0) }.contains("expected a closing quote"))
    let text = try folder.write(String(repeating: "a ", count: 2_000_000), "text")
    let line = fault(text) { _ = try LabeledText.load(tsv: $0, vocabulary: 10, length: 4) }
    #expect(line.contains("found no tab") && line.utf8.count < 1000)
  }

  @Test func messagesAreOneLine() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("1,\"a\u{1b}[2J\nb\"\n\"\u{7}\r\n\",2\n", "t")
    let words = fault(path) { _ = try CSV.features($0) }
    #expect(words != "none" && !words.unicodeScalars.contains { $0.value < 0x20 }, "\(words)")
  }
}
