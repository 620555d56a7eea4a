#if OpenCL
/// A way to compute a matrix product: a family of kernels, and the constants that it is built with.
enum MatmulVariant: Sendable, Hashable {
  /// `Matmul.cl`: tiles in local memory, for devices with many items that run in step.
  case tiles(MatmulTile)
  /// `MatmulPanels.cl`: one item a work group with explicit vectors, for processors.
  case panels(MatmulPanel)
  /// `MatmulRows.cl`: for a few rows, on devices with many items that run in step.
  case rows

  var family: KernelFamily {
    switch self {
    case .tiles: .matmul
    case .panels: .matmulPanels
    case .rows: .matmulRows
    }
  }

  /// What the compiler is told.
  var definitions: String {
    switch self {
    case .tiles(let tile):
      " -DNN_ITEM_M=\(tile.itemRows) -DNN_ITEM_N=\(tile.itemColumns) -DNN_DEPTH=\(tile.depth)"
    case .panels(let panel):
      " -DNN_ROWS=\(panel.rows) -DNN_VECTORS=\(panel.vectors) -DNN_DEPTH=\(panel.depth) -DNN_PACKS=\(panel.packs ? 1 : 0)"
    case .rows: ""
    }
  }
}

/// A tile of C that one work group of 16 times 16 items computes.
struct MatmulTile: Sendable, Hashable {
  /// Rows, and columns, that an item holds.
  let itemRows, itemColumns: Int
  /// The stretch of k that lies in local memory, twice.
  let depth: Int

  var rows: Int { 16 * itemRows }
  var columns: Int { 16 * itemColumns }

  /// From the smallest to the largest. Two tiles of each take at most 25 KB of local memory.
  static let all = [
    MatmulTile(itemRows: 1, itemColumns: 1, depth: 16), MatmulTile(itemRows: 2, itemColumns: 2, depth: 16),
    MatmulTile(itemRows: 4, itemColumns: 4, depth: 16), MatmulTile(itemRows: 8, itemColumns: 4, depth: 16),
    MatmulTile(itemRows: 8, itemColumns: 8, depth: 8), MatmulTile(itemRows: 16, itemColumns: 8, depth: 8),
  ]
}

/// A block of C that stays in the vector registers of one item.
struct MatmulPanel: Sendable, Hashable {
  let rows: Int
  /// Vectors of 16 columns.
  let vectors: Int
  /// The rows of a panel of B.
  let depth: Int
  /// Panels are copied before they are used; false for few rows, which use them once. (Transposed ones always are.)
  let packs: Bool

  var columns: Int { 16 * vectors }

  /// For 32 registers of 512 bits, for 16 of 256 bits, and for few rows.
  static let all =
    [(12, 2), (8, 2), (6, 2), (6, 1)].map { MatmulPanel(rows: $0, vectors: $1, depth: 256, packs: true) }
    + [(1, 4), (1, 2), (4, 2)].map { MatmulPanel(rows: $0, vectors: $1, depth: 256, packs: false) }
}

// MARK: As text, for tables

extension MatmulVariant: CustomStringConvertible {
  /// Every variant that there is.
  static let all = MatmulTile.all.map(MatmulVariant.tiles) + MatmulPanel.all.map(MatmulVariant.panels) + [.rows]

  /// "tiles 8x8x8", "panels 12x2x256 packed", "rows".
  var description: String {
    switch self {
    case .tiles(let tile): "tiles \(tile.itemRows)x\(tile.itemColumns)x\(tile.depth)"
    case .panels(let panel):
      "panels \(panel.rows)x\(panel.vectors)x\(panel.depth) \(panel.packs ? "packed" : "in place")"
    case .rows: "rows"
    }
  }

  /// The variant of this description; nil when there is none.
  init?(_ description: String) {
    guard let variant = MatmulVariant.all.first(where: { $0.description == description }) else { return nil }
    self = variant
  }
}
#endif
