import Files
import TestSupport
import Testing

@Suite struct FaultTests {
  @Test(arguments: DiskFault.allCases, [10, 200_000])
  func nothingIsLeftOnADiskThatTakesNoMore(_ fault: DiskFault, size: Int) async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String, fault, size] in
      let path = Folder.join(folder, "a")
      let struck = try fault.strike(folder) { try FileWriter.write([1], to: path) }
      if !struck { return print("skipped: this account cannot bring about \(fault)") }
      let bytes = [UInt8](repeating: 7, count: fault == .sizeLimit ? 101 + size : size)
      do {
        try FileWriter.write(bytes, to: path)
        Issue.record("it was written")
      } catch let error as FileError { #expect(error.path == path && error.reason.contains(fault.words), "\(error)") }
      #expect(try FileReader.read(path, limit: 1) == [1])
      #expect(try Folder.names(in: folder).filter { $0 != "filler" } == ["a"])
    }
  }

  @Test(arguments: [DiskFault.sizeLimit, .fullDisk])
  func aLogThatDoesNotFitStaysAsItWas(_ fault: DiskFault) async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String, fault] in
      let path = Folder.join(folder, "a")
      let struck = try fault.strike(folder) { try FileWriter.write([1], to: path) }
      if !struck { return print("skipped: this account cannot bring about \(fault)") }
      do {
        try FileAppender(path).replaceAll(with: [UInt8](repeating: 7, count: 200_000))
        Issue.record("it was written")
      } catch let error as FileError { #expect(error.path == path && error.reason.contains(fault.words), "\(error)") }
      #expect(try FileReader.read(path, limit: 10) == [1])
    }
  }

  @Test func aFileThatChangesWhileItIsReadIsAnError() throws {
    let folder = try TemporaryFolder()
    let reader = try FileReader(folder.write([UInt8](repeating: 1, count: 1000), "a"))
    #expect(try reader.read(at: 0, count: 10).count == 10)
    try folder.write([UInt8](repeating: 2, count: 400), "a")
    for (offset, count) in [(0, 10), (390, 20), (900, 100)] {
      #expect(throws: FileError.failed(path: folder("a"), reason: "it was changed while it was read")) {
        try reader.read(at: offset, count: count)
      }
    }
  }

  @Test func aLogMayGrowWhileItIsReadButNotShrink() throws {
    let folder = try TemporaryFolder()
    let reader = try FileReader(folder.write([UInt8](repeating: 1, count: 1000), "a"), mayGrow: true)
    try FileAppender(folder("a")).append([2, 2])
    #expect(try reader.read(at: 0, count: reader.size) == [UInt8](repeating: 1, count: 1000))
    try folder.write([UInt8](repeating: 2, count: 400), "a")
    #expect(throws: FileError.failed(path: folder("a"), reason: "it was changed while it was read")) {
      try reader.read(at: 0, count: 10)
    }
  }

  /// A file may claim to be larger than any memory without using disk space.
  @Test func moreThanMemoryHoldsIsAnError() throws {
    let folder = try TemporaryFolder()
    let size = TemporaryFolder.holeSize
    let reader = try FileReader(folder.writeHole("a"))
    #expect(reader.size == size)
    #expect(throws: FileError.self) { try reader.read(at: 0, count: size) }
    #expect(try reader.read(at: size - 3, count: 3) == [0, 0, 0])
  }
}
