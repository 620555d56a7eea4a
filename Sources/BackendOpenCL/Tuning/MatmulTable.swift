#if OpenCL
internal import BackendCore

/// Classes of products computed with the same method: the rows of a table.
enum MatmulClass: String, Sendable, CaseIterable {
  /// Up to 4 rows: a vector times a matrix.
  case row
  /// Up to 64 rows or columns: a batch times the weights of a layer, and their gradients.
  case thin
  /// Up to 192³ multiply-adds.
  case small
  /// Up to 768³.
  case medium
  /// Up to 3072³.
  case large
  case huge

  init(_ shape: MatmulShape) {
    let work = shape.m * shape.n * shape.k
    self =
      if shape.m <= 4 {
        .row
      } else if min(shape.m, shape.n) <= 64 && work > 1 << 18 {
        .thin
      } else if work <= 192 * 192 * 192 {
        .small
      } else if work <= 768 * 768 * 768 {
        .medium
      } else if work <= 3072 * 3072 * 3072 {
        .large
      } else {
        .huge
      }
  }

  /// Representative shapes of the class for tuning a device.
  var examples: [MatmulShape] {
    switch self {
    case .row: [MatmulShape(m: 1, n: 128, k: 784), MatmulShape(m: 1, n: 1024, k: 1024)]
    case .thin:
      [
        MatmulShape(m: 32, n: 128, k: 784), MatmulShape(m: 32, n: 784, k: 128, transposesB: true),
        MatmulShape(m: 64, n: 1024, k: 1024),
      ]
    case .small:
      [
        MatmulShape(m: 64, n: 64, k: 64), MatmulShape(m: 128, n: 128, k: 128),
        MatmulShape(m: 784, n: 128, k: 32, transposesA: true),
      ]
    case .medium: [MatmulShape(m: 256, n: 256, k: 256), MatmulShape(m: 512, n: 512, k: 512)]
    case .large: [MatmulShape(m: 1024, n: 1024, k: 1024), MatmulShape(m: 2048, n: 2048, k: 2048)]
    case .huge: [MatmulShape(m: 4096, n: 4096, k: 4096)]
    }
  }
}

/// The method for the products of a class.
struct MatmulChoice: Sendable, Hashable {
  /// The method. For tiles, it is the largest tile to use; a product that is too small for it gets a smaller one.
  var variant: MatmulVariant
  /// For tiles and rows, the number of work groups that occupy the device. If there are fewer, tiles are smaller and k
  /// is divided.
  var groups = 1
}

/// The methods of a device. The same table gives the same bits, so it changes only when the device is tuned.
struct MatmulTable: Sendable, Hashable {
  private var choices: [MatmulClass: MatmulChoice]

  init(_ choices: (MatmulClass) -> MatmulChoice) {
    self.choices = Dictionary(uniqueKeysWithValues: MatmulClass.allCases.map { ($0, choices($0)) })
  }

  /// Creates a table with one method for all sizes.
  init(_ variant: MatmulVariant, groups: Int = 1) { self.init { _ in MatmulChoice(variant: variant, groups: groups) } }

  subscript(_ what: MatmulClass) -> MatmulChoice {
    get { choices[what]! }
    set { choices[what] = newValue }
  }
}

// MARK: Shipped tables

extension MatmulTable {
  /// The table for devices that have not been tuned.
  static func shipped(for device: OpenCLDevice) -> MatmulTable {
    guard device.kind == .cpu else { return graphics(vendor: device.vendor) }
    return processor(vectorWidth: device.nativeVectorWidth)
  }

  /// CPUs. With 32 registers of 512 bits, a block is 12×2 vectors; with 16 registers of 256 bits, it is 6×2 half
  /// vectors.
  static func processor(vectorWidth: Int) -> MatmulTable {
    let isWide = vectorWidth >= 16
    func panels(_ rows: Int, _ vectors: Int, _ depth: Int = 256, packs: Bool = true) -> MatmulChoice {
      MatmulChoice(variant: .panels(MatmulPanel(rows: rows, vectors: vectors, depth: depth, packs: packs)))
    }
    return MatmulTable { what in
      switch what {
      case .row: isWide ? panels(1, 4, packs: false) : panels(1, 2, packs: false)
      case .thin, .small: isWide ? panels(8, 2) : panels(6, 1)
      case .medium, .large, .huge: isWide ? panels(12, 2) : panels(6, 1)
      }
    }
  }

  /// GPUs, based on the output of their compilers for the kernels, without timing. NVIDIA GPUs multiply faster than
  /// they read local memory, unless an item holds 16x8 results. AMD GPUs do not have enough registers for so many, and
  /// Intel GPUs (with fewer registers per item in a vector engine) not even for 8x8.
  static func graphics(vendor: String) -> MatmulTable {
    let name = vendor.lowercased()
    let largest = MatmulTile.all[name.contains("intel") ? 2 : 4]
    let isNVIDIA = name.contains("nvidia")
    return MatmulTable { what in
      switch what {
      case .row: MatmulChoice(variant: .rows, groups: 128)
      case .large where isNVIDIA, .huge where isNVIDIA:
        MatmulChoice(variant: .tiles(MatmulTile.all[5]), groups: 128)
      default: MatmulChoice(variant: .tiles(largest), groups: 128)
      }
    }
  }
}

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
  /// The table of a device: tuned or, by default, shipped. Without `mayUseFragments`, the shipped methods replace those
  /// on tensor cores.
  static func current(for device: OpenCLDevice, sources: KernelSources, mayUseFragments: Bool) -> MatmulTable {
    let shipped = shipped(for: device)
    let tuned = CacheFolder.fromEnvironment().flatMap {
      MatmulTableFile(device, folder: $0, sources: sources).load()
    }
    guard let tuned else { return shipped }
    return mayUseFragments ? tuned : tuned.replacingTensorCores(by: shipped)
  }

  /// The same methods, except for those on tensor cores.
  func replacingTensorCores(by other: MatmulTable) -> MatmulTable {
    MatmulTable { MatmulVariant.tensorCores.contains(self[$0].variant) ? other[$0] : self[$0] }
  }
}
#endif
