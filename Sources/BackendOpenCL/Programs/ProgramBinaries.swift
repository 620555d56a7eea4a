#if OpenCL
/// Compiled programs on disk, so that a second start does not compile anything. A failure to read or write one is never
/// an error: the program is then built from source.
///
/// A file contains a header, the length and hash of the binary, and the binary. Its name is a hash of all inputs of the
/// binary. It is moved into place by renaming it.
struct ProgramBinaries: Sendable {
  /// The magic ends with the version of the format.
  private static let magic: [UInt8] = Array("swift-nn CL 1\n".utf8)
  private static let largest = 1 << 30
  private let folder: CacheFolder
  private let deviceKey: String

  /// The user's cache folder; nil if it is unknown.
  static func directoryFromEnvironment() -> String? { CacheFolder.fromEnvironment()?.path }

  /// Whether storing binaries helps. It does not for PoCL, which has its own cache and compiles every kernel of a
  /// program when the binary is requested.
  static func helps(_ device: OpenCLDevice) -> Bool { device.platformName != "Portable Computing Language" }

  init(directory: String, device: OpenCLDevice) {
    folder = CacheFolder(path: directory)
    deviceKey = device.cacheKey
  }

  /// The stored binary; nil if there is none or it is damaged.
  func load(source: [UInt8], options: String) -> [UInt8]? {
    let headerLength = ProgramBinaries.magic.count + 16
    guard let content = folder.read(name(source, options), limit: ProgramBinaries.largest),
      content.count > headerLength, content.starts(with: ProgramBinaries.magic)
    else { return nil }
    let binary = Array(content[headerLength...])
    guard integer(content, at: ProgramBinaries.magic.count) == UInt64(binary.count),
      integer(content, at: ProgramBinaries.magic.count + 8) == CacheFolder.hash(binary)
    else { return nil }
    return binary
  }

  /// Stores a binary for the next start.
  func store(_ binary: [UInt8], source: [UInt8], options: String) {
    let header = ProgramBinaries.magic + bytes(UInt64(binary.count)) + bytes(CacheFolder.hash(binary))
    folder.store(header + binary, as: name(source, options))
  }

  private func name(_ source: [UInt8], _ options: String) -> String {
    let key = Array((deviceKey + "\n" + options + "\n").utf8)
    // Two hashes in different orders give 128 bits.
    return [key + source, source + key].map { CacheFolder.digits(CacheFolder.hash($0)) }.joined() + ".clbin"
  }

  private func bytes(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

  private func integer(_ bytes: [UInt8], at start: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
  }
}
#endif
