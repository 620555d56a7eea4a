internal import HostSystem

/// The outputs of some images, divided into blocks: parts of a row, rows of an image, or whole images.
///
/// The division depends only on the extents, never on the number of threads. The positions of a block are numbered by
/// image, row, and column. A smaller block at an edge is numbered like the start of a whole block.
struct PositionBlocks {
  /// The extents of a whole block.
  let images, rows, columns: Int
  private let batch, height, width: Int

  /// Divides images into blocks.
  /// - Parameter positions: The approximate number of positions per block.
  init(batch: Int, height: Int, width: Int, positions: Int) {
    (self.batch, self.height, self.width) = (batch, height, width)
    func share(_ count: Int, _ most: Int) -> Int {
      let parts = max(1, (count + most - 1) / max(1, most))
      return count.dividedRoundingUp(by: parts)
    }
    columns = share(width, positions)
    rows = columns < width ? 1 : share(height, positions / max(1, width))
    images = rows < height || columns < width ? 1 : share(batch, positions / max(1, height * width))
  }

  /// The number of positions in a whole block.
  var positions: Int { images * rows * columns }
  private var imageBlocks: Int { batch.dividedRoundingUp(by: images) }
  private var rowBlocks: Int { height.dividedRoundingUp(by: rows) }
  private var columnBlocks: Int { width.dividedRoundingUp(by: columns) }
  var count: Int { imageBlocks * rowBlocks * columnBlocks }

  subscript(_ index: Int) -> PositionBlock {
    func range(_ part: Int, _ size: Int, _ extent: Int) -> Range<Int> {
      part * size..<min((part + 1) * size, extent)
    }
    return PositionBlock(
      images: range(index / (rowBlocks * columnBlocks), images, batch),
      rows: range(index / columnBlocks % rowBlocks, rows, height),
      columns: range(index % columnBlocks, columns, width))
  }
}

struct PositionBlock {
  let images, rows, columns: Range<Int>
  /// The number of positions in one image.
  var plane: Int { rows.count * columns.count }
  var count: Int { images.count * plane }
}
