#if OpenCL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A folder of files that may be missing or damaged at any time. Failing to read or write one is never an error.
package struct CacheFolder: Sendable {
  /// Created when the first file is stored.
  package let path: String
  /// How often this process has stored a file.
  private static let stores = Atomic<Int>(0)

  /// The user's cache folder, `$XDG_CACHE_HOME/swift-nn` or `~/.cache/swift-nn`; nil where neither is known. A relative path is
  /// ignored, as the XDG Base Directory Specification has it.
  package static func fromEnvironment() -> CacheFolder? {
    if let cache = getenv("XDG_CACHE_HOME"), cache.pointee == CChar(UInt8(ascii: "/")) {
      return CacheFolder(path: String(cString: cache) + "/swift-nn")
    }
    if let home = getenv("HOME"), home.pointee != 0 {
      return CacheFolder(path: String(cString: home) + "/.cache/swift-nn")
    }
    return nil
  }

  /// The content of a file of at most `limit` bytes; nil when there is none.
  func read(_ name: String, limit: Int) -> [UInt8]? {
    guard let file = fopen("\(path)/\(name)", "rb") else { return nil }
    defer { fclose(file) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while content.count <= limit {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { return ferror(file) == 0 ? content : nil }
      content += chunk[..<count]
    }
    return nil
  }

  /// Puts a file there, by rename: nobody sees half of it.
  /// - Returns: whether it is there.
  @discardableResult func store(_ content: [UInt8], as name: String) -> Bool {
    makeDirectory()
    let target = "\(path)/\(name)"
    // Of this thread alone: another one may be storing the same.
    let temporary = "\(target).\(getpid()).\(CacheFolder.stores.add(1, ordering: .relaxed).newValue)"
    guard let file = fopen(temporary, "wb") else { return false }
    let isWritten = fwrite(content, 1, content.count, file) == content.count
    // The close counts too: a full disk may show only here.
    guard fclose(file) == 0, isWritten, rename(temporary, target) == 0 else {
      unlink(temporary)
      return false
    }
    return true
  }

  private func makeDirectory() {
    var path = ""
    for part in self.path.split(separator: "/") {
      path += "/" + part
      mkdir(path, 0o755)
    }
  }

  /// FNV-1a.
  static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }

  /// 16 digits.
  static func digits(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension OpenCLDevice {
  /// Device, driver and platform: what was found out for them is good for no other.
  var cacheKey: String {
    [name, vendor, driverVersion, deviceVersion, platformName, platformVersion].joined(separator: "\n")
  }
}
#endif
