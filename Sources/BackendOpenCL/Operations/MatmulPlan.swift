#if OpenCL
internal import HostSystem
internal import BackendCore

/// The division of a matrix product among work groups.
struct MatmulPlan {
  let variant: MatmulVariant
  /// The size of a work group's part along the divided axis: terms of k, or for panels, rows of C.
  let slice: Int
  /// The number of parts of k. A separate kernel adds their partial results.
  let slices: Int
  let groups: WorkGroups

  /// The smallest slice of k that is worth a separate pass over the partial results.
  private static let smallestSlice = 128
  /// The maximum number of row blocks per item, so that their part of A stays in the L2 cache.
  private static let mostBlocks = 24

  /// Plans a product.
  /// - Parameters:
  ///   - shape: A shape that is not empty.
  ///   - choice: The method from the table of the device, so that the bits depend only on shapes.
  ///   - computeUnits: The compute units of the device. They determine which group computes which part, never the order
  ///     of a sum.
  init(_ shape: MatmulShape, _ choice: MatmulChoice, computeUnits: Int) {
    switch choice.variant {
    case .tiles(let largest):
      self.init(shape, largest: largest, of: MatmulTile.all, wanted: choice.groups) { .tiles($0) }
    case .fragments(let largest, let form):
      self.init(shape, largest: largest, of: MatmulTile.fragments, wanted: choice.groups) { .fragments($0, form) }
    case .panels(let panel): self.init(shape, panel, computeUnits: computeUnits)
    case .rows: self.init(rows: shape, wanted: choice.groups)
    }
  }

  private init(
    _ shape: MatmulShape, largest: MatmulTile, of all: [MatmulTile], wanted: Int,
    method: (MatmulTile) -> MatmulVariant
  ) {
    let cuts = max(shape.k / MatmulPlan.smallestSlice, 1)
    // The largest tile that leaves enough work groups and is not mostly beyond the edge; otherwise the smallest.
    let allowed = all.prefix { $0 != largest } + [largest]
    let fitting = allowed.last { tile in
      tile.rows < 2 * shape.m && tile.columns < 2 * shape.n
        && MatmulPlan.tiles(shape, tile) * shape.batch * cuts >= wanted
    }
    let tile = fitting ?? allowed[0]
    let tiles = MatmulPlan.tiles(shape, tile)
    let parts = min(max(wanted / max(tiles * shape.batch, 1), 1), cuts)
    variant = method(tile)
    slice = max(shape.k.dividedRoundingUp(by: parts).roundedUp(toMultipleOf: tile.depth), tile.depth)
    slices = max(shape.k.dividedRoundingUp(by: slice), 1)
    groups = WorkGroups(x: tiles, y: min(shape.batch, 65535), z: slices)
  }

  /// A group computes a block of columns of a row. If B is transposed, the items of a block share a column.
  private init(rows shape: MatmulShape, wanted: Int) {
    let block = KernelConstants.rowBlock
    let blocks = shape.n.dividedRoundingUp(by: shape.transposesB ? KernelConstants.group / block : block)
    let lines = shape.batch * shape.m
    let parts = min(max(wanted / (blocks * lines), 1), max(shape.k / MatmulPlan.smallestSlice, 1))
    variant = .rows
    slice = max(shape.k.dividedRoundingUp(by: parts), 1)
    slices = max(shape.k.dividedRoundingUp(by: slice), 1)
    groups = WorkGroups(x: blocks, y: min(lines, 65535), z: slices)
  }

  private static func tiles(_ shape: MatmulShape, _ tile: MatmulTile) -> Int {
    shape.m.dividedRoundingUp(by: tile.rows) * shape.n.dividedRoundingUp(by: tile.columns)
  }

  private init(_ shape: MatmulShape, _ panel: MatmulPanel, computeUnits: Int) {
    let panels = shape.n.dividedRoundingUp(by: panel.columns)
    let blocks = shape.m.dividedRoundingUp(by: panel.rows)
    // Several groups per compute unit, so that a late one causes little delay.
    let wanted = max(4 * computeUnits / (panels * shape.batch), blocks.dividedRoundingUp(by: MatmulPlan.mostBlocks), 1)
    let cuts = min(wanted, blocks)
    variant = .panels(panel)
    slice = blocks.dividedRoundingUp(by: min(cuts, 65535)) * panel.rows
    slices = 1
    groups = WorkGroups(x: panels, y: shape.m.dividedRoundingUp(by: slice), z: min(shape.batch, 65535), items: 1)
  }
}
#endif
