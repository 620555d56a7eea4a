internal import HostSystem
import BackendCore

/// One axis of a correlation: output t reads position t·step + offsets[q] of the source at its kernel position q.
///
/// A convolution is one correlation. The gradient of its input is one correlation for each remainder of positions
/// modulo the stride: positions with the same remainder use the same elements of the window, at consecutive positions
/// of the output.
struct KernelOffsetAxis {
  let source, outputs, step: Int
  /// The elements of the window that are used.
  let kernelPositions: [Int]
  let offsets: [Int]
  /// Output t is at position first + t·spacing of the result.
  let first, spacing: Int

  init(forward axis: WindowAxis) {
    (source, outputs, step) = (axis.input, axis.output, axis.stride)
    (first, spacing) = (0, 1)
    kernelPositions = Array(0..<axis.kernel)
    offsets = kernelPositions.map { $0 * axis.dilation - axis.padding }
  }

  /// The positions of the input with this remainder, relative to the output.
  init(backward axis: WindowAxis, remainder: Int) {
    (source, step) = (axis.output, 1)
    outputs = (axis.input - remainder + axis.stride - 1) / axis.stride
    (first, spacing) = (remainder, axis.stride)
    func distance(_ position: Int) -> Int { remainder + axis.padding - position * axis.dilation }
    kernelPositions = (0..<axis.kernel).filter { distance($0) % axis.stride == 0 }
    offsets = kernelPositions.map { distance($0) / axis.stride }
  }

  /// The lowest and the highest position that output 0 reads.
  var lowest: Int { offsets.min() ?? 0 }
  var highest: Int { offsets.max() ?? 0 }

  /// Whether an output reads beyond an edge of the source.
  var leavesSource: Bool { lowest < 0 || (outputs - 1) * step + highest >= source }

  /// The number of positions from the first to the last one that this many consecutive outputs read.
  func reach(_ outputs: Int) -> Int { (outputs - 1) * step + highest - lowest + 1 }
}

/// y[n, o, i, j] = Σ x[n, c, i′, j′]·w[o, c, p, q] over the channels c of the group of o and the kernel positions (p,
/// q) of both axes.
struct Correlation {
  let groups: Int
  /// The images, and the channels of one group. If an element is a pair of numbers, they count pairs of images or of channels.
  let batch, channels: Int
  let outputs: Int
  let height, width: KernelOffsetAxis

  /// The images and the channels of one group of the source.
  let sourceBatch, sourceChannels: Int
  let pairing: ConvolutionArithmetic.Pairing

  init(forward shape: ConvolutionShape, _ pairing: ConvolutionArithmetic.Pairing = .none) {
    groups = shape.groups
    (sourceBatch, sourceChannels) = (shape.batch, shape.inputChannels / groups)
    (batch, channels) = pairing.counts(sourceBatch, sourceChannels)
    self.pairing = pairing
    outputs = shape.outputChannels / groups
    (height, width) = (KernelOffsetAxis(forward: shape.height), KernelOffsetAxis(forward: shape.width))
  }

  /// The gradient of the input at the positions with these remainders modulo the strides.
  init(backward shape: ConvolutionShape, _ pairing: ConvolutionArithmetic.Pairing = .none, row: Int, column: Int) {
    groups = shape.groups
    (sourceBatch, sourceChannels) = (shape.batch, shape.outputChannels / groups)
    (batch, channels) = pairing.counts(sourceBatch, sourceChannels)
    self.pairing = pairing
    outputs = shape.inputChannels / groups
    height = KernelOffsetAxis(backward: shape.height, remainder: row)
    width = KernelOffsetAxis(backward: shape.width, remainder: column)
  }

  /// All correlations that together compute the gradient of the input.
  static func backward(
    _ shape: ConvolutionShape, _ pairing: ConvolutionArithmetic.Pairing = .none
  ) -> [Correlation] {
    (0..<min(shape.height.stride, shape.height.input)).flatMap { row in
      (0..<min(shape.width.stride, shape.width.input)).map { column in
        Correlation(backward: shape, pairing, row: row, column: column)
      }
    }
  }

  var window: Int { height.kernelPositions.count * width.kernelPositions.count }
  /// The number of terms per output.
  var depth: Int { channels * window }
  var sourcePlane: Int { height.source * width.source }
  /// The number of operations; a multiply-add counts as two, as does one of pairs.
  var operations: Int { 2 * batch * groups * outputs * depth * height.outputs * width.outputs }
}

extension ConvolutionArithmetic.Pairing {
  /// The number of images and channels, or of pairs of them.
  fileprivate func counts(_ images: Int, _ channels: Int) -> (images: Int, channels: Int) {
    (
      self == .images ? images.dividedRoundingUp(by: 2) : images,
      self == .channels ? channels.dividedRoundingUp(by: 2) : channels
    )
  }
}
