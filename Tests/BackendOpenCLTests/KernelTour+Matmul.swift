#if OpenCL
import BackendCore

@testable import BackendOpenCL

/// Products, with each method.
extension KernelTour {
  /// A method for products, and whether they are divided along k.
  struct MatmulWay: Codable, Hashable, CustomStringConvertible {
    let number: Int
    let isCut: Bool

    /// All variants that every device can run. The simulator would take long for larger
    /// tiles of fragments.
    private static let variants = MatmulVariant.all + [.fragments(MatmulTile.fragments[0], .portable)]
    var variant: MatmulVariant { MatmulWay.variants[number] }
    var description: String { variant.description + (isCut ? ", cut along k" : "") }
    var program: ProgramName { ProgramName(family: variant.family, matmul: variant) }
    /// Makes a backend compute all products with this method.
    var table: MatmulTable { MatmulTable(variant, groups: isCut ? 64 : 1) }

    /// Every variant undivided; the smallest tile and few rows also divided.
    static let all =
      variants.indices.map { MatmulWay(number: $0, isCut: false) }
      + [0, MatmulVariant.all.count - 1].map { MatmulWay(number: $0, isCut: true) }
  }

  /// The programs that are built for each variant.
  static let matmulFamilies = Set(MatmulVariant.all.map(\.family))

  /// Each product for which a variant has a kernel, with edges beyond the tile and each kind of built-in activation;
  /// and whole tiles, with operands in both layouts.
  func runMatmul(_ way: MatmulWay) throws {
    let transpositions = [(false, false), (false, true), (true, false), (true, true)]
    try run(way, KernelTour.extents(way), transpositions, [.relu, UnaryOp(.tanh)])
    if let whole = KernelTour.wholeTile(way) { try run(way, whole, [transpositions[0], transpositions[3]], [.relu]) }
    try backend.synchronize()
  }

  /// Each pair of types, with parts of tiles, and with words that are aligned or not.
  func integerProducts() throws {
    for left in [DType.int8, .uint8] {
      for right in [DType.int8, .uint8] {
        for (m, n, k) in [(5, 33, 37), (3, 2, 36)] {
          try backend.integerProduct(
            operand(m * k, left), operand(k * n, right), MatmulShape(m: m, n: n, k: k),
            into: backend.empty(m * n, .int32))
        }
      }
    }
  }

  private func run(
    _ way: MatmulWay, _ extents: (m: Int, n: Int, k: Int), _ transpositions: [(Bool, Bool)], _ activations: [UnaryOp]
  ) throws {
    let (m, n, k) = extents
    for (transposesA, transposesB) in transpositions {
      let shape = MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
      let choice = backend.options.matmulTable[MatmulClass(shape)]
      let plan = MatmulPlan(shape, choice, computeUnits: backend.device.computeUnits)
      guard plan.variant == way.variant, way.isCut == (plan.slices > 1) else {
        fatalError("\(shape) is computed as \(plan), not as \(way)")
      }
      try backend.matmul(operand(m * k), operand(k * n), shape, alpha: 1, beta: 1, into: operand(m * n))
    }
    for activation in activations {
      try backend.linear(
        operand(m * k), operand(k * n), bias: operand(n), rows: m, inputs: k, units: n, activation: activation,
        into: backend.empty(m * n), preActivation: backend.empty(m * n))
    }
  }

  /// The smallest matrices for this tile, with more than one of its steps along k; or two panels and two blocks of
  /// rows; or two rows.
  private static func extents(_ way: MatmulWay) -> (m: Int, n: Int, k: Int) {
    switch way.variant {
    case .tiles(let tile), .fragments(let tile, _):
      (tile.rows / 2 + 1, tile.columns / 2 + 1, way.isCut ? 256 : tile.depth + 1)
    case .panels(let panel): (panel.rows + 1, panel.columns + 1, 9)
    case .rows: (2, 35, way.isCut ? 256 : 40)
    }
  }

  /// Matrices that fill a tile, for two of its steps along k and some further terms.
  private static func wholeTile(_ way: MatmulWay) -> (m: Int, n: Int, k: Int)? {
    switch way.variant {
    case .tiles(let tile) where !way.isCut, .fragments(let tile, _) where !way.isCut:
      (tile.rows, tile.columns, 2 * tile.depth + 4)
    default: nil
    }
  }

  /// The programs of products with weights in blocks, other than that of `ProgramName`'s default format.
  static let blockPrograms = BlockFormat.allCases.filter { $0 != ProgramName(family: .blockProduct).blockFormat }
    .map { ProgramName(family: .blockProduct, blockFormat: $0) }

  /// A row with each format, and the other kernels, whose decoding is the same, with one format.
  func blocks() throws {
    for format in BlockFormat.allCases {
      // Two pieces or more.
      let blocks = format.count == 32 ? 2 : 1
      let weight = try InterleavedBlocks(format, rows: 17, blocks: blocks)
      let row = (0..<blocks * format.size).map { UInt8($0 % 7) }
      for unit in 0..<17 { row.withUnsafeBytes { weight.store(unit, $0) } }
      for rows in format == .q80 ? [1, 3, 9] : [1] {
        try backend.blockProduct(
          operand(rows * blocks * format.count), weight, rows: rows, roundsInputs: format == .q80,
          into: backend.empty(rows * 17))
      }
    }
  }
}
#endif
