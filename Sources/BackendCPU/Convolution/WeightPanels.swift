internal import HostSystem
import BackendCore
import CPUKernels

/// The weights of a correlation in the layout of `implicit_gemm`: one panel for each group and strip of outputs, with
/// one row for each term of an output.
struct WeightPanels {
  let correlation: Correlation
  private let arithmetic: ConvolutionArithmetic

  init(_ correlation: Correlation, _ arithmetic: ConvolutionArithmetic) {
    self.correlation = correlation
    self.arithmetic = arithmetic
  }

  private var kernels: UnsafePointer<nn_cpu_kernels> { arithmetic.kernels }

  /// The number of strips of outputs per group.
  var strips: Int { correlation.outputs.dividedRoundingUp(by: kernels.pointee.strip) }
  /// The number of floats in the panels of one group, and of all groups.
  var groupCount: Int { paddedOutputs * correlation.depth }
  var count: Int { correlation.groups * groupCount }
  private var paddedOutputs: Int {
    correlation.outputs.roundedUp(toMultipleOf: kernels.pointee.width)
  }

  /// The range of outputs of a strip.
  func outputs(_ strip: Int) -> Range<Int> {
    let first = strip * kernels.pointee.strip
    return first..<min(first + kernels.pointee.strip, correlation.outputs)
  }

  /// The distance between rows in the panel of a strip.
  func step(_ strip: Int) -> Int { min(kernels.pointee.strip, paddedOutputs - strip * kernels.pointee.strip) }

  /// The start of the panel of a strip.
  func start(group: Int, strip: Int) -> Int { group * groupCount + strip * kernels.pointee.strip * correlation.depth }

  /// The number of floats of scratch memory for packing a panel.
  func scratchCount(_ shape: ConvolutionShape) -> Int {
    arithmetic.half == nil ? 0 : min(kernels.pointee.strip, correlation.outputs) * max(correlation.depth, shape.window)
  }

  /// Packs one panel of the weights of a convolution, `[outputs, channels, window]` per group.
  func packForward(
    _ w: OperandMemory, group: Int, strip: Int, into panels: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let (depth, outputs, window) = (correlation.depth, outputs(strip), correlation.window)
    let length = correlation.sourceChannels * window
    let first = w.from((group * correlation.outputs + outputs.lowerBound) * length)
    var rows = UnsafePointer(scratch)
    if correlation.pairing == .channels {
      for output in 0..<outputs.count {
        for channel in 0..<correlation.channels {
          let filter = first.from(output * length + 2 * channel * window)
          let isWhole = 2 * channel + 1 < correlation.sourceChannels
          _ = arithmetic.elements(
            filter, other: isWhole ? filter.from(window) : nil, window,
            copy: scratch + (output * correlation.channels + channel) * window)
        }
      }
    } else {
      rows = arithmetic.elements(first, other: nil, outputs.count * depth, copy: scratch)
    }
    kernels.pointee.transpose(
      rows, outputs.count, depth, depth, panels + start(group: group, strip: strip), step(strip))
  }

  /// Packs one panel for the gradient of the input: outputs and channels are exchanged, and part of the window is
  /// omitted.
  ///
  /// - Parameter shape: The convolution to which the gradient belongs.
  func packBackward(
    _ w: OperandMemory, _ shape: ConvolutionShape, group: Int, strip: Int,
    into panels: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let (outputs, step, window) = (outputs(strip), step(strip), correlation.window)
    var panel = panels + start(group: group, strip: strip)
    let (end, length) = ((group + 1) * correlation.sourceChannels, correlation.outputs * shape.window)
    let increment = correlation.pairing == .channels ? 2 : 1
    for channel in stride(from: group * correlation.sourceChannels, to: end, by: increment) {
      let first = w.from(channel * length + outputs.lowerBound * shape.window)
      let filter = arithmetic.elements(
        first, other: channel + 1 < end ? first.from(length) : nil, outputs.count * shape.window, copy: scratch)
      if window == shape.window {
        kernels.pointee.transpose(filter, outputs.count, window, window, panel, step)
        panel += window * step
        continue
      }
      for row in correlation.height.kernelPositions {
        for column in correlation.width.kernelPositions {
          let element = filter + row * shape.width.kernel + column
          for output in 0..<outputs.count { panel[output] = element[output * shape.window] }
          panel += step
        }
      }
    }
  }
}
