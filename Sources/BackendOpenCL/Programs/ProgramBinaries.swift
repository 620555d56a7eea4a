#if OpenCL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Built programs on disk, so that a second start compiles nothing. Failing to read or write one is never an error: the
/// program is then built from its source.
///
/// A file holds a header, the binary's length and hash, and the binary. It is named after a hash of everything that the
/// binary depends on, and appears by rename.
struct ProgramBinaries: Sendable {
  /// It ends with the version of the format.
  private static let magic: [UInt8] = Array("swift-nn CL 1\n".utf8)
  /// How often this process has stored a binary.
  private static let stores = Atomic<Int>(0)
  /// The folder; created when the first file is stored.
  let directory: String
  /// Device, driver and platform: a binary is good for no other.
  let deviceKey: String

  /// The user's cache folder, `$XDG_CACHE_HOME/swift-nn` or `~/.cache/swift-nn`; nil where neither is known. A relative path is
  /// ignored, as the XDG Base Directory Specification has it.
  static func directoryFromEnvironment() -> String? {
    if let cache = getenv("XDG_CACHE_HOME"), cache.pointee == CChar(UInt8(ascii: "/")) {
      return String(cString: cache) + "/swift-nn"
    }
    if let home = getenv("HOME"), home.pointee != 0 { return String(cString: home) + "/.cache/swift-nn" }
    return nil
  }

  /// False for PoCL: it has a cache of its own, and compiles every kernel of a program when it is asked for the binary.
  static func helps(_ device: OpenCLDevice) -> Bool { device.platformName != "Portable Computing Language" }

  init(directory: String, device: OpenCLDevice) {
    self.directory = directory
    deviceKey = [
      device.name, device.vendor, device.driverVersion, device.deviceVersion, device.platformName,
      device.platformVersion,
    ].joined(separator: "\n")
  }

  /// The stored binary; nil when there is none or it is damaged.
  func load(source: [UInt8], options: String) -> [UInt8]? {
    guard let file = fopen(path(source, options), "rb") else { return nil }
    defer { fclose(file) }
    let headerLength = ProgramBinaries.magic.count + 16
    var header = [UInt8](repeating: 0, count: headerLength)
    guard fread(&header, 1, headerLength, file) == headerLength, header.starts(with: ProgramBinaries.magic) else {
      return nil
    }
    let length = integer(header, at: ProgramBinaries.magic.count)
    guard length > 0, length < 1 << 30 else { return nil }
    var binary = [UInt8](repeating: 0, count: Int(length))
    guard fread(&binary, 1, binary.count, file) == binary.count, fgetc(file) == EOF,
      integer(header, at: ProgramBinaries.magic.count + 8) == hash(binary)
    else { return nil }
    return binary
  }

  /// Keeps a binary for the next start.
  func store(_ binary: [UInt8], source: [UInt8], options: String) {
    makeDirectory()
    let target = path(source, options)
    // Of this thread alone: another one may be storing the same.
    let temporary = "\(target).\(getpid()).\(ProgramBinaries.stores.add(1, ordering: .relaxed).newValue)"
    guard let file = fopen(temporary, "wb") else { return }
    let content = ProgramBinaries.magic + bytes(UInt64(binary.count)) + bytes(hash(binary)) + binary
    let isWritten = fwrite(content, 1, content.count, file) == content.count
    // The close counts too: a full disk may show only here.
    guard fclose(file) == 0, isWritten, rename(temporary, target) == 0 else {
      unlink(temporary)
      return
    }
  }

  private func makeDirectory() {
    var path = ""
    for part in directory.split(separator: "/") {
      path += "/" + part
      mkdir(path, 0o755)
    }
  }

  private func path(_ source: [UInt8], _ options: String) -> String {
    let key = deviceKey + "\n" + options + "\n"
    // Two hashes that start from different values: 128 bits.
    let parts = [hash(Array(key.utf8) + source), hash(source + Array(key.utf8))].map { hash in
      let digits = String(hash, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    return "\(directory)/\(parts[0])\(parts[1]).clbin"
  }

  /// FNV-1a.
  private func hash(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }

  private func bytes(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

  private func integer(_ bytes: [UInt8], at start: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
  }
}
#endif
