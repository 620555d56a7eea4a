internal import HostSystem
import BackendCore
import CPUKernels

/// One product C = alpha·A·B + beta·C of float16 or bfloat16 matrices, with sums in float32. A C of 16 bits is rounded
/// once.
///
/// For bfloat16, `nn_bfloat16_kernels` multiply pairs of elements of A and B where the processor can. Everywhere else,
/// blocks of A and strips of B are widened to float32 and multiplied as float32 matrices. Both ways copy every strip of
/// B to a contiguous panel, so that widening costs no more than packing.
///
/// The kernel and the blocks of k are chosen for the whole product. Any rectangle of C can then be computed
/// separately, and is bitwise identical to the same part of the whole.
struct HalfProduct {
  /// The rows of A that stay in the L2 cache with a strip of B, if they are copied.
  private static let widenedRows = 144
  private static let packedRows = 240
  private static let columnBlock = 1024

  let kernels: UnsafePointer<nn_cpu_kernels>
  /// The kernels for pairs; nil if blocks are widened.
  let pairs: UnsafePointer<nn_bfloat16_kernels>?
  let type: nn_half
  let m, n, k: Int
  let transposesA, transposesB: Bool
  let alpha, beta: Float
  let epilogue: HalfEpilogue?
  /// Whether the kernels write C, instead of float32 sums in scratch memory.
  private let isDirect: Bool
  /// Whether the product has one row or one column.
  private let isVector: Bool
  /// The distances between rows of A and B.
  private let lda, ldb: Int
  /// The block size along k; 0 or 1 block for short k.
  private let depth: Int

  /// Creates a product.
  /// - Parameters:
  ///   - type: The type of A and B.
  ///   - result: The type of C: the same one or float32.
  init(
    kernels: UnsafePointer<nn_cpu_kernels>, pairs: UnsafePointer<nn_bfloat16_kernels>?, type: DType, result: DType,
    _ shape: MatmulShape, alpha: Float, beta: Float, epilogue: HalfEpilogue? = nil
  ) {
    self.kernels = kernels
    self.pairs = type == .bfloat16 ? pairs : nil
    self.type = nn_half(type)
    (m, n, k) = (shape.m, shape.n, shape.k)
    (self.alpha, self.beta, self.epilogue) = (alpha, beta, epilogue)
    // A single row or column has the same layout either way.
    transposesA = shape.transposesA && m > 1
    transposesB = n == 1 || shape.transposesB
    lda = transposesA ? m : k
    ldb = transposesB ? k : n
    isVector = m == 1 || n == 1
    // Without float32 sums between blocks of k, pairs pay off up to the k for which a strip of B fills half of the L2
    // cache.
    let most = self.pairs != nil ? 4096 : 768
    let blocks = k <= most + most / 2 ? 1 : k.dividedRoundingUp(by: most)
    depth = max(1, k.dividedRoundingUp(by: blocks)).roundedUp(toMultipleOf: 2)
    let roundsInKernel = self.pairs != nil && !isVector && beta == 0 && blocks == 1
    isDirect = epilogue == nil && (result == .float32 || roundsInKernel)
  }

  /// The smallest rectangle that is worth a thread: each one widens or packs its operands itself.
  var leastRectangle: (rows: Int, columns: Int) { isVector ? (24, kernels.pointee.strip) : (96, 128) }

  /// The number of floats of scratch memory that `compute` needs for a rectangle of these extents.
  func scratchCount(rows: Int, columns: Int) -> Int {
    if isVector { return vectorCount + (isDirect ? 0 : rows * columns) }
    return layout(rows: rows, columns: columns).count
  }

  /// Computes the rectangle `rows` x `columns` of C, and applies the epilogue.
  func compute(
    _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, _ c: ProductResult, rows: Range<Int>, columns: Range<Int>,
    scratch: UnsafeMutablePointer<Float>?
  ) {
    guard !rows.isEmpty && !columns.isEmpty, let scratch else { return }
    if isVector {
      multiplyVector(a, b, c, rows: rows, columns: columns, scratch: scratch)
    } else {
      multiplyMatrices(a, b, c, rows: rows, columns: columns, scratch: scratch)
    }
  }

  /// Applies the epilogue to complete sums, and stores them in C unless they are already there.
  private func finish(
    _ sums: UnsafeMutablePointer<Float>, step: Int, _ c: ProductResult, rows: Range<Int>, columns: Range<Int>
  ) {
    if isDirect { return }
    let part = ProductResult.Part(rows: rows, columns: columns, step: n)
    if let epilogue { epilogue.apply(kernels, sums, step, part) }
    c.store(sums, step, part, kernels)
  }
}

