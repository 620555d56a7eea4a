import BackendCore
import CPUKernels

/// Convolution and its gradients if a group has few outputs.
extension CPUBackend {
  func convolvePlanes(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ correlation: Correlation, _ epilogue: ConvolutionEpilogue
  ) throws {
    let (result, preActivation) = (epilogue.result.floats, epilogue.preActivation?.floats)
    let planes = PlaneCorrelation(correlation, kernels)
    let (outputs, columns) = (correlation.outputs, correlation.width.outputs)
    let sums = preActivation ?? result
    try forEachUnit(
      correlation.batch * correlation.groups * planes.blocks, operations: 4 * correlation.operations,
      scratchCount: planes.sourceCount
    ) { unit, scratch in
      let (index, rows) = (unit / planes.blocks, planes.rows(unit % planes.blocks))
      let (image, group) = (index / correlation.groups, index % correlation.groups)
      let seen = planes.prepare(x, image: image, group: group, rows, scratch: scratch)
      for output in group * outputs..<(group + 1) * outputs {
        let first =
          ((image * correlation.groups * outputs + output) * epilogue.height + rows.lowerBound) * epilogue.width
        planes.compute(
          seen, w + output * correlation.depth, bias: epilogue.bias?[output] ?? 0, rectifies: epilogue.rectifies,
          rows: rows.count, into: sums + first)
        let count = rows.count * columns
        if let activation = epilogue.activation, let code = activation.kind.code, !epilogue.rectifies {
          kernels.pointee.unary(
            code, sums + first, result + first, count, Float(activation.a), Float(activation.b))
        } else if preActivation != nil {
          (result + first).update(from: sums + first, count: count)
        }
      }
    }
  }

  /// The gradient of the input at the positions of one remainder.
  func convolvePlanesBackward(
    _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ correlation: Correlation, _ shape: ConvolutionShape,
    into dx: UnsafeMutablePointer<Float>
  ) throws {
    let planes = PlaneCorrelation(correlation, kernels)
    let outputs = correlation.outputs
    try withScratch(correlation.groups * outputs * correlation.depth, of: Float.self) { weights in
      gatherBackward(w, correlation, shape, into: weights)
      try forEachUnit(
        correlation.batch * correlation.groups * planes.blocks, operations: 4 * correlation.operations,
        scratchCount: planes.sourceCount + planes.resultCount
      ) { unit, scratch in
        let (index, rows) = (unit / planes.blocks, planes.rows(unit % planes.blocks))
        let (image, group) = (index / correlation.groups, index % correlation.groups)
        let seen = planes.prepare(dy, image: image, group: group, rows, scratch: scratch)
        let sums = scratch + planes.sourceCount
        for output in group * outputs..<(group + 1) * outputs {
          planes.compute(
            seen, weights + output * correlation.depth, bias: 0, rectifies: false, rows: rows.count, into: sums)
          let plane = dx + (image * shape.inputChannels + output) * shape.inputPlane
          planes.place(sums, rows, into: plane, width: shape.width.input)
        }
      }
    }
  }

  /// The weights applied to each channel of the input, one row per channel.
  private func gatherBackward(
    _ w: UnsafePointer<Float>, _ correlation: Correlation, _ shape: ConvolutionShape,
    into weights: UnsafeMutablePointer<Float>
  ) {
    var place = weights
    for input in 0..<shape.inputChannels {
      let (group, channel) = (input / correlation.outputs, input % correlation.outputs)
      for output in group * correlation.channels..<(group + 1) * correlation.channels {
        let window = w + (output * correlation.outputs + channel) * shape.window
        for row in correlation.height.kernelPositions {
          for column in correlation.width.kernelPositions {
            place.pointee = window[row * shape.width.kernel + column]
            place += 1
          }
        }
      }
    }
  }

  /// Computes dw from parts of the images, which depend only on the extents. The sums of the parts are added in order.
  func convolvePlanesWeights(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ shape: ConvolutionShape, accumulating: Bool,
    into dw: UnsafeMutablePointer<Float>
  ) throws {
    let correlation = Correlation(forward: shape)
    let planes = PlaneCorrelation(correlation, kernels)
    let parts = max(1, min(shape.batch, 16, (1 << 19) / shape.weightCount))
    let outputs = correlation.outputs
    try withScratch(parts * shape.weightCount, of: Float.self) { sums in
      sums.update(repeating: 0, count: parts * shape.weightCount)
      try forEachUnit(
        parts * shape.groups, operations: 4 * correlation.operations, scratchCount: planes.sourceCount
      ) { unit, scratch in
        let (part, group) = (unit / shape.groups, unit % shape.groups)
        for image in part * shape.batch / parts..<(part + 1) * shape.batch / parts {
          for block in 0..<planes.blocks {
            let rows = planes.rows(block)
            let seen = planes.prepare(x, image: image, group: group, rows, scratch: scratch)
            for output in group * outputs..<(group + 1) * outputs {
              let first = (image * shape.outputChannels + output) * shape.outputPlane
              planes.addDots(
                seen, dy + first + rows.lowerBound * shape.width.output, rows: rows.count,
                into: sums + part * shape.weightCount + output * correlation.depth)
            }
          }
        }
      }
      for part in 1..<max(parts, 1) {
        kernels.pointee.add_floats(sums + part * shape.weightCount, 1, sums, 1, shape.weightCount)
      }
      if accumulating {
        kernels.pointee.add_floats(sums, 1, dw, 1, shape.weightCount)
      } else {
        dw.update(from: sums, count: shape.weightCount)
      }
    }
  }
}
