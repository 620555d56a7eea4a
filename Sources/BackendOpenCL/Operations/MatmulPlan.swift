#if OpenCL
internal import BackendCore

/// The tiles of C that one work group computes, as `Matmul.cl` is built for them: edge, and results that an item holds.
enum MatmulTile: Int, Sendable, CaseIterable {
  case edge16 = 16
  case edge32 = 32
  case edge64 = 64
  case edge128 = 128

  var edge: Int { rawValue }
  /// Rows, and columns, that an item holds: 16 times 16 items make a tile.
  var item: Int { edge / 16 }
  /// The stretch of k that lies in local memory, twice.
  var depth: Int { self == .edge128 ? 8 : 16 }

  var definitions: String {
    " -DNN_TILE=\(edge) -DNN_DEPTH=\(depth) -DNN_ITEM=\(item) -DNN_VECTOR=\(min(item, 4))"
  }
}

/// How a matrix product is shared out: the tile, and the stretches that k is cut into when there are too few tiles to fill
/// the device.
struct MatmulPlan {
  let tile: MatmulTile
  /// A multiple of the tile's depth.
  let stretch: Int
  let stretches: Int
  /// The tiles of one matrix.
  let tiles: Int

  /// The shortest stretch that is worth a pass of its own over the partial results.
  private static let shortestStretch = 128

  /// - Parameter groups: the work groups that fill the device. It is a constant for the kind of device, so that the bits
  ///   depend on shapes alone.
  init(_ shape: MatmulShape, groups: Int) {
    let cuts = max(shape.k / MatmulPlan.shortestStretch, 1)
    // The largest tile that leaves enough work groups and is not mostly beyond the edge; else the smallest.
    let fitting = MatmulTile.allCases.last { tile in
      tile.edge < 2 * min(shape.m, shape.n)
        && MatmulPlan.tiles(shape, tile) * max(shape.batch, 1) * cuts >= groups
    }
    tile = fitting ?? .edge16
    tiles = MatmulPlan.tiles(shape, tile)
    let wanted = min(max(groups / max(tiles * shape.batch, 1), 1), cuts)
    let length = (shape.k + wanted - 1) / wanted
    let rounded = max((length + tile.depth - 1) / tile.depth * tile.depth, tile.depth)
    stretch = rounded
    stretches = max((shape.k + rounded - 1) / rounded, 1)
  }

  private static func tiles(_ shape: MatmulShape, _ tile: MatmulTile) -> Int {
    ((shape.m + tile.edge - 1) / tile.edge) * ((shape.n + tile.edge - 1) / tile.edge)
  }
}
#endif
