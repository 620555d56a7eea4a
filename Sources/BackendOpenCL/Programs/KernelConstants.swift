#if OpenCL
/// The numbers shared by kernels and their launches. They are defined at the beginning of every program.
enum KernelConstants {
  /// The number of items in a work group.
  static let group = 256
  /// The number of elements that an item of an elementwise kernel processes, `group` apart.
  static let each = 4
  /// The number of elements of a line, and of rows of columns, that are summed in a single number.
  static let sumBlock = 1024
  static let blockRows = 32
  /// The number of adjacent columns that a work group reduces; where items run loops, the maximum number.
  static func reductionColumns(runsLoops: Bool) -> Int { runsLoops ? 1024 : 32 }
  /// The number of units for which a work group computes the gradients of a linear layer.
  static func gradientColumns(runsLoops: Bool) -> Int { runsLoops ? 512 : 32 }
  /// The number of elements of a row that an item holds in registers, and the minimum number of items that share a row.
  /// It is also the length of the longest row for one item.
  static let held = 16
  static let fewestLanes = 32
  /// The number of columns, or of items that share a column if B is transposed, in a block of a product of few rows.
  static let rowBlock = 32
  /// The number of items along each side of a tile of a matrix product.
  static let across = 16
  /// The number of output positions in a block of a convolution, where items run loops.
  static let convolutionColumns = 32
  /// The extents of a tile of a transposed matrix.
  static func transposeRows(runsLoops: Bool) -> Int { runsLoops ? 256 : 32 }
  static let transposeColumns = 32
  /// The number of elements that a work group sorts in local memory.
  static let sortBlock = 1024

  /// The names in kernels, and the values as definitions for the preprocessor.
  static let definitions: [(name: String, loops: Int, groups: Int)] = [
    ("NN_GROUP", group, group),
    ("NN_EACH", each, each),
    ("NN_SUM_BLOCK", sumBlock, sumBlock),
    ("NN_BLOCK_ROWS", blockRows, blockRows),
    ("NN_REDUCTION_COLUMNS", reductionColumns(runsLoops: true), reductionColumns(runsLoops: false)),
    ("NN_GRADIENT_COLUMNS", gradientColumns(runsLoops: true), gradientColumns(runsLoops: false)),
    ("NN_HELD", held, held),
    ("NN_FEWEST_LANES", fewestLanes, fewestLanes),
    ("NN_ROW_BLOCK", rowBlock, rowBlock),
    ("NN_ACROSS", across, across),
    ("NN_CONVOLUTION_COLUMNS", convolutionColumns, convolutionColumns),
    ("NN_TILE_ROWS", transposeRows(runsLoops: true), transposeRows(runsLoops: false)),
    ("NN_TILE_COLUMNS", transposeColumns, transposeColumns),
    ("NN_SORT_BLOCK", sortBlock, sortBlock),
  ]

  static let source: [UInt8] = {
    let loops = definitions.map { "#define \($0.name) \($0.loops)\n" }.joined()
    let groups = definitions.map { "#define \($0.name) \($0.groups)\n" }.joined()
    return Array("#ifdef NN_LOOPS\n\(loops)#else\n\(groups)#endif\n".utf8)
  }()
}
#endif
