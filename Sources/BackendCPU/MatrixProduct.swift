internal import HostSystem
import CPUKernels

/// One product C = alpha·A·B + beta·C, and the method of its computation.
///
/// The kernel and the blocks of k are chosen for the whole product. Any rectangle of C can then be computed
/// separately, and is bitwise identical to the same part of the whole.
struct MatrixProduct {
  /// The method for computing the elements of C.
  enum Method {
    /// Dot products of rows of A and rows of Bᵀ, for few rows.
    case dot
    /// One row times B.
    case row
    /// One column: Aᵀ read as a matrix that is multiplied by the column from the left.
    case column
    /// Dot products of one column with rows of A.
    case columnDot
    /// Tiles over strips of columns.
    case tiles
    /// Cᵀ = B·Aᵀ by tiles, then transposed. For Bᵀ with fewer rows than columns, because it packs the smaller operand.
    case swapped
  }

  /// The rows of A that stay in the L2 cache with a strip of B, and the columns of packed B.
  private static let rowBlock = 144
  private static let columnBlock = 1024
  private static let tileRows = 6

  let kernels: UnsafePointer<nn_cpu_kernels>
  let m, n, k: Int
  let transposesA, transposesB: Bool
  let alpha, beta: Float
  var epilogue: MatmulEpilogue?
  let method: Method
  /// The distances between rows of A, B, and C.
  private let lda, ldb, ldc: Int
  /// The block size along k; 0 or 1 block for short k.
  private let depth: Int
  private let packsB: Bool
  /// Whether blocks of Aᵀ are copied to be contiguous: a power-of-two row distance maps them to few cache sets.
  private let copiesA: Bool

  /// Creates a product.
  /// - Parameters:
  ///   - method: The method; by default the fastest one for these extents.
  ///   - ldc: The distance between rows of C; by default n.
  init(
    kernels: UnsafePointer<nn_cpu_kernels>, m: Int, n: Int, k: Int, transposesA: Bool, transposesB: Bool, alpha: Float,
    beta: Float, method: Method? = nil, ldc: Int? = nil
  ) {
    self.kernels = kernels
    self.ldc = ldc ?? n
    (self.m, self.n, self.k) = (m, n, k)
    (self.alpha, self.beta) = (alpha, beta)
    // A single row or column has the same layout either way.
    self.transposesA = transposesA && m > 1
    self.transposesB = n == 1 || transposesB
    lda = self.transposesA ? m : k
    ldb = self.transposesB ? k : n
    if let method {
      self.method = method
    } else if n == 1 && !self.transposesA {
      self.method = .columnDot
    } else if self.transposesB && !self.transposesA && m <= 12 {
      self.method = .dot
    } else if m == 1 {
      self.method = .row
    } else if n == 1 {
      self.method = .column
    } else {
      let isSwapped = self.transposesB && !self.transposesA && m <= n / 2 && beta == 0
      self.method = isSwapped ? .swapped : .tiles
    }
    copiesA = self.transposesA && k > 384 && m >= 512 && n >= 256
    // A transposed A that is read in place has a large row distance, for which shorter blocks are better.
    let most = self.transposesA && !copiesA ? 256 : 768
    let blocks = k <= most + most / 2 ? 1 : k.dividedRoundingUp(by: most)
    depth = max(1, k.dividedRoundingUp(by: blocks))
    packsB = self.transposesB || ((n >= 1024 || k * n > 1 << 18) && m >= 3 * Self.tileRows)
  }

  /// Whether nothing is packed or copied for any rectangle.
  var needsNoScratch: Bool {
    switch method {
    case .dot, .row, .column, .columnDot: true
    case .tiles: !packsB && !copiesA
    case .swapped: false
    }
  }

  /// The number of floats of scratch memory that `compute` needs for a rectangle of these extents.
  func scratchCount(rows: Int, columns: Int) -> Int {
    if needsNoScratch { return 0 }
    if method == .swapped { return panelCount(rows) + (rows * columns).roundedUp(toMultipleOf: 16) }
    return (packsB ? panelCount(columns) : 0) + (copiesA ? Self.copyStep * depth : 0)
  }

  /// The number of floats in the packed strips of one block of k.
  private func panelCount(_ columns: Int) -> Int {
    let strip = kernels.pointee.strip
    return (min(columns, Self.columnBlock) + 2 * strip) / strip * strip * depth
  }

  /// The row distance of a copied block of Aᵀ: an odd number of cache lines, to use all cache sets.
  private static let copyStep = rowBlock + 32

  /// Computes the rectangle `rows` x `columns` of C, and applies the epilogue while the rectangle is in the cache.
  func compute(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, rows: Range<Int>,
    columns: Range<Int>, scratch: UnsafeMutablePointer<Float>?
  ) {
    guard !rows.isEmpty && !columns.isEmpty else { return }
    let (i, j) = (rows.lowerBound, columns.lowerBound)
    let target = c + i * ldc + j
    switch method {
    case .dot:
      kernels.pointee.gemm_dot(
        rows.count, columns.count, k, a + i * lda, lda, b + j * ldb, ldb, target, ldc, alpha, beta)
      epilogue?.apply(kernels, c, ldc, rows: rows, columns: columns)
    case .row:
      kernels.pointee.gemm_row(columns.count, k, a, b + j, ldb, target, alpha, beta)
      epilogue?.apply(kernels, c, ldc, rows: rows, columns: columns)
    case .column:
      kernels.pointee.gemm_row(rows.count, k, b, a + i, lda, target, alpha, beta)
      epilogue?.apply(kernels, c, ldc, rows: rows, columns: columns)
    case .columnDot:
      kernels.pointee.gemm_dot(1, rows.count, k, b, k, a + i * lda, lda, target, rows.count, alpha, beta)
      epilogue?.apply(kernels, c, ldc, rows: rows, columns: columns)
    case .tiles:
      computeTiles(a, b, c, rows: rows, columns: columns, scratch: scratch)
    case .swapped:
      computeSwapped(a, b, target, rows: rows, columns: columns, scratch: scratch)
      epilogue?.apply(kernels, c, ldc, rows: rows, columns: columns)
    }
  }

