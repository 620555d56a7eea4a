import Files
import TestSupport
import Testing

@Suite struct FileTests {
  @Test func bytesComeBack() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let path = try folder.write(bytes, "a")
    #expect(try FileReader.read(path, limit: 200_000) == bytes)
    let reader = try FileReader(path)
    #expect(try reader.read(at: 100, count: 5) == Array(bytes[100..<105]))
    #expect(try reader.read(at: 200_000, count: 0) == [])
    #expect(try Folder.names(in: folder.path) == ["a"])
  }

  @Test func manySmallWritesComeBack() throws {
    let folder = try TemporaryFolder()
    let writer = try FileWriter(folder("a"))
    var expected: [UInt8] = []
    for size in [0, 1, 70_000, 3, 65_536, 65_535, 2] {
      let piece = [UInt8](repeating: UInt8(size & 0xFF), count: size)
      try writer.write(piece)
      expected += piece
    }
    try writer.commit()
    #expect(try FileReader.read(folder("a"), limit: 1 << 20) == expected)
  }

  @Test func readingBeyondTheEndIsAnError() throws {
    let folder = try TemporaryFolder()
    let reader = try FileReader(folder.write("0123456789", "ten"))
    for (offset, count) in [(0, 11), (10, 1), (11, 0), (-1, 2), (0, -1), (5, .max), (.max, 1)] {
      #expect(throws: FileError.self) { try reader.read(at: offset, count: count) }
    }
  }

  @Test func faultsAreTyped() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FileError.missing(path: folder("none"))) { try FileReader(folder("none")) }
    #expect(throws: FileError.failed(path: folder.path, reason: "it is a folder")) { try FileReader(folder.path) }
    #expect(throws: FileError.failed(path: "/dev/null", reason: "it is not a regular file")) {
      try FileReader("/dev/null")
    }
    let path = try folder.write("12345", "a")
    #expect(throws: FileError.tooLarge(path: path, bytes: 5, limit: 4)) { try FileReader.read(path, limit: 4) }
    #expect(throws: FileError.self) { try FileWriter(folder("missing/a")) }
    #expect(throws: FileError.self) { try FileWriter(folder.path + "/") }
  }

  @Test func nothingIsLeftWithoutACommit() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "a")
    do {
      let writer = try FileWriter(folder("a"))
      try writer.write([1, 2, 3])
      #expect(try FileReader.read(folder("a"), limit: 10) == Array("old".utf8))
    }
    #expect(try Folder.names(in: folder.path) == ["a"])
    #expect(try FileReader.read(folder("a"), limit: 10) == Array("old".utf8))
  }

  @Test func foldersAreMadeWithThoseAbove() throws {
    let folder = try TemporaryFolder()
    try Folder.create(folder("a/b//c/"))
    #expect(Folder.isFolder(folder("a/b/c")))
    try Folder.create(folder("a/b"))
    try folder.write("x", "file")
    #expect(throws: FileError.self) { try Folder.create(folder("file/b")) }
    #expect(throws: FileError.self) { try Folder.create(folder("file")) }
  }
}
