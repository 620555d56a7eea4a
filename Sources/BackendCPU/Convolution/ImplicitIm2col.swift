internal import HostSystem
import CPUKernels

/// The input of the windows of a block of positions: the source itself if it is of float32 and the windows stay inside it,
/// otherwise a copy of that part with zeros beyond the edges. The element at any position and depth is then at the sum of
/// two offsets.
struct ImplicitIm2col {
  private let correlation: Correlation
  private let arithmetic: ConvolutionArithmetic
  private let isCopied: Bool
  private let rowPitch, planePitch, imagePitch: Int
  /// The offset of each position of a whole block, and of each term of an output: channel by channel, and within a
  /// channel by kernel position.
  let positions: [Int]
  let depths: [Int]
  /// The number of floats of scratch memory for `prepare`.
  let scratchCount: Int

  init(_ correlation: Correlation, _ blocks: PositionBlocks, _ arithmetic: ConvolutionArithmetic) {
    self.correlation = correlation
    self.arithmetic = arithmetic
    let (height, width) = (correlation.height, correlation.width)
    isCopied = arithmetic.half != nil || height.leavesSource || width.leavesSource
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
    _ x: OperandMemory, group: Int, channels: Range<Int>, _ block: PositionBlock,
    scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let (height, width) = (correlation.height, correlation.width)
    let top = block.rows.lowerBound * height.step + height.lowest
    let left = block.columns.lowerBound * width.step + width.lowest
    guard isCopied else {
      return UnsafePointer(source(x, block.images.lowerBound, group, 0).floats + (top * rowPitch + left))
    }
    let rows = height.reach(block.rows.count)
    for image in 0..<block.images.count {
      for channel in channels {
        let planes = planes(x, block.images.lowerBound + image, group, channel)
        // The copy has the same width for every block, because the offsets depend on it.
        arithmetic.copyPart(
          planes.first, other: planes.second, height: height.source, width: width.source, top: top, left: left,
          into: scratch + image * imagePitch + channel * planePitch, rows: rows, columns: rowPitch)
      }
    }
    return UnsafePointer(scratch)
  }

  /// The plane of a channel; or the planes of a pair of channels or images, of which the last one may be alone.
  private func planes(
    _ x: OperandMemory, _ image: Int, _ group: Int, _ channel: Int
  ) -> (first: OperandMemory, second: OperandMemory?) {
    switch correlation.pairing {
    case .none: return (source(x, image, group, channel), nil)
    case .channels:
      let isWhole = 2 * channel + 1 < correlation.sourceChannels
      return (
        source(x, image, group, 2 * channel), isWhole ? source(x, image, group, 2 * channel + 1) : nil
      )
    case .images:
      let isWhole = 2 * image + 1 < correlation.sourceBatch
      return (
        source(x, 2 * image, group, channel), isWhole ? source(x, 2 * image + 1, group, channel) : nil
      )
    }
  }

  /// The plane of one channel of an image.
  private func source(_ x: OperandMemory, _ image: Int, _ group: Int, _ channel: Int) -> OperandMemory {
    x.from(((image * correlation.groups + group) * correlation.sourceChannels + channel) * correlation.sourcePlane)
  }
}