  /// Computes the rectangle of Cᵀ in scratch memory, then transposes it into `target`.
  private func computeSwapped(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, rows: Range<Int>,
    columns: Range<Int>, scratch: UnsafeMutablePointer<Float>?
  ) {
    guard let scratch else { return }
    let turned = scratch + panelCount(rows.count)
    let product = MatrixProduct(
      kernels: kernels, m: columns.count, n: rows.count, k: k, transposesA: false, transposesB: true, alpha: alpha,
      beta: 0, method: .tiles, ldc: rows.count)
    product.computeTiles(
      b + columns.lowerBound * ldb, a + rows.lowerBound * lda, turned, rows: 0..<columns.count,
      columns: 0..<rows.count, scratch: scratch)
    kernels.pointee.transpose(turned, columns.count, rows.count, rows.count, target, ldc)
  }

  private func computeTiles(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, rows: Range<Int>,
    columns: Range<Int>, scratch: UnsafeMutablePointer<Float>?
  ) {
    let rowBlocks = rows.count.dividedRoundingUp(by: Self.rowBlock)
    var p = 0
    repeat {
      let end = min(p + depth, k)
      for first in stride(from: columns.lowerBound, to: columns.upperBound, by: Self.columnBlock) {
        let block = first..<min(first + Self.columnBlock, columns.upperBound)
        for index in 0..<rowBlocks {
          let top = rows.lowerBound + index * rows.count / rowBlocks
          let bottom = rows.lowerBound + (index + 1) * rows.count / rowBlocks
          multiply(
            a, b, c, rows: top..<bottom, columns: block, depth: p..<end, scratch: scratch, isFirst: index == 0)
          if end == k { epilogue?.apply(kernels, c, ldc, rows: top..<bottom, columns: block) }
        }
      }
      p = end
    } while p < k
  }

  /// Multiplies one block of A with strips of B. The first block of rows packs the strips for the others.
  private func multiply(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, rows: Range<Int>,
    columns: Range<Int>, depth: Range<Int>, scratch: UnsafeMutablePointer<Float>?, isFirst: Bool
  ) {
    let (p, count, strip, lanes) = (depth.lowerBound, depth.count, kernels.pointee.strip, kernels.pointee.width)
    let multiplyStrip = kernels.pointee.gemm_strip
    let scale = p == 0 ? beta : 1
    var (source, step) = (a + (transposesA ? p * lda + rows.lowerBound : rows.lowerBound * lda + p), lda)
    var panel = scratch
    if copiesA, let scratch {
      panel = scratch + Self.copyStep * count
      for row in 0..<count { (scratch + row * Self.copyStep).update(from: source + row * lda, count: rows.count) }
      (source, step) = (UnsafePointer(scratch), Self.copyStep)
    }
    var j = columns.lowerBound
    while j < columns.upperBound {
      let width = kernels.pointee.stripWidth(columns.upperBound - j)
      let target = c + rows.lowerBound * ldc + j
      func multiply(_ b: UnsafePointer<Float>, _ ldb: Int, packingInto packed: UnsafeMutablePointer<Float>? = nil) {
        multiplyStrip(transposesA, rows.count, width, count, source, step, b, ldb, packed, target, ldc, alpha, scale)
      }
      if transposesB, let panel {
        let panelStep = width.roundedUp(toMultipleOf: lanes)
        if isFirst { kernels.pointee.transpose(b + j * ldb + p, width, count, ldb, panel, panelStep) }
        multiply(panel, panelStep)
      } else if packsB, width == strip, let panel, !isFirst {
        multiply(panel, strip)
      } else {
        multiply(b + p * ldb + j, ldb, packingInto: packsB && width == strip ? panel : nil)
      }
      panel = panel.map { $0 + count * strip }
      j += width
    }
  }
}

extension nn_cpu_kernels {
  /// The width of the next strip of the columns that are left: full strips, but never a last strip of a single vector if
  /// four fit, because its few sums would depend on each other.
  func stripWidth(_ left: Int) -> Int {
    if left > strip && left <= strip + width && strip == 4 * width { return 3 * width }
    return min(left, strip)
  }
}

/// The operation on the complete sums of C: y = activation(C + bias).
struct MatmulEpilogue {
  var bias: UnsafePointer<Float>?
  var activation: nn_unary?
  var a: Float
  var b: Float
  var result: UnsafeMutablePointer<Float>

  func apply(
    _ kernels: UnsafePointer<nn_cpu_kernels>, _ c: UnsafeMutablePointer<Float>, _ step: Int, rows: Range<Int>,
    columns: Range<Int>
  ) {
    let first = rows.lowerBound * step + columns.lowerBound
    kernels.pointee.bias_activation(
      c + first, step, bias.map { $0 + columns.lowerBound }, activation != nil, activation ?? nn_unary_negate, a, b,
      result + first, step, rows.count, columns.count)
  }
}
