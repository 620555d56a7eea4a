import ZlibCompression
import Files
import TestSupport
import Testing

@testable import Datasets

@Suite struct IDXTests {
  /// A header and elements.
  static func file(_ element: UInt8, _ shape: [Int], _ payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, element, UInt8(shape.count)]
    for size in shape {
      for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
    }
    return bytes + payload
  }

  func read(_ bytes: [UInt8]) throws(DataError) -> IDX { try IDX(bytes: bytes, path: "x") }

  @Test func elementsOfEveryType() throws {
    #expect(try read(Self.file(0x08, [3], [0, 127, 255])).integers() == [0, 127, 255])
    #expect(try read(Self.file(0x09, [3], [0, 127, 255])).integers() == [0, 127, -1])
    #expect(try read(Self.file(0x0B, [2], [0x01, 0x02, 0xFF, 0xFE])).integers() == [258, -2])
    #expect(try read(Self.file(0x0C, [1], [0x80, 0, 0, 1])).integers() == [-2_147_483_647])
    #expect(try read(Self.file(0x0D, [1], [0x40, 0x49, 0x0F, 0xDB])).floats() == [3.1415927])
    #expect(try read(Self.file(0x0E, [1], [0xC0, 0x04, 0, 0, 0, 0, 0, 0])).floats() == [-2.5])
  }

  @Test func tensorsHaveTheShapeOfTheFile() throws {
    let tensor = try read(Self.file(0x08, [2, 3], [1, 2, 3, 4, 5, 6])).tensor()
    #expect(tensor.shape == [2, 3])
    #expect(tensor.dtype == .int32)
    #expect(try tensor.scalars(as: Int32.self) == [1, 2, 3, 4, 5, 6])
    #expect(try read(Self.file(0x0D, [1], [0x3F, 0x80, 0, 0])).tensor().dtype == .float32)
  }

  @Test func plainAndGzipAreTheSame() throws {
    let folder = try TemporaryFolder()
    let bytes = Self.file(0x08, [2, 2], [9, 8, 7, 6])
    let plain = try folder.write(bytes, "plain")
    let packed = try folder.write(try Compression.deflate(bytes, .gzip), "packed")
    #expect(try IDX(plain).integers() == [9, 8, 7, 6])
    #expect(try IDX(packed).integers() == [9, 8, 7, 6])
  }

  @Test func everyTruncationIsAnError() throws {
    let folder = try TemporaryFolder()
    let bytes = Self.file(0x0B, [2, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    let packed = try Compression.deflate(bytes, .gzip)
    for length in bytes.indices { #expect(throws: DataError.self) { try read(Array(bytes[..<length])) } }
    for length in packed.indices {
      let path = try folder.write(Array(packed[..<length]), "cut")
      #expect(throws: DataError.self) { try IDX(path) }
    }
    #expect(throws: DataError.self) { try read(bytes + [0]) }
  }

  @Test func faultsSayWhereAndWhat() throws {
    #expect(
      throws: DataError.malformed(
        file: "x", offset: 0, expected: "two zero bytes, as an IDX file begins", found: "0x50 0x4B")
    ) {
      try read([0x50, 0x4B, 3, 4])
    }
    #expect(
      throws: DataError.malformed(
        file: "x", offset: 2, expected: "an IDX element type (0x08, 0x09, 0x0B to 0x0E)", found: "0x0A")
    ) { try read(Self.file(0x0A, [1], [0])) }
    #expect(throws: DataError.malformed(file: "x", offset: 3, expected: "1 to 8 axes", found: "0")) {
      try read([0, 0, 8, 0])
    }
    #expect(
      throws: DataError.malformed(
        file: "x", offset: 8, expected: "3 bytes for the shape [3] of uint8", found: "2 bytes")
    ) { try read(Self.file(0x08, [3], [1, 2])) }
  }

  @Test func hostileSizesAreRefused() throws {
    let huge = Int(UInt32.max)
    #expect(throws: DataError.self) { try read(Self.file(0x0E, [huge, huge, huge], [])) }
    #expect(throws: DataError.self) { try read(Self.file(0x08, [huge], [1])) }
    #expect(throws: DataError.self) { try read(Self.file(0x08, [huge, huge, huge, huge, 0], [1])) }
    #expect(throws: DataError.self) { try read([0, 0, 8, 255] + [UInt8](repeating: 0, count: 255 * 4)) }
  }

  @Test func numbersThatDoNotFitAreRefused() throws {
    let nan = Self.file(0x0D, [2], [0, 0, 0, 0, 0x7F, 0xC0, 0, 0])
    #expect(throws: DataError.malformed(file: "x", offset: 12, expected: "a finite float32", found: "nan")) {
      try read(nan).floats()
    }
    #expect(throws: DataError.self) { try read(Self.file(0x0E, [1], [0x7F, 0xE0, 0, 0, 0, 0, 0, 0])).floats() }
    #expect(throws: DataError.self) { try read(Self.file(0x0D, [1], [0x3F, 0, 0, 0])).integers() }
  }

  @Test func missingFilesAndFoldersAreTold() throws {
    let folder = try TemporaryFolder()
    #expect(throws: DataError.missingFile(folder("none"))) { try IDX(folder("none")) }
    #expect(throws: DataError.unreadable(file: folder.path, reason: "it is a folder")) { try IDX(folder.path) }
    let path = try folder.write(Self.file(8, [4], [1, 2, 3, 4]), "a")
    #expect(throws: DataError.self) { try IDX(path, limit: 11) }
    let bomb = try folder.write(try Compression.deflate([UInt8](repeating: 0, count: 1 << 20), .gzip), "bomb")
    #expect(throws: DataError.self) { try IDX(bomb, limit: 1 << 16) }
  }
}