// MARK: - One row or one column

extension HalfProduct {
  /// The number of floats for the widened vector, in whole cache lines.
  private var vectorCount: Int { max(k, 1).roundedUp(toMultipleOf: 16) }

  private func multiplyVector(
    _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, _ c: ProductResult, rows: Range<Int>, columns: Range<Int>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let isRow = m == 1
    let range = isRow ? columns : rows
    let vector = isRow ? a : b
    let matrix = isRow ? b : a
    var sums = scratch + vectorCount
    if isDirect {
      sums = c.floats + range.lowerBound
    } else if beta != 0 {
      c.load(sums, columns.count, ProductResult.Part(rows: rows, columns: columns, step: n), kernels)
    }
    if isRow ? transposesB : !transposesA {
      if type == NN_FLOAT16 { kernels.pointee.widen_halves(type, vector, k, 1, k, scratch, k) }
      let operand = type == NN_FLOAT16 ? UnsafeRawPointer(scratch) : UnsafeRawPointer(vector)
      kernels.pointee.half_dot(
        type, range.count, k, operand, matrix + range.lowerBound * k, k, sums, alpha, beta)
    } else {
      kernels.pointee.widen_halves(type, vector, k, 1, k, scratch, k)
      kernels.pointee.half_row(
        type, range.count, k, scratch, matrix + range.lowerBound, isRow ? ldb : lda, sums, alpha, beta)
    }
    finish(sums, step: columns.count, c, rows: rows, columns: columns)
  }
}

// MARK: - Strips of columns

extension HalfProduct {
  /// The parts of the scratch memory for a rectangle, one after another, in floats.
  private struct ScratchLayout {
    /// The rows of a block of A, and how many strips of B are kept for all blocks.
    var rowBlock, strips: Int
    /// The packed or widened strips of B, and the distance from one to the next.
    var panel = 0
    var panelStep: Int
    /// The packed or widened block of A, and its row distance.
    var left: Int
    var leftStep: Int
    /// A strip of Bᵀ before its transposition, and its row distance.
    var turned: Int
    var turnedStep: Int
    /// Float32 sums, and their row distance.
    var sums: Int
    var sumStep: Int
    var count: Int
  }

  /// Whether the sums of several blocks of k are added.
  private var hasSeveralBlocks: Bool { depth < k }

  private func layout(rows: Int, columns: Int) -> ScratchLayout {
    let strip = kernels.pointee.strip
    let height = pairs != nil ? (depth + 1) / 2 : depth
    let copiesA = pairs == nil || transposesA
    let rowBlock = min(rows, !copiesA ? rows : pairs != nil ? Self.packedRows : Self.widenedRows)
    let width = min(columns, Self.columnBlock)
    // A strip that is used for one block of rows only is not kept.
    let strips = rowBlock == rows ? 1 : width.dividedRoundingUp(by: strip)
    let left = strips * height * strip
    let leftStep = Self.oddLines(transposesA ? rowBlock : depth)
    let turned = left + (copiesA ? leftStep * (transposesA ? height : rowBlock) : 0)
    let turnedStep = Self.oddLines(height)
    let sums = turned + (transposesB ? strip * turnedStep : 0)
    let sumStep = hasSeveralBlocks ? Self.oddLines(width) : strip
    let sumRows = isDirect ? 0 : hasSeveralBlocks ? rows : rowBlock
    return ScratchLayout(
      rowBlock: rowBlock, strips: strips, panelStep: height * strip, left: left, leftStep: leftStep, turned: turned,
      turnedStep: turnedStep, sums: sums, sumStep: sumStep, count: sums + sumRows * sumStep)
  }

  /// A row distance of an odd number of cache lines, so that the rows use all cache sets.
  private static func oddLines(_ count: Int) -> Int { (count.dividedRoundingUp(by: 16) | 1) * 16 }

