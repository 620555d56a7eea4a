#if OpenCL
internal import BackendCore

/// How the products of a class are computed.
struct MatmulChoice: Sendable, Hashable {
  /// With tiles: the largest one to be taken; a product that it does not fit gets a smaller one.
  var variant: MatmulVariant
  /// With tiles and rows: the work groups that fill the device. Where there are fewer, tiles are smaller and k is cut.
  var groups = 1
}

/// The choices of a device. The same table gives the same bits, so it changes only when somebody tunes the device.
struct MatmulTable: Sendable, Hashable {
  private var choices: [MatmulClass: MatmulChoice]

  init(_ choices: (MatmulClass) -> MatmulChoice) {
    self.choices = Dictionary(uniqueKeysWithValues: MatmulClass.allCases.map { ($0, choices($0)) })
  }

  /// One way for all sizes.
  init(_ variant: MatmulVariant, groups: Int = 1) { self.init { _ in MatmulChoice(variant: variant, groups: groups) } }

  subscript(_ what: MatmulClass) -> MatmulChoice {
    get { choices[what]! }
    set { choices[what] = newValue }
  }
}

// MARK: Shipped tables

extension MatmulTable {
  /// What a device gets that nobody has tuned.
  static func shipped(for device: OpenCLDevice) -> MatmulTable {
    guard device.kind == .cpu else { return graphics(vendor: device.vendor) }
    return processor(vectorWidth: device.nativeVectorWidth)
  }

  /// Processors. With 32 registers of 512 bits a block is 12 vectors by 2, with 16 of 256 bits it is 6 halves of vectors by 2.
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

  /// Graphics processors, by what their compilers make of the kernels: none was timed. NVIDIA's multiply faster than they read
  /// local memory, unless an item holds 16x8 results; AMD's have too few registers for so many, and Intel's (a vector engine
  /// with fewer registers for each item) for 8x8.
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
#endif
