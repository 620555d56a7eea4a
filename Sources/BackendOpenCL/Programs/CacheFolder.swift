#if OpenCL
internal import HostSystem

/// A folder of files that may be missing or damaged at any time. A failure to read or write a file is never an error.
///
/// The files contain code that a driver runs, so only files of this account are used: it must own the folder and each
/// file, no other account may have write access, and neither the folder nor a file may be a symbolic link.
package struct CacheFolder: Sendable {
  /// The path of the folder, which is created when the first file is stored.
  package let path: String

  /// Returns the user's cache folder, `$XDG_CACHE_HOME/swift-nn` or `~/.cache/swift-nn`; nil if neither is known. A
  /// relative path is ignored, as required by the XDG Base Directory Specification.
  package static func fromEnvironment() -> CacheFolder? {
    if let cache = environment("XDG_CACHE_HOME"), cache.utf8.first == UInt8(ascii: "/") {
      return CacheFolder(path: cache + "/swift-nn")
    }
    return environment("HOME").map { CacheFolder(path: $0 + "/.cache/swift-nn") }
  }

  /// The reason why the folder is not used; nil if it is used or will be created.
  package var fault: String? {
    do {
      close(try open())
      return nil
    } catch {
      return error == .missing ? nil : error.rawValue
    }
  }

  /// The contents of a file of at most `limit` bytes; nil if there is no such file.
  func read(_ name: String, limit: Int) -> [UInt8]? {
    guard let folder = try? open() else { return nil }
    defer { close(folder) }
    // Don't block on a pipe.
    let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    guard let status = CacheFolder.owned(file), status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
      return nil
    }
    var complete = false
    let content = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
      while count < buffer.count {
        let got = pread(file, buffer.baseAddress! + count, buffer.count - count, off_t(count))
        if got == 0 || got < 0 && errno != EINTR { return }
        count += max(got, 0)
      }
      complete = true
    }
    return complete ? content : nil
  }

  /// Stores a file by rename, so it is never visible in an incomplete state.
  /// - Returns: Whether the file was stored.
  @discardableResult func store(_ content: [UInt8], as name: String) -> Bool {
    makeDirectory()
    guard let folder = try? open() else { return false }
    defer { close(folder) }
    // Unique to this thread, because another one may be storing the same file.
    let temporary = "\(name).\(getpid()).\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
    let file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    let isWritten = writeAll(content, to: file) == 0
    // The result of closing counts, too: a full disk may be reported only here.
    guard close(file) == 0, isWritten, renameat(folder, temporary, folder, name) == 0 else {
      unlinkat(folder, temporary, 0)
      return false
    }
    return true
  }

  /// The reasons why a folder is not used.
  private enum Fault: String, Error {
    case missing = "it does not exist"
    case unusable = "it cannot be opened as a folder; symbolic links are not followed"
    case foreign = "it belongs to another account, or others may write to it"
  }

  private func open() throws(Fault) -> Int32 {
    let folder = systemOpen(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if folder < 0 { throw errno == ENOENT ? .missing : .unusable }
    if CacheFolder.owned(folder) == nil {
      close(folder)
      throw .foreign
    }
    return folder
  }

  /// The status of an open file or folder that belongs to this account and that no other account may write to; nil for
  /// others.
  private static func owned(_ descriptor: Int32) -> stat? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else { return nil }
    return status
  }

  private func makeDirectory() {
    var path = ""
    for part in self.path.utf8.split(separator: UInt8(ascii: "/")) {
      path += "/" + String(decoding: Array(part), as: UTF8.self)
      mkdir(path, 0o700)
    }
  }

  /// The FNV-1a hash.
  static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }

  /// The hash as 16 digits.
  static func digits(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }

extension OpenCLDevice {
  /// The device, driver, and platform: cached results are valid only for the same combination.
  var cacheKey: String {
    [name, vendor, driverVersion, deviceVersion, platformName, platformVersion].joined(separator: "\n")
  }
}
#endif
