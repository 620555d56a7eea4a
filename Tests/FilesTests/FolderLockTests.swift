import HostSystem
import Files
import Synchronization
import TestSupport
import Testing

@Suite struct FolderLockTests {
  /// Threads share the numbers of open files: one that is closed twice may be that of another file the second time.
  @Test func aLockThatIsRefusedClosesItsFileOnce() async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      let lock = try FolderLock(path)
      let flag = Flag()
      async let lost = FolderLockTests.lostFiles(until: flag)
      async let refusals = FolderLockTests.refusals(path, flag)
      let found = await (lost, refusals)
      withExtendedLifetime(lock) { exit(found == (0, 5000) ? 0 : 1) }
    }
  }

  private final class Flag: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  private static func refusals(_ path: String, _ flag: Flag) async -> Int {
    let count = (0..<5000).count { _ in (try? FolderLock(path)) == nil }
    flag.isSet.store(true, ordering: .relaxed)
    return count
  }

  /// Opens files until the flag is set; how many somebody else closed.
  private static func lostFiles(until flag: Flag) async -> Int {
    var lost = 0
    while !flag.isSet.load(ordering: .relaxed) {
      let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
      if (0..<100).contains(where: { _ in fcntl(file, F_GETFD) < 0 }) { lost += 1 }
      close(file)
    }
    return lost
  }

  @Test func aFolderThatIsNotThereIsAnError() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FileError.self) { try FolderLock(folder("none")) }
    #expect(throws: Never.self) { try FolderLock(folder.path) }
  }

  /// A child process has copies of all descriptors between its creation and the start of its program.
  @Test func aLockEndsAlthoughAnotherDescriptorOfItsFileIsOpen() throws {
    let folder = try TemporaryFolder()
    var lock: FolderLock? = try FolderLock(folder.path)
    withExtendedLifetime(lock) {}
    var file = stat()
    try #require(stat(folder(FolderLock.name), &file) == 0)
    let descriptor = try #require(
      (Int32(0)..<4096).first { number in
        var other = stat()
        return fstat(number, &other) == 0 && other.st_ino == file.st_ino && other.st_dev == file.st_dev
      })
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    try #require(copy >= 0)
    defer { close(copy) }
    #expect(throws: FileError.self) { try FolderLock(folder.path) }
    lock = nil
    #expect(throws: Never.self) { try FolderLock(folder.path) }
  }
}
