import BackendCore
import CPUKernels

/// Convolution and its gradients if a group has few outputs.
extension CPUBackend {
  func convolvePlanes(
    _ x: OperandMemory, _ w: UnsafePointer<Float>, _ planes: PlaneCorrelation, _ epilogue: ConvolutionEpilogue
  ) throws {
    let correlation = planes.correlation
    let (outputs, columns) = (correlation.outputs, correlation.width.outputs)
    let kept = epilogue.preActivation ?? epilogue.result
    let isRounded = kept.dtype.isHalf || epilogue.result.dtype.isHalf
    try forEachUnit(
      correlation.batch * correlation.groups * planes.blocks, operations: 4 * correlation.operations,
      scratchCount: planes.sourceCount + (isRounded ? planes.resultCount : 0)
    ) { unit, scratch in
      let memory = scratch + planes.sourceCount
      let (index, rows) = (unit / planes.blocks, planes.rows(unit % planes.blocks))
      let (image, group) = (index / correlation.groups, index % correlation.groups)
      let seen = planes.prepare(x, image: image, group: group, rows, scratch: scratch)
      for output in group * outputs..<(group + 1) * outputs {
        let first =
          ((image * correlation.groups * outputs + output) * epilogue.height + rows.lowerBound) * epilogue.width
        let (count, y) = (rows.count * columns, epilogue.result.from(first))
        let sums = kept.dtype.isHalf ? memory : kept.floats + first
        planes.compute(
          seen, w + output * correlation.depth, bias: epilogue.bias?[output] ?? 0, rectifies: epilogue.rectifies,
          rows: rows.count, into: sums)
        if let before = epilogue.preActivation, before.dtype.isHalf { narrow(sums, count, into: before.from(first)) }
        if let activation = epilogue.activation, let code = activation.kind.code, !epilogue.rectifies {
          store(0..<count, of: y, from: memory) {
            kernels.pointee.unary(code, sums, $0, count, Float(activation.a), Float(activation.b))
          }
        } else if y.dtype.isHalf {
          narrow(sums, count, into: y)
        } else if epilogue.preActivation != nil {
          y.floats.update(from: sums, count: count)
        }
      }
    }
  }

  /// The gradient of the input at the positions of one remainder.
  func convolvePlanesBackward(
    _ dy: OperandMemory, _ w: UnsafePointer<Float>, _ planes: PlaneCorrelation, _ shape: ConvolutionShape,
    into dx: OperandMemory
  ) throws {
    let correlation = planes.correlation
    let outputs = correlation.outputs
    try withScratch(correlation.groups * outputs * correlation.depth, of: Float.self) { weights in
      gatherBackward(w, correlation, shape, into: weights)
      try forEachUnit(
        correlation.batch * correlation.groups * planes.blocks, operations: 4 * correlation.operations,
        scratchCount: planes.sourceCount + planes.resultCount + correlation.width.outputs
      ) { unit, scratch in
        let (index, rows) = (unit / planes.blocks, planes.rows(unit % planes.blocks))
        let (image, group) = (index / correlation.groups, index % correlation.groups)
        let seen = planes.prepare(dy, image: image, group: group, rows, scratch: scratch)
        let sums = scratch + planes.sourceCount
        for output in group * outputs..<(group + 1) * outputs {
          planes.compute(
            seen, weights + output * correlation.depth, bias: 0, rectifies: false, rows: rows.count, into: sums)
          let plane = dx.from((image * shape.inputChannels + output) * shape.inputPlane)
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
    _ x: OperandMemory, _ dy: OperandMemory, _ planes: PlaneCorrelation, _ shape: ConvolutionShape,
    accumulating: Bool, into dw: OperandMemory
  ) throws {
    let correlation = planes.correlation
    let parts = max(1, min(shape.batch, 16, (1 << 19) / shape.weightCount))
    let (outputs, columns) = (correlation.outputs, correlation.width.outputs)
    try withScratch((parts + 1) * shape.weightCount, of: Float.self) { sums in
      sums.update(repeating: 0, count: parts * shape.weightCount)
      try forEachUnit(
        parts * shape.groups, operations: 4 * correlation.operations,
        scratchCount: planes.sourceCount + (dy.dtype.isHalf ? planes.resultCount : 0)
      ) { unit, scratch in
        let (part, group) = (unit / shape.groups, unit % shape.groups)
        for image in part * shape.batch / parts..<(part + 1) * shape.batch / parts {
          for block in 0..<planes.blocks {
            let rows = planes.rows(block)
            let seen = planes.prepare(x, image: image, group: group, rows, scratch: scratch)
            for output in group * outputs..<(group + 1) * outputs {
              let first = (image * shape.outputChannels + output) * shape.outputPlane + rows.lowerBound * columns
              let gradient = floats(
                of: dy, first..<first + rows.count * columns, in: scratch + planes.sourceCount)
              planes.addDots(
                seen, gradient, rows: rows.count,
                into: sums + part * shape.weightCount + output * correlation.depth)
            }
          }
        }
      }
      for part in 1..<max(parts, 1) {
        kernels.pointee.add_floats(sums + part * shape.weightCount, 1, sums, 1, shape.weightCount)
      }
      if accumulating {
        let old = floats(of: dw, 0..<shape.weightCount, in: sums + parts * shape.weightCount)
        kernels.pointee.add_floats(old, 1, sums, 1, shape.weightCount)
      }
      narrow(sums, shape.weightCount, into: dw)
    }
  }
}