  private func multiplyMatrices(
    _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, _ c: ProductResult, rows: Range<Int>, columns: Range<Int>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let layout = self.layout(rows: rows.count, columns: columns.count)
    let rowBlocks = rows.count.dividedRoundingUp(by: layout.rowBlock)
    for first in stride(from: columns.lowerBound, to: columns.upperBound, by: Self.columnBlock) {
      let block = first..<min(first + Self.columnBlock, columns.upperBound)
      var p = 0
      repeat {
        let end = min(p + depth, k)
        for index in 0..<rowBlocks {
          let top = rows.lowerBound + index * rows.count / rowBlocks
          let bottom = rows.lowerBound + (index + 1) * rows.count / rowBlocks
          let left = self.left(a, rows: top..<bottom, depth: p..<end, scratch, layout)
          var j = block.lowerBound
          var number = 0
          while j < block.upperBound {
            let width = kernels.pointee.stripWidth(block.upperBound - j)
            let strip = Strip(
              rows: top..<bottom, columns: j..<j + width, depth: p..<end,
              panel: scratch + layout.panel + (layout.strips == 1 ? 0 : number) * layout.panelStep,
              sums: scratch + layout.sums
                + (hasSeveralBlocks ? (top - rows.lowerBound) * layout.sumStep + j - block.lowerBound : 0),
              sumStep: layout.sumStep, isPacked: index > 0)
            multiply(left, b, c, strip, turned: scratch + layout.turned, turnedStep: layout.turnedStep)
            j += width
            number += 1
          }
        }
        p = end
      } while p < k
    }
  }

  /// A block of A as the kernels read it: in place, packed, or widened.
  private struct Left {
    var base: UnsafeRawPointer
    var step: Int
  }

  private func left(
    _ a: UnsafePointer<UInt16>, rows: Range<Int>, depth: Range<Int>, _ scratch: UnsafeMutablePointer<Float>,
    _ layout: ScratchLayout
  ) -> Left {
    let source =
      a + (transposesA ? depth.lowerBound * lda + rows.lowerBound : rows.lowerBound * lda + depth.lowerBound)
    let copy = scratch + layout.left
    if let pairs {
      if !transposesA { return Left(base: source, step: lda) }
      pairs.pointee.pack(source, lda, depth.count, rows.count, copy.words, layout.leftStep)
    } else if transposesA {
      kernels.pointee.widen_halves(type, source, lda, depth.count, rows.count, copy, layout.leftStep)
    } else {
      kernels.pointee.widen_halves(type, source, lda, rows.count, depth.count, copy, layout.leftStep)
    }
    return Left(base: copy, step: layout.leftStep)
  }

  /// The part of a product that one call of a kernel computes.
  private struct Strip {
    var rows, columns, depth: Range<Int>
    /// The memory for the strip of B, and for sums that are not written to C directly.
    var panel, sums: UnsafeMutablePointer<Float>
    var sumStep: Int
    var isPacked: Bool
  }

  /// Multiplies a block of A with a strip of B, which the first block packs for the others.
  private func multiply(
    _ left: Left, _ b: UnsafePointer<UInt16>, _ c: ProductResult, _ strip: Strip,
    turned: UnsafeMutablePointer<Float>, turnedStep: Int
  ) {
    let (rows, columns, depth) = (strip.rows, strip.columns, strip.depth)
    let isFirst = depth.lowerBound == 0
    let scale = isFirst ? beta : 1
    if !isDirect && isFirst && beta != 0 {
      c.load(strip.sums, strip.sumStep, ProductResult.Part(rows: rows, columns: columns, step: n), kernels)
    }
    let step = columns.count.roundedUp(toMultipleOf: kernels.pointee.width)
    let position = rows.lowerBound * n + columns.lowerBound
    let target = isDirect ? c.advanced(by: position) : ProductResult(address: strip.sums, type: nil)
    let targetStep = isDirect ? n : strip.sumStep
    // The kernel for pairs packs a full strip of B while it computes its first rows.
    let packsInKernel = pairs != nil && !transposesB && columns.count == kernels.pointee.strip && !strip.isPacked
    if !strip.isPacked && !packsInKernel {
      packStrip(b, strip, step: step, turned: turned, turnedStep: turnedStep)
    }
    if let pairs {
      var result = nn_bfloat16_result(is_bfloat16: target.type != nil, ldc: targetStep, alpha: alpha, beta: scale)
      pairs.pointee.strip(
        transposesA, rows.count, columns.count, depth.count, left.base, left.step,
        packsInKernel ? b + depth.lowerBound * ldb + columns.lowerBound : nil, ldb, strip.panel.words, target.address,
        &result)
    } else {
      kernels.pointee.gemm_strip(
        transposesA, rows.count, columns.count, depth.count, left.base.assumingMemoryBound(to: Float.self), left.step,
        strip.panel, step, nil, target.floats, targetStep, alpha, scale)
    }
    if depth.upperBound == k { finish(strip.sums, step: strip.sumStep, c, rows: rows, columns: columns) }
  }

