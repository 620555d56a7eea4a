internal import HostSystem
import CPUKernels

/// The input of the windows of a block of positions: the source itself if the windows stay inside it, otherwise a copy
/// of that part with zeros beyond the edges. The element at any position and depth is then at the sum of two offsets.
struct ImplicitIm2col {
  private let correlation: Correlation
  private let kernels: UnsafePointer<nn_cpu_kernels>
  private let isCopied: Bool
  private let rowPitch, planePitch, imagePitch: Int
  /// The offset of each position of a whole block, and of each term of an output: channel by channel, and within a
  /// channel by kernel position.
  let positions: [Int]
  let depths: [Int]
  /// The number of floats of scratch memory for `prepare`.
  let scratchCount: Int

  init(_ correlation: Correlation, _ blocks: PositionBlocks, _ kernels: UnsafePointer<nn_cpu_kernels>) {
    self.correlation = correlation
    self.kernels = kernels
    let (height, width) = (correlation.height, correlation.width)
    isCopied = height.leavesSource || width.leavesSource
    if isCopied {
      rowPitch = width.reach(blocks.columns)
      // An odd number of cache lines, so that channels are distributed over all cache sets.
      planePitch = (height.reach(blocks.rows) * rowPitch).roundedUp(toMultipleOf: 16) | 16
      imagePitch = correlation.channels * planePitch
      scratchCount = blocks.images * imagePitch
    } else {
      rowPitch = width.source
      planePitch = correlation.sourcePlane
      imagePitch = correlation.groups * correlation.channels * planePitch
      scratchCount = 0
    }
    positions = Self.offsets(
      (blocks.images, imagePitch), (blocks.rows, height.step * rowPitch), (blocks.columns, width.step))
    var depths: [Int] = []
    depths.reserveCapacity(correlation.depth)
    for channel in 0..<correlation.channels {
      for row in height.offsets {
        let first = channel * planePitch + (row - height.lowest) * rowPitch - width.lowest
        for column in width.offsets { depths.append(first + column) }
      }
    }
    self.depths = depths
  }

  private static func offsets(
    _ images: (count: Int, step: Int), _ rows: (count: Int, step: Int), _ columns: (count: Int, step: Int)
  ) -> [Int] {
    var offsets: [Int] = []
    offsets.reserveCapacity(images.count * rows.count * columns.count)
    for image in 0..<images.count {
      for row in 0..<rows.count {
        let first = image * images.step + row * rows.step
        for column in 0..<columns.count { offsets.append(first + column * columns.step) }
      }
    }
    return offsets
  }

  /// Returns the base address of the offsets for a block and some channels of a group of x.
  ///
  /// - Parameter channels: The channels to read; the offset of the first one is also relative to this address.
  func prepare(
    _ x: UnsafePointer<Float>, group: Int, channels: Range<Int>, _ block: PositionBlock,
    scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let (height, width, plane) = (correlation.height, correlation.width, correlation.sourcePlane)
    let top = block.rows.lowerBound * height.step + height.lowest
    let left = block.columns.lowerBound * width.step + width.lowest
    let count = correlation.groups * correlation.channels
    guard isCopied else {
      let first = block.images.lowerBound * count + group * correlation.channels
      return x + first * plane + top * rowPitch + left
    }
    let rows = height.reach(block.rows.count)
    for image in 0..<block.images.count {
      for channel in channels {
        let from = (block.images.lowerBound + image) * count + group * correlation.channels + channel
        // The copy has the same width for every block, because the offsets depend on it.
        kernels.pointee.padded_part(
          x + from * plane, height.source, width.source, top, left, scratch + image * imagePitch + channel * planePitch,
          rows, rowPitch)
      }
    }
    return UnsafePointer(scratch)
  }
}
