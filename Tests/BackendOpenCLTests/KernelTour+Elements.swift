#if OpenCL
import BackendCore

@testable import BackendOpenCL

extension ProgramName {
  /// Whether the program needs the extension `cl_khr_fp64`.
  var hasDoubles: Bool { family == .castFloat64 || element == .float64 }
}

/// The programs that are built for one element type.
extension KernelTour {
  private static let elementwise: [KernelFamily] = [
    .elementwiseUnary, .elementwiseBinary, .elementwiseComparison, .elementwiseGradient,
  ]
  private static let others: [KernelFamily] = [
    .elementwiseSelection, .reduction, .argReduction, .scan, .scatter, .sort, .stridedCopy,
  ]

  /// The programs for float16, bfloat16, int64, and, if the device has it, float64, except for products.
  static func elementPrograms(hasDoubles: Bool) -> [ProgramName] {
    func programs(_ dtype: DType, _ families: [KernelFamily]) -> [ProgramName] {
      families.map { ProgramName($0, of: dtype, isWide: false) }
    }
    let halves = [DType.float16, .bfloat16].flatMap { programs($0, elementwise) }
    let integers = programs(.int64, elementwise.filter { $0 != .elementwiseGradient } + others)
    return halves + integers + (hasDoubles ? programs(.float64, elementwise + others + [.random]) : [])
  }

  /// The programs of float64 products for either kind of device.
  static func doubleProducts(runsLoops: Bool) -> ProgramName {
    let variant =
      runsLoops
      ? MatmulVariant.panels(MatmulPanel(rows: 6, vectors: 1, depth: 256, packs: true)) : .tiles(MatmulTile.all[1])
    return ProgramName(family: variant.family, matmul: variant, element: .float64)
  }

  /// Each layout of a float64 product, with parts of tiles or panels; whole tiles, and k in slices.
  func doubles() throws {
    guard backend.computes(.float64) else { return }
    for (transposesA, transposesB) in [(false, false), (false, true), (true, false), (true, true)] {
      for (m, n, k) in [(17, 17, 17), (32, 32, 256)] {
        let shape = MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
        try backend.matmul(
          operand(m * k, .float64), operand(k * n, .float64), shape, alpha: 1, beta: 1,
          into: operand(m * n, .float64))
      }
    }
    let count = 37
    let source = RandomSource(key: 7, call: 1, step: 2)
    for distribution in [RandomDistribution.uniform, .normal, .bernoulli(probability: 0.5)] {
      try backend.random(distribution, source, count: count, into: backend.empty(count, .float64))
    }
    for kind in UnaryOp.Kind.allCases where kind.accepts(.float64) {
      try backend.unaryGradient(
        UnaryOp(kind, 0.5, 2), operand(count, .float64), saved: operand(count, .float64), count: count,
        into: backend.empty(count, .float64))
    }
  }
}
#endif