  /// Packs or widens a strip of B. A strip of Bᵀ is first copied in its order, then transposed; each word is a pair or a
  /// float.
  private func packStrip(
    _ b: UnsafePointer<UInt16>, _ strip: Strip, step: Int, turned: UnsafeMutablePointer<Float>, turnedStep: Int
  ) {
    let (columns, depth) = (strip.columns, strip.depth)
    guard transposesB else {
      let source = b + depth.lowerBound * ldb + columns.lowerBound
      if let pairs {
        pairs.pointee.pack(source, ldb, depth.count, columns.count, strip.panel.words, step)
      } else {
        kernels.pointee.widen_halves(type, source, ldb, depth.count, columns.count, strip.panel, step)
      }
      return
    }
    let source = b + columns.lowerBound * ldb + depth.lowerBound
    var height = depth.count
    if pairs != nil {
      height = (height + 1) / 2
      for column in 0..<columns.count {
        let copy = UnsafeMutableRawPointer(turned + column * turnedStep).assumingMemoryBound(to: UInt16.self)
        copy.update(from: source + column * ldb, count: depth.count)
        // The other half of the last pair.
        if depth.count % 2 != 0 { copy[depth.count] = 0 }
      }
    } else {
      kernels.pointee.widen_halves(type, source, ldb, columns.count, height, turned, turnedStep)
    }
    kernels.pointee.transpose(turned, columns.count, height, turnedStep, strip.panel, step)
  }
}

// MARK: - Results

/// A row-major matrix of results: float32 sums, or the elements of 16 bits to which they are rounded.
struct ProductResult {
  let address: UnsafeMutableRawPointer
  /// nil for float32.
  let type: nn_half?

  /// A rectangle of a matrix with this distance between its rows.
  struct Part {
    var rows, columns: Range<Int>
    var step: Int

    var position: Int { rows.lowerBound * step + columns.lowerBound }
  }

  var floats: UnsafeMutablePointer<Float> { address.assumingMemoryBound(to: Float.self) }
  var halves: UnsafeMutablePointer<UInt16> { address.assumingMemoryBound(to: UInt16.self) }

  func advanced(by elements: Int) -> ProductResult {
    ProductResult(address: address + elements * (type == nil ? 4 : 2), type: type)
  }

  /// Stores float32 sums, rounded to the type of the result.
  func store(
    _ sums: UnsafePointer<Float>, _ step: Int, _ part: Part, _ kernels: UnsafePointer<nn_cpu_kernels>
  ) {
    // A single column, or whole rows, is one row for the kernels.
    let isDense = step == part.columns.count && part.step == step
    let (rows, columns) = isDense ? (1, part.rows.count * step) : (part.rows.count, part.columns.count)
    guard let type else {
      for row in 0..<rows { (floats + part.position + row * part.step).update(from: sums + row * step, count: columns) }
      return
    }
    kernels.pointee.narrow_to_halves(type, sums, step, rows, columns, halves + part.position, part.step)
  }

  /// Loads a rectangle as float32.
  func load(
    _ sums: UnsafeMutablePointer<Float>, _ step: Int, _ part: Part, _ kernels: UnsafePointer<nn_cpu_kernels>
  ) {
    let (rows, columns) = (part.rows.count, part.columns.count)
    guard let type else {
      for row in 0..<rows { (sums + row * step).update(from: floats + part.position + row * part.step, count: columns) }
      return
    }
    kernels.pointee.widen_halves(type, halves + part.position, part.step, rows, columns, sums, step)
  }
}

/// The operation on the complete float32 sums: y = activation(C + bias).
struct HalfEpilogue {
  var bias: UnsafePointer<Float>?
  var activation: nn_unary?
  var a: Float
  var b: Float
  /// Receives C + bias.
  var preActivation: ProductResult?

  fileprivate func apply(
    _ kernels: UnsafePointer<nn_cpu_kernels>, _ sums: UnsafeMutablePointer<Float>, _ step: Int,
    _ part: ProductResult.Part
  ) {
    let (rows, columns) = (part.rows.count, part.columns.count)
    if let bias {
      let from = bias + part.columns.lowerBound
      kernels.pointee.bias_activation(
        sums, step, from, false, nn_unary_negate, 0, 0, sums, step, rows, columns)
    }
    preActivation?.store(sums, step, part, kernels)
    if let activation {
      kernels.pointee.bias_activation(sums, step, nil, true, activation, a, b, sums, step, rows, columns)
    }
  }
}

extension nn_half {
  /// The code of a type that `isHalf`.
  init(_ dtype: DType) { self = dtype == .bfloat16 ? NN_BFLOAT16 : NN_FLOAT16 }
}

extension UnsafeMutablePointer<Float> {
  /// The same memory as words of two 16-bit elements.
  fileprivate var words: UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self)
  }
}
