#if OpenCL
import HostSystem
import TestSupport
import Testing

@testable import BackendOpenCL

/// A cache folder that another user of the machine may have prepared. Only files of this account, in a folder of this
/// account, are read and written.
@Suite struct CacheFolderTests {
  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : nil
  }

  @Test func whatIsMadeIsForThisAccountAlone() throws {
    let folder = try TemporaryFolder()
    let cache = CacheFolder(path: folder("a/b"))
    #expect(cache.fault == nil && cache.store([1, 2], as: "file"))
    #expect(cache.read("file", limit: 10) == [1, 2] && cache.read("file", limit: 1) == nil)
    #expect(mode(folder("a")) == S_IFDIR | 0o700 && mode(cache.path) == S_IFDIR | 0o700)
    #expect(mode(cache.path + "/file") == S_IFREG | 0o600)
    unlink(cache.path + "/file")
    rmdir(cache.path)
    rmdir(folder("a"))
  }

  @Test func linksAreNotFollowed() throws {
    let folder = try TemporaryFolder()
    let cache = CacheFolder(path: folder.path)
    try folder.write([7], "victim")
    symlink("victim", folder("file"))
    #expect(cache.read("file", limit: 10) == nil)
    #expect(cache.store([1], as: "file"))
    #expect(try folder.bytes("victim") == [7] && mode(folder("file")) == S_IFREG | 0o600)
    #expect(cache.read("file", limit: 10) == [1])

    // The folder itself.
    let other = try TemporaryFolder()
    symlink(folder.path, other("link"))
    let linked = CacheFolder(path: other("link"))
    #expect(!linked.store([2], as: "new") && linked.read("file", limit: 10) == nil)
    #expect(linked.fault?.contains("symbolic links are not followed") == true)
    #expect(try folder.names == ["file", "victim"])
  }

  @Test(arguments: [0o777, 0o770, 0o775, 0o707] as [mode_t])
  func aFolderThatOthersMayWriteToIsNotTrusted(_ mode: mode_t) throws {
    let folder = try TemporaryFolder()
    let cache = CacheFolder(path: folder.path)
    #expect(cache.store([1], as: "file"))
    chmod(folder.path, mode)
    #expect(cache.read("file", limit: 10) == nil && !cache.store([2], as: "new"))
    #expect(cache.fault?.contains("others may write to it") == true)
    chmod(folder.path, 0o755)
    #expect(try cache.read("file", limit: 10) == [1] && folder.names == ["file"])
  }

  @Test func aFileThatOthersMayWriteToIsReplaced() throws {
    let folder = try TemporaryFolder()
    let cache = CacheFolder(path: folder.path)
    try folder.write([9], "file")
    chmod(folder("file"), 0o666)
    #expect(cache.read("file", limit: 10) == nil)
    #expect(cache.store([1], as: "file") && cache.read("file", limit: 10) == [1])
  }

  @Test(.enabled(if: geteuid() == 0)) func whatBelongsToOthersIsNotTrusted() throws {
    let folder = try TemporaryFolder()
    let cache = CacheFolder(path: folder.path)
    #expect(cache.store([1], as: "file"))
    chown(folder("file"), 12_345, 12_345)
    #expect(cache.read("file", limit: 10) == nil)
    #expect(cache.store([1], as: "file"))
    chown(folder.path, 12_345, 12_345)
    #expect(try cache.read("file", limit: 10) == nil && !cache.store([2], as: "new") && folder.names == ["file"])
    #expect(cache.fault?.contains("belongs to another account") == true)
  }

  /// An open that waits for a writer would never return.
  @Test(.timeLimit(.minutes(10))) func aPipeIsNoFile() throws {
    let folder = try TemporaryFolder()
    let cache = CacheFolder(path: folder.path)
    mkfifo(folder("file"), 0o600)
    #expect(cache.read("file", limit: 10) == nil)
    #expect(cache.store([1], as: "file") && cache.read("file", limit: 10) == [1])
    mkfifo(folder("folder"), 0o600)
    #expect(CacheFolder(path: folder("folder")).read("file", limit: 10) == nil)
  }

  @Test(.enabled(if: TestDevices.exist)) func aTunedTableBehindALinkIsNotRead() throws {
    let folder = try TemporaryFolder()
    let device = try #require(TestDevices.all.first)
    let file = MatmulTableFile(device, folder: CacheFolder(path: folder.path), sources: .fromEnvironment)
    #expect(file.store(MatmulTable.shipped(for: device)) && file.load() != nil)
    rename(folder(file.name), folder("elsewhere"))
    symlink("elsewhere", folder(file.name))
    #expect(file.load() == nil)
  }
}
#endif
