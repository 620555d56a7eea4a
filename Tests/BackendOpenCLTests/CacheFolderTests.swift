#if OpenCL
import CLibrary
import Testing

@testable import BackendOpenCL

/// A cache folder that another user of the machine may have prepared. Only files of this account, in a folder of this
/// account, are read and written.
@Suite struct CacheFolderTests {
  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : nil
  }

  @Test func whatIsMadeIsForThisAccountAlone() {
    let folder = Folder()
    let cache = CacheFolder(path: folder.path + "/a/b")
    #expect(cache.fault == nil && cache.store([1, 2], as: "file"))
    #expect(cache.read("file", limit: 10) == [1, 2] && cache.read("file", limit: 1) == nil)
    #expect(mode(folder.path + "/a") == S_IFDIR | 0o700 && mode(cache.path) == S_IFDIR | 0o700)
    #expect(mode(cache.path + "/file") == S_IFREG | 0o600)
    unlink(cache.path + "/file")
    rmdir(cache.path)
    rmdir(folder.path + "/a")
  }

  @Test func linksAreNotFollowed() {
    let folder = Folder()
    let cache = CacheFolder(path: folder.path)
    folder.write("victim", [7])
    symlink("victim", folder.path + "/file")
    #expect(cache.read("file", limit: 10) == nil)
    #expect(cache.store([1], as: "file"))
    #expect(folder.read("victim") == [7] && mode(folder.path + "/file") == S_IFREG | 0o600)
    #expect(cache.read("file", limit: 10) == [1])

    // The folder itself.
    let other = Folder()
    symlink(folder.path, other.path + "/link")
    let linked = CacheFolder(path: other.path + "/link")
    #expect(!linked.store([2], as: "new") && linked.read("file", limit: 10) == nil)
    #expect(linked.fault?.contains("symbolic links are not followed") == true)
    #expect(folder.files.sorted() == ["file", "victim"])
  }

  @Test(arguments: [0o777, 0o770, 0o775, 0o707] as [mode_t])
  func aFolderThatOthersMayWriteToIsNotTrusted(_ mode: mode_t) {
    let folder = Folder()
    let cache = CacheFolder(path: folder.path)
    #expect(cache.store([1], as: "file"))
    chmod(folder.path, mode)
    #expect(cache.read("file", limit: 10) == nil && !cache.store([2], as: "new"))
    #expect(cache.fault?.contains("others may write to it") == true)
    chmod(folder.path, 0o755)
    #expect(cache.read("file", limit: 10) == [1] && folder.files == ["file"])
  }

  @Test func aFileThatOthersMayWriteToIsReplaced() {
    let folder = Folder()
    let cache = CacheFolder(path: folder.path)
    folder.write("file", [9])
    chmod(folder.path + "/file", 0o666)
    #expect(cache.read("file", limit: 10) == nil)
    #expect(cache.store([1], as: "file") && cache.read("file", limit: 10) == [1])
  }

  @Test(.enabled(if: geteuid() == 0)) func whatBelongsToOthersIsNotTrusted() {
    let folder = Folder()
    let cache = CacheFolder(path: folder.path)
    #expect(cache.store([1], as: "file"))
    chown(folder.path + "/file", 12_345, 12_345)
    #expect(cache.read("file", limit: 10) == nil)
    #expect(cache.store([1], as: "file"))
    chown(folder.path, 12_345, 12_345)
    #expect(cache.read("file", limit: 10) == nil && !cache.store([2], as: "new") && folder.files == ["file"])
    #expect(cache.fault?.contains("belongs to another account") == true)
  }

  /// An open that waits for a writer would never return.
  @Test(.timeLimit(.minutes(10))) func aPipeIsNoFile() {
    let folder = Folder()
    let cache = CacheFolder(path: folder.path)
    mkfifo(folder.path + "/file", 0o600)
    #expect(cache.read("file", limit: 10) == nil)
    #expect(cache.store([1], as: "file") && cache.read("file", limit: 10) == [1])
    mkfifo(folder.path + "/folder", 0o600)
    #expect(CacheFolder(path: folder.path + "/folder").read("file", limit: 10) == nil)
  }

  @Test(.enabled(if: TestDevices.exist)) func aTunedTableBehindALinkIsNotRead() throws {
    let folder = Folder()
    let device = try #require(TestDevices.all.first)
    let file = MatmulTableFile(device, folder: CacheFolder(path: folder.path), sources: .fromEnvironment)
    #expect(file.store(MatmulTable.shipped(for: device)) && file.load() != nil)
    rename("\(folder.path)/\(file.name)", "\(folder.path)/elsewhere")
    symlink("elsewhere", "\(folder.path)/\(file.name)")
    #expect(file.load() == nil)
  }
}
#endif
