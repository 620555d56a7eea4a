import BackendCore
import CPUKernels

/// C[m, n] = A·B for 8-bit integers, with kernels that read the rows of A where they are. Each rectangle of C packs the
/// panels of B that it needs, while it multiplies its first rows.
struct DirectIntegerProduct {
  /// The smallest rectangle that is worth a thread.
  static let leastRectangle = (rows: 96, columns: 2 * PackedIntegers.width)
  /// The bytes of A that stay in the L2 cache with a panel of B, and bounds of the number of their rows.
  private static let leftBytes = 480 << 10
  private static let (fewestRows, mostRows) = (96, 256)

  let integers: UnsafePointer<nn_integer_kernels>
  let m, n, k: Int
  let isLeftSigned: Bool
  private let quads: Int
  /// Added to the elements of B, so that one operand is signed and the other one is not.
  private let rightOffset: Int32

  /// Creates a product; nil if there are no such kernels.
  init?(
    _ integers: UnsafePointer<nn_integer_kernels>, m: Int, n: Int, k: Int, isLeftSigned: Bool, isRightSigned: Bool
  ) {
    guard integers.pointee.direct_strip != nil else { return nil }
    (self.integers, self.m, self.n, self.k, self.isLeftSigned) = (integers, m, n, k, isLeftSigned)
    quads = k.dividedRoundingUp(by: 4)
    rightOffset = isLeftSigned != isRightSigned ? 0 : isLeftSigned ? 128 : -128
  }

  /// The number of floats of scratch memory that `compute` needs for a rectangle of these extents.
  func scratchCount(rows: Int, columns: Int) -> Int { layout(rows: rows, columns: columns).count / 4 }

  /// Computes the rectangle `rows` x `columns` of C.
  func compute(
    _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ c: UnsafeMutablePointer<Int32>, rows: Range<Int>,
    columns: Range<Int>, scratch: UnsafeMutablePointer<Float>?
  ) {
    guard !rows.isEmpty && !columns.isEmpty, let scratch, let multiply = integers.pointee.direct_strip else { return }
    let layout = layout(rows: rows.count, columns: columns.count), memory = UnsafeMutableRawPointer(scratch)
    let panels = memory.assumingMemoryBound(to: UInt8.self)
    let sums = (memory + layout.sums).assumingMemoryBound(to: Int32.self), copy = memory + layout.left
    var product = nn_integer_product(
      quads: quads, a_step: copies ? 4 * quads : k, ldc: n, left_offset: 0, right_offset: rightOffset)
    for block in 0..<layout.blocks {
      let first = rows.lowerBound + block * rows.count / layout.blocks
      let height = rows.lowerBound + (block + 1) * rows.count / layout.blocks - first
      var left = a + first * k
      if rightOffset != 0 { integers.pointee.sum_rows?(isLeftSigned, height, k, left, k, sums) }
      if copies {
        // As unsigned elements, which are not changed.
        integers.pointee.pack_rows(false, height, k, left, k, copy, 4 * quads, nil)
        left = UnsafePointer(copy.assumingMemoryBound(to: UInt8.self))
      }
      for column in stride(from: columns.lowerBound, to: columns.upperBound, by: PackedIntegers.width) {
        let strip = layout.blocks == 1 ? 0 : (column - columns.lowerBound) / PackedIntegers.width
        multiply(
          &product, isLeftSigned, height, min(PackedIntegers.width, columns.upperBound - column), k, left,
          rightOffset == 0 ? nil : sums, block == 0 ? b + column : nil, n, panels + strip * panelSize,
          c + first * n + column)
      }
    }
  }

  /// Whether rows of A are copied, because the last four elements that the kernels read may be beyond its end.
  private var copies: Bool { k % 4 != 0 }
  private var panelSize: Int { 4 * quads * PackedIntegers.width }

  /// The parts of the scratch memory, one after another, in bytes: panels, sums of rows, and copied rows.
  private struct ScratchLayout {
    /// The number of blocks into which rows are divided. Panels are kept for all blocks, if there are several.
    var blocks: Int
    var sums, left, count: Int
  }

  private func layout(rows: Int, columns: Int) -> ScratchLayout {
    let most = min(max(Self.leftBytes / max(k, 1), Self.fewestRows), Self.mostRows)
    let blocks = rows.dividedRoundingUp(by: most), height = rows.dividedRoundingUp(by: max(blocks, 1))
    let sums = panelSize * (blocks == 1 ? 1 : columns.dividedRoundingUp(by: PackedIntegers.width))
    let left = sums + (4 * height).roundedUp(toMultipleOf: 64)
    let count = left + (copies ? 4 * quads * height : 0)
    return ScratchLayout(blocks: blocks, sums: sums, left: left, count: count.roundedUp(toMultipleOf: 64))
  }
}
