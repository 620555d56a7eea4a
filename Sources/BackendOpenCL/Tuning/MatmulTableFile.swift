#if OpenCL
/// The table of a tuned device in the cache folder: lines of text, the last of which is the hash of the others.
///
/// Its name contains the device, its driver, and the text of the kernels, so a table for other combinations is not
/// found. A damaged table, or one with an unknown variant, is ignored.
struct MatmulTableFile: Sendable {
  /// The heading ends with the version of the format.
  private static let heading = "swift-nn matmul table 1"
  let folder: CacheFolder
  let name: String

  init(_ device: OpenCLDevice, folder: CacheFolder, sources: KernelSources) {
    self.folder = folder
    let families: [KernelFamily] = [.matmul, .matmulPanels, .matmulRows]
    let text = families.flatMap { (try? sources.source(of: $0)) ?? [] }
    name = "matmul-\(CacheFolder.digits(CacheFolder.hash(Array(device.cacheKey.utf8) + text))).txt"
  }

  /// The stored table; nil if there is none or it is damaged.
  func load() -> MatmulTable? {
    guard let bytes = folder.read(name, limit: 1 << 16) else { return nil }
    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.popLast() == "", let hash = lines.popLast(), lines.first == Self.heading[...],
      hash == Self.hash(lines.joined(separator: "\n"))
    else { return nil }
    var choices: [MatmulClass: MatmulChoice] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 3, let what = MatmulClass(rawValue: String(parts[0])), choices[what] == nil,
        let variant = MatmulVariant(String(parts[1])), let groups = Int(parts[2]), (1...65535).contains(groups)
      else { return nil }
      choices[what] = MatmulChoice(variant: variant, groups: groups)
    }
    guard choices.count == MatmulClass.allCases.count else { return nil }
    return MatmulTable { choices[$0]! }
  }

  /// Stores the table.
  /// - Returns: Whether the file was stored.
  func store(_ table: MatmulTable) -> Bool {
    let lines = MatmulClass.allCases.map { "\($0.rawValue):\(table[$0].variant):\(table[$0].groups)" }
    let text = ([Self.heading] + lines).joined(separator: "\n")
    return folder.store(Array("\(text)\n\(Self.hash(text))\n".utf8), as: name)
  }

  private static func hash(_ text: String) -> String { CacheFolder.digits(CacheFolder.hash(text.utf8)) }
}

extension MatmulTable {
  /// The table of a device: tuned or, by default, shipped.
  static func current(for device: OpenCLDevice, sources: KernelSources) -> MatmulTable {
    let tuned = CacheFolder.fromEnvironment().flatMap {
      MatmulTableFile(device, folder: $0, sources: sources).load()
    }
    return tuned ?? shipped(for: device)
  }
}
#endif
