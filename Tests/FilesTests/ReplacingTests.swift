import HostSystem
import CExtendedAttributes
import Files
import TestSupport
import Testing

/// The effect of writing a file on the existing file of the same name.
@Suite struct ReplacingTests {
  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : nil
  }

  private func content(_ path: String) throws -> String {
    String(decoding: try FileReader.read(path, limit: 1 << 20), as: UTF8.self)
  }

  @Test(arguments: [0o600, 0o640, 0o644, 0o755, 0o400, 0o666] as [mode_t])
  func theModeOfTheReplacedFileStays(_ expected: mode_t) throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "a")
    chmod(folder("a"), expected)
    try FileWriter.write(Array("new".utf8), to: folder("a"))
    #expect(mode(folder("a")) == S_IFREG | expected)
    #expect(try content(folder("a")) == "new" && Folder.names(in: folder.path) == ["a"])
  }

  @Test func aNewFileHasTheModeOfAnyOther() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", "other")
    try FileWriter.write([1], to: folder("a"))
    #expect(mode(folder("a")) == mode(folder("other")))
  }

  @Test(.enabled(if: geteuid() == 0)) func theOwnerOfTheReplacedFileStays() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "a")
    chown(folder("a"), 12_345, 23_456)
    try FileWriter.write([1], to: folder("a"))
    var status = stat()
    #expect(stat(folder("a"), &status) == 0 && status.st_uid == 12_345 && status.st_gid == 23_456)
  }

  @Test func symbolicLinksStayAndTheirFileIsWritten() throws {
    let folder = try TemporaryFolder()
    try Folder.create(folder("store"))
    try folder.write("old", "store/file")
    symlink("store/file", folder("relative"))
    symlink(folder("store/file"), folder("absolute"))
    symlink("relative", folder("chain"))
    symlink("../store/new", folder("store/dangling"))
    symlink("store/dangling", folder("chainToNothing"))
    for (name, target) in [
      ("relative", "file"), ("absolute", "file"), ("chain", "file"), ("store/dangling", "new"),
      ("chainToNothing", "new"),
    ] {
      try FileWriter.write(Array(name.utf8), to: folder(name))
      #expect(mode(folder(name)).map { $0 & S_IFMT } == S_IFLNK, "\(name)")
      #expect(try content(folder("store/\(target)")) == name)
    }
    #expect(try Folder.names(in: folder("store")) == ["dangling", "file", "new"])
    #expect(try Folder.names(in: folder.path) == ["absolute", "chain", "chainToNothing", "relative", "store"])
  }

  /// More and less than there was, a mode without rights for others, and a temporary file that is gone afterwards.
  @Test func allNamesOfAFileLeadToTheNewBytes() throws {
    let folder = try TemporaryFolder()
    try folder.write(String(repeating: "old", count: 100), "a")
    chmod(folder("a"), 0o640)
    try #require(link(folder("a"), folder("b")) == 0)
    for text in ["short", String(repeating: "long", count: 100_000), ""] {
      let writer = try FileWriter(folder("a"))
      try writer.write(Array(text.utf8))
      try writer.commit()
      #expect(try content(folder("a")) == text && content(folder("b")) == text)
      var (a, b) = (stat(), stat())
      #expect(stat(folder("a"), &a) == 0 && stat(folder("b"), &b) == 0 && a.st_ino == b.st_ino && a.st_nlink == 2)
      #expect(mode(folder("a")) == S_IFREG | 0o640)
      #expect(try Folder.names(in: folder.path) == ["a", "b"])
    }
    try FileWriter.write(Array("kept".utf8), to: folder("a"))
    do {  // nothing is written without a commit
      let writer = try FileWriter(folder("b"))
      try writer.write([UInt8](repeating: 1, count: 200_000))
    }
    #expect(try content(folder("a")) == "kept")
  }

  /// In a folder like /tmp nobody may replace a file of somebody else; who may write to it can save to it all the same.
  @Test(.enabled(if: geteuid() == 0), arguments: ["new", String(repeating: "long", count: 100_000)])
  func aFileThatCannotBeReplacedIsWrittenTo(_ text: String) async throws {
    let folder = try TemporaryFolder()
    try folder.write("what was there", "a")
    chmod(folder("a"), 0o666)
    chmod(folder.path, 0o1777)
    await #expect(processExitsWith: .success) { [path = folder("a") as String, text] in
      try #require(setuid(65_534) == 0)
      try FileWriter.write(Array(text.utf8), to: path)
    }
    #expect(try content(folder("a")) == text && Folder.names(in: folder.path) == ["a"])
    #expect(mode(folder("a")) == S_IFREG | 0o666)
    var status = stat()
    #expect(stat(folder("a"), &status) == 0 && status.st_uid == 0)
  }

  /// More and less than there was, and then a piece at the end.
  @Test func aLogThatIsWrittenAgainStaysTheSameFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("what was there", "a")
    var (before, after) = (stat(), stat())
    #expect(stat(folder("a"), &before) == 0)
    let file = try FileAppender(folder("a"))
    for text in ["short", String(repeating: "long", count: 100_000), ""] {
      try file.replaceAll(with: Array(text.utf8))
      try file.append(Array("+".utf8))
      #expect(try content(folder("a")) == text + "+")
    }
    #expect(stat(folder("a"), &after) == 0 && before.st_ino == after.st_ino && file.isInPlace)
  }

  @Test func attributesAndAccessListsStay() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "a")
    chmod(folder("a"), 0o600)
    let note = Array("from a user".utf8)
    guard setxattr(folder("a"), "user.note", note, note.count, 0) == 0 else {
      return print("skipped: this file system has no attributes")
    }
    // Version 2, then tag, rights, and number of each entry, as Linux stores it: the owner, the user 12345, the group, the mask,
    // and others.
    let none: UInt32 = .max
    let entries: [(UInt16, UInt16, UInt32)] = [
      (1, 6, none), (2, 4, 12_345), (4, 0, none), (16, 4, none), (32, 0, none),
    ]
    var list: [UInt8] = [2, 0, 0, 0]
    for (tag, rights, number) in entries {
      list += [UInt8(tag), 0, UInt8(rights), 0]
      for shift: UInt32 in [0, 8, 16, 24] { list.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    let hasList = setxattr(folder("a"), "system.posix_acl_access", list, list.count, 0) == 0
    if !hasList { print("skipped: this file system has no access control lists") }
    let before = mode(folder("a"))
    try FileWriter.write(Array("new".utf8), to: folder("a"))
    func attribute(_ name: String) -> [UInt8]? {
      var bytes = [UInt8](repeating: 0, count: 1000)
      let count = getxattr(folder("a"), name, &bytes, bytes.count)
      return count < 0 ? nil : Array(bytes[..<count])
    }
    #expect(attribute("user.note") == note)
    #expect(attribute("system.posix_acl_access") == (hasList ? list : nil))
    #expect(try mode(folder("a")) == before && content(folder("a")) == "new")
  }

  @Test func linksThatLeadNowhereAreErrors() throws {
    let folder = try TemporaryFolder()
    symlink("b", folder("a"))
    symlink("a", folder("b"))
    symlink("missing/file", folder("c"))
    symlink(".", folder("d"))
    for (name, words) in [("a", "too many symbolic links"), ("c", "folder does not exist"), ("d", "it is a folder")] {
      do {
        try FileWriter.write([1], to: folder(name))
        Issue.record("\(name) was written")
      } catch { #expect(error.path == folder(name) && error.reason.contains(words), "\(error)") }
    }
    #expect(try Folder.names(in: folder.path) == ["a", "b", "c", "d"])
  }

  @Test func aDeviceIsWrittenToAndStays() throws {
    let folder = try TemporaryFolder()
    try FileWriter.write([1, 2], to: "/dev/null")
    #expect(mode("/dev/null").map { $0 & S_IFMT } == S_IFCHR)
    symlink("/dev/full", folder("full"))
    #expect(throws: FileError.failed(path: folder("full"), reason: "cannot write: no space left on the device")) {
      try FileWriter.write([1], to: folder("full"))
    }
    #expect(throws: FileError.failed(path: folder("full"), reason: "cannot write: no space left on the device")) {
      try FileAppender(folder("full")).append([1])
    }
    guard mknod(folder("null"), S_IFCHR | 0o666, 0x103) == 0 else {
      return print("skipped: this account may not make a device")
    }
    try FileWriter.write([1, 2], to: folder("null"))
    #expect(mode(folder("null")).map { $0 & S_IFMT } == S_IFCHR)
  }

  @Test func aPipeIsWrittenToAndStays() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder("pipe"), 0o600) == 0)
    // More than the capacity of a pipe, with bytes that are inserted later.
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    let reader = try ChildProcess("/bin/sh", ["-c", "cat \"$0\" > \"$1\"", folder("pipe"), folder("got")])
    let writer = try FileWriter(folder("pipe"))
    #expect(writer.isStream)
    try writer.write([0, 0, 0, 0] + bytes[4...])
    try writer.overwrite(Array(bytes[..<4]), at: 0)
    try writer.commit()
    withExtendedLifetime(consume writer) {}
    #expect(reader.wait() == 0)
    #expect(try FileReader.read(folder("got"), limit: 1 << 20) == bytes)
    #expect(mode(folder("pipe")) == S_IFIFO | 0o600)
  }

  @Test func aPipeThatNobodyReadsIsAnError() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder("pipe"), 0o600) == 0)
    for write in [{ try FileWriter.write([1], to: $0) }, { try FileAppender($0).append([1]) }]
      as [(String) throws -> Void]
    {
      do {
        try write(folder("pipe"))
        Issue.record("it was written")
      } catch let error as FileError { #expect(error.reason.contains("nobody reads from it"), "\(error)") }
    }
  }

  /// Without the signal handlers of a program, so that signals would end the process.
  @Test func aReaderThatLeavesIsAnErrorAndNoSignal() async throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder("pipe"), 0o600) == 0)
    await #expect(processExitsWith: .success) { [path = folder("pipe") as String] in
      let reader = open(path, O_RDONLY | O_NONBLOCK)
      let file = try FileAppender(path)
      close(reader)
      do {
        try file.append([1])
        Issue.record("it was written")
      } catch let error as FileError {
        #expect(error.reason.contains("the other end of the pipe is closed"), "\(error)")
      }
    }
  }

  @Test(arguments: ["n", "é", "数"]) func theLongestNameIsWritten(_ character: String) throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: character, count: 255 / character.utf8.count)
    try FileWriter.write(Array("first".utf8), to: folder(name))
    try FileWriter.write(Array("second".utf8), to: folder(name))
    #expect(try content(folder(name)) == "second" && Folder.names(in: folder.path) == [name])
    do {
      _ = try FileWriter(folder(name + character))
      Issue.record("it was opened")
    } catch { #expect(error.reason.contains("the name is too long"), "\(error)") }
  }

  @Test func aNULInAPathIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder("a\0b")
    let expected = FileError.failed(path: path, reason: "a path cannot contain the character NUL")
    #expect(throws: expected) { try FileWriter(path) }
    #expect(throws: expected) { try FileAppender(path) }
    #expect(throws: expected) { try FileReader(path) }
    #expect(throws: expected) { try Folder.create(path) }
    #expect(throws: expected) { try Folder.names(in: path) }
    #expect(throws: expected) { try Folder.remove(path) }
    try folder.write("x", "a")
    #expect(!Folder.exists(path) && !Folder.isFolder(folder.path + "\0"))
    #expect(try Folder.names(in: folder.path) == ["a"])
  }

  @Test func aProcessThatIsKilledLeavesNothing() async throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "a")
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder("a") as String] in
      let writer = try FileWriter(path)
      try writer.write([UInt8](repeating: 1, count: 200_000))
      raise(SIGKILL)
      try writer.commit()
    }
    #expect(try Folder.names(in: folder.path) == ["a"] && content(folder("a")) == "old")
  }

  /// A slash followed by a combining mark is a slash for the system.
  @Test func pathsAreTakenByTheirBytes() throws {
    let folder = try TemporaryFolder()
    try Folder.create(folder("x/\u{301}y/z"))
    try FileWriter.write([1], to: folder("x/\u{301}a"))
    #expect(try Folder.names(in: folder("x")).sorted() == ["\u{301}a", "\u{301}y"].sorted())
    #expect(Folder.join(folder("x") + "/", "\u{301}b") == folder("x/\u{301}b"))
  }
}
