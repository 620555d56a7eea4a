import BackendCore

/// One axis of a correlation: output t sees position t·step + offsets[q] of the source through its tap q.
///
/// A convolution is one correlation. The gradient of its input is one for each remainder of positions by the stride: positions
/// of one remainder see the same elements of the window, at consecutive places of the output.
struct TapAxis {
  let source, outputs, step: Int
  /// The elements of the window that are seen through.
  let taps: [Int]
  let offsets: [Int]
  /// Output t stands at first + t·spacing in the result.
  let first, spacing: Int

  init(forward axis: WindowAxis) {
    (source, outputs, step) = (axis.input, axis.output, axis.stride)
    (first, spacing) = (0, 1)
    taps = Array(0..<axis.kernel)
    offsets = taps.map { $0 * axis.dilation - axis.padding }
  }

  /// The positions of the input with this remainder, seen from the output.
  init(backward axis: WindowAxis, remainder: Int) {
    (source, step) = (axis.output, 1)
    outputs = (axis.input - remainder + axis.stride - 1) / axis.stride
    (first, spacing) = (remainder, axis.stride)
    func distance(_ tap: Int) -> Int { remainder + axis.padding - tap * axis.dilation }
    taps = (0..<axis.kernel).filter { distance($0) % axis.stride == 0 }
    offsets = taps.map { distance($0) / axis.stride }
  }

  /// The nearest and the farthest position that output 0 sees.
  var lowest: Int { offsets.min() ?? 0 }
  var highest: Int { offsets.max() ?? 0 }

  /// Whether some output sees beyond an edge of the source.
  var leavesSource: Bool { lowest < 0 || (outputs - 1) * step + highest >= source }

  /// The positions from the first to the last one that as many outputs in a row see.
  func reach(_ outputs: Int) -> Int { (outputs - 1) * step + highest - lowest + 1 }
}

/// y[n, o, i, j] = Σ x[n, c, i′, j′]·w[o, c, p, q] over the channels c of the group of o and the taps (p, q) of both axes.
struct Correlation {
  let batch, groups: Int
  /// Channels and outputs of one group.
  let channels, outputs: Int
  let height, width: TapAxis

  init(forward shape: ConvolutionShape) {
    (batch, groups) = (shape.batch, shape.groups)
    (channels, outputs) = (shape.inputChannels / groups, shape.outputChannels / groups)
    (height, width) = (TapAxis(forward: shape.height), TapAxis(forward: shape.width))
  }

  /// The gradient of the input at the positions whose remainders by the strides are given.
  init(backward shape: ConvolutionShape, row: Int, column: Int) {
    (batch, groups) = (shape.batch, shape.groups)
    (channels, outputs) = (shape.outputChannels / groups, shape.inputChannels / groups)
    height = TapAxis(backward: shape.height, remainder: row)
    width = TapAxis(backward: shape.width, remainder: column)
  }

  /// All of them, which together make up the input.
  static func backward(_ shape: ConvolutionShape) -> [Correlation] {
    (0..<min(shape.height.stride, shape.height.input)).flatMap { row in
      (0..<min(shape.width.stride, shape.width.input)).map { column in
        Correlation(backward: shape, row: row, column: column)
      }
    }
  }

  var window: Int { height.taps.count * width.taps.count }
  /// The products in one output.
  var depth: Int { channels * window }
  var sourcePlane: Int { height.source * width.source }
  /// Operations; a multiply-add is two.
  var operations: Int { 2 * batch * groups * outputs * depth * height.outputs * width.outputs }
}
