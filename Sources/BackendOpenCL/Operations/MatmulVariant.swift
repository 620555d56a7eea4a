#if OpenCL
/// A method for matrix products: a family of kernels, and its compile-time constants.
enum MatmulVariant: Sendable, Hashable {
  /// `Matmul.cl`: tiles in local memory, for devices with many items running in lockstep.
  case tiles(MatmulTile)
  /// `Matmul.cl` with `Fragments.cl`: the same tiles, multiplied on tensor cores, or in the same way without them.
  case fragments(MatmulTile, FragmentForm)
  /// `MatmulPanels.cl`: one item per work group with explicit vectors, for CPUs.
  case panels(MatmulPanel)
  /// `MatmulRows.cl`: for a few rows, on devices with many items running in lockstep.
  case rows

  var family: KernelFamily {
    switch self {
    case .tiles, .fragments: .matmul
    case .panels: .matmulPanels
    case .rows: .matmulRows
    }
  }

  /// The definitions for the compiler.
  var definitions: String {
    switch self {
    case .tiles(let tile):
      " -DNN_ITEM_M=\(tile.itemRows) -DNN_ITEM_N=\(tile.itemColumns) -DNN_DEPTH=\(tile.depth)"
    case .fragments(let tile, let form):
      " -DNN_FRAGMENTS\(form == .ptx ? " -DNN_PTX" : "")\(MatmulVariant.tiles(tile).definitions)"
    case .panels(let panel):
      " -DNN_ROWS=\(panel.rows) -DNN_VECTORS=\(panel.vectors) -DNN_DEPTH=\(panel.depth) -DNN_PACKS=\(panel.packs ? 1 : 0)"
    case .rows: ""
    }
  }
}

/// A tile of C computed by one work group of 16 times 16 items.
struct MatmulTile: Sendable, Hashable {
  /// The rows and columns computed by one item.
  let itemRows, itemColumns: Int
  /// The part of k in local memory (double-buffered).
  let depth: Int

  var rows: Int { KernelConstants.across * itemRows }
  var columns: Int { KernelConstants.across * itemColumns }

  /// All tiles, smallest first. Two tiles of each take at most 25 KB of local memory.
  static let all = [
    MatmulTile(itemRows: 1, itemColumns: 1, depth: 16), MatmulTile(itemRows: 2, itemColumns: 2, depth: 16),
    MatmulTile(itemRows: 4, itemColumns: 4, depth: 16), MatmulTile(itemRows: 8, itemColumns: 4, depth: 16),
    MatmulTile(itemRows: 8, itemColumns: 8, depth: 8), MatmulTile(itemRows: 16, itemColumns: 8, depth: 8),
  ]
  /// The tiles of fragments, smallest first. With the exchange of the portable form, two of each take at most 29 KB.
  static let fragments = [2, 4, 8].map { MatmulTile(itemRows: $0, itemColumns: $0, depth: 8) }
}

/// How warps multiply fragments.
enum FragmentForm: String, Sendable, CaseIterable {
  /// With the instruction `mma.sync` of NVIDIA's devices, as inline PTX.
  case ptx = "mma.sync"
  /// Through local memory, on any device, to test the rest.
  case portable
}

/// A block of C that stays in the vector registers of one item.
struct MatmulPanel: Sendable, Hashable {
  let rows: Int
  /// The number of vectors of 16 columns.
  let vectors: Int
  /// The number of rows in a panel of B.
  let depth: Int
  /// Whether panels are copied before use; false for few rows, which use them only once. (Transposed panels are always
  /// copied.)
  let packs: Bool

  var columns: Int { 16 * vectors }

  /// The blocks for 32 registers of 512 bits, for 16 registers of 256 bits, and for few rows.
  static let all =
    [(12, 2), (8, 2), (6, 2), (6, 1)].map { MatmulPanel(rows: $0, vectors: $1, depth: 256, packs: true) }
    + [(1, 4), (1, 2), (4, 2)].map { MatmulPanel(rows: $0, vectors: $1, depth: 256, packs: false) }
}

// MARK: Text form, for tables

extension MatmulVariant: CustomStringConvertible {
  /// All variants.
  static let all = MatmulTile.all.map(MatmulVariant.tiles) + MatmulPanel.all.map(MatmulVariant.panels) + [.rows]

  /// The variants on tensor cores, which are not for all devices.
  static let tensorCores = MatmulTile.fragments.map { MatmulVariant.fragments($0, .ptx) }

  /// The text form: "tiles 8x8x8", "fragments 8x8x8 mma.sync", "panels 12x2x256 packed", "rows".
  var description: String {
    switch self {
    case .tiles(let tile): "tiles \(tile.itemRows)x\(tile.itemColumns)x\(tile.depth)"
    case .fragments(let tile, let form):
      "fragments \(tile.itemRows)x\(tile.itemColumns)x\(tile.depth) \(form.rawValue)"
    case .panels(let panel):
      "panels \(panel.rows)x\(panel.vectors)x\(panel.depth) \(panel.packs ? "packed" : "in place")"
    case .rows: "rows"
    }
  }

  /// The variant with this description; nil if there is none.
  init?(_ description: String) {
    let all = MatmulVariant.all + MatmulVariant.tensorCores
    guard let variant = all.first(where: { $0.description == description }) else { return nil }
    self = variant
  }
}
#endif
