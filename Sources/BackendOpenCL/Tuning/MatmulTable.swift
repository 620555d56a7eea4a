#if OpenCL
internal import BackendCore

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
#endif
