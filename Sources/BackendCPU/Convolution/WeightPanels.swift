internal import HostSystem
import BackendCore
import CPUKernels

/// The weights of a correlation in the layout of `implicit_gemm`: one panel for each group and strip of outputs, with
/// one row for each term of an output.
struct WeightPanels {
  let correlation: Correlation
  private let kernels: UnsafePointer<nn_cpu_kernels>

  init(_ correlation: Correlation, _ kernels: UnsafePointer<nn_cpu_kernels>) {
    self.correlation = correlation
    self.kernels = kernels
  }

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

  /// Packs one panel of the weights of a convolution, `[outputs, channels, window]` per group.
  func packForward(_ w: UnsafePointer<Float>, group: Int, strip: Int, into panels: UnsafeMutablePointer<Float>) {
    let (depth, outputs) = (correlation.depth, outputs(strip))
    let first = (group * correlation.outputs + outputs.lowerBound) * depth
    kernels.pointee.transpose(
      w + first, outputs.count, depth, depth, panels + start(group: group, strip: strip), step(strip))
  }

  /// Packs one panel for the gradient of the input: outputs and channels are exchanged, and part of the window is
  /// omitted.
  ///
  /// - Parameter shape: The convolution to which the gradient belongs.
  func packBackward(
    _ w: UnsafePointer<Float>, _ shape: ConvolutionShape, group: Int, strip: Int,
    into panels: UnsafeMutablePointer<Float>
  ) {
    let (outputs, step, window) = (outputs(strip), step(strip), correlation.window)
    var panel = panels + start(group: group, strip: strip)
    for channel in group * correlation.channels..<(group + 1) * correlation.channels {
      let filter = w + (channel * correlation.outputs + outputs.lowerBound) * shape.window
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
