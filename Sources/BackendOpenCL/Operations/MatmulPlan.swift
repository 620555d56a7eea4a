#if OpenCL
internal import BackendCore

/// How a matrix product is shared out among work groups.
struct MatmulPlan {
  let variant: MatmulVariant
  /// What a work group takes along the axis that is cut: terms of k, or with panels rows of C.
  let stretch: Int
  /// The stretches of k whose partial results are added by a kernel of their own.
  let stretches: Int
  let groups: WorkGroups

  /// The shortest stretch of k that is worth a pass of its own over the partial results.
  private static let shortestStretch = 128
  /// The largest number of row blocks that one item takes, so that their part of A stays in the second cache.
  private static let mostBlocks = 24

  /// - Parameters:
  ///   - shape: not empty.
  ///   - choice: from the table of the device, so that the bits depend on shapes alone.
  ///   - computeUnits: of the device. It decides which group computes what, never in which order a sum is made.
  init(_ shape: MatmulShape, _ choice: MatmulChoice, computeUnits: Int) {
    switch choice.variant {
    case .tiles(let largest): self.init(shape, largest: largest, wanted: choice.groups)
    case .panels(let panel): self.init(shape, panel, computeUnits: computeUnits)
    case .rows: self.init(rows: shape, wanted: choice.groups)
    }
  }

  private init(_ shape: MatmulShape, largest: MatmulTile, wanted: Int) {
    let cuts = max(shape.k / MatmulPlan.shortestStretch, 1)
    // The largest tile that leaves enough work groups and is not mostly beyond the edge; else the smallest.
    let allowed = MatmulTile.all.prefix { $0 != largest } + [largest]
    let fitting = allowed.last { tile in
      tile.rows < 2 * shape.m && tile.columns < 2 * shape.n
        && MatmulPlan.tiles(shape, tile) * shape.batch * cuts >= wanted
    }
    let tile = fitting ?? MatmulTile.all[0]
    let tiles = MatmulPlan.tiles(shape, tile)
    let parts = min(max(wanted / max(tiles * shape.batch, 1), 1), cuts)
    variant = .tiles(tile)
    stretch = max(ceiling(ceiling(shape.k, parts), tile.depth) * tile.depth, tile.depth)
    stretches = max(ceiling(shape.k, stretch), 1)
    groups = WorkGroups(x: tiles, y: min(shape.batch, 65535), z: stretches)
  }

  /// A group computes 32 columns of a row, or 8 where B is transposed.
  private init(rows shape: MatmulShape, wanted: Int) {
    let blocks = ceiling(shape.n, shape.transposesB ? 8 : 32)
    let lines = shape.batch * shape.m
    let parts = min(max(wanted / (blocks * lines), 1), max(shape.k / MatmulPlan.shortestStretch, 1))
    variant = .rows
    stretch = max(ceiling(shape.k, parts), 1)
    stretches = max(ceiling(shape.k, stretch), 1)
    groups = WorkGroups(x: blocks, y: min(lines, 65535), z: stretches)
  }

  private static func tiles(_ shape: MatmulShape, _ tile: MatmulTile) -> Int {
    ceiling(shape.m, tile.rows) * ceiling(shape.n, tile.columns)
  }

  private init(_ shape: MatmulShape, _ panel: MatmulPanel, computeUnits: Int) {
    let panels = ceiling(shape.n, panel.columns)
    let blocks = ceiling(shape.m, panel.rows)
    // Several groups for each unit, so that one that is late delays little.
    let cuts = min(max(4 * computeUnits / (panels * shape.batch), ceiling(blocks, MatmulPlan.mostBlocks), 1), blocks)
    variant = .panels(panel)
    stretch = ceiling(blocks, min(cuts, 65535)) * panel.rows
    stretches = 1
    groups = WorkGroups(x: panels, y: ceiling(shape.m, stretch), z: min(shape.batch, 65535), items: 1)
  }
}

/// The quotient, rounded up.
func ceiling(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }
#endif
