import BackendCore
import CPUKernels

/// Convolution and the gradient of its input, as correlations. The matrix of all windows is never materialized: the
/// kernel computes the address of each element as the sum of an offset for its output position and an offset for its
/// channel and kernel position.
extension CPUBackend {
  public func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try require(.convolution, for: x.dtype)
    guard shape.outputCount > 0 else { return }
    let correlation = Correlation(forward: shape)
    let panels = WeightPanels(correlation, kernels)
    let epilogue = ConvolutionEpilogue(
      bias: bias?.floats, activation: activation, preActivation: preActivation?.floats, result: y.floats,
      height: shape.height.output, width: shape.width.output)
    if PlaneCorrelation.pays(correlation) { return try convolvePlanes(x.floats, w.floats, correlation, epilogue) }
    try withScratch(panels.count, of: Float.self) { memory in
      let weights = w.floats
      parallel(shape.groups * panels.strips, grain: max(1, Grain.copy / max(1, panels.groupCount)), unit: 1) {
        for index in $0 {
          panels.packForward(weights, group: index / panels.strips, strip: index % panels.strips, into: memory)
        }
      }
      try correlate(x.floats, correlation, panels, memory, epilogue)
    }
  }

  public func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {
    try require(.convolutionInputGradient, for: dy.dtype)
    guard shape.inputCount > 0 else { return }
    let correlations = Correlation.backward(shape).filter { $0.depth > 0 && $0.sourcePlane > 0 }
    // Positions that no window covers do not occur in any correlation.
    if correlations.count < shape.height.stride * shape.width.stride { try fill(dx, count: shape.inputCount, with: 0) }
    let epilogue = ConvolutionEpilogue(result: dx.floats, height: shape.height.input, width: shape.width.input)
    for correlation in correlations {
      if PlaneCorrelation.pays(correlation) {
        try convolvePlanesBackward(dy.floats, w.floats, correlation, shape, into: dx.floats)
        continue
      }
      let panels = WeightPanels(correlation, kernels)
      try withScratch(panels.count, of: Float.self) { memory in
        let weights = w.floats
        parallel(shape.groups * panels.strips, grain: max(1, Grain.simple / max(1, panels.groupCount)), unit: 1) {
          for index in $0 {
            panels.packBackward(
              weights, shape, group: index / panels.strips, strip: index % panels.strips, into: memory)
          }
        }
        try correlate(dy.floats, correlation, panels, memory, epilogue)
      }
    }
  }

  private func correlate(
    _ x: UnsafePointer<Float>, _ correlation: Correlation, _ panels: WeightPanels, _ weights: UnsafePointer<Float>,
    _ epilogue: ConvolutionEpilogue
  ) throws {
    let blocks = PositionBlocks(
      batch: correlation.batch, height: correlation.height.outputs, width: correlation.width.outputs, positions: 240)
    let source = ImplicitIm2col(correlation, blocks, kernels)
    let product = CorrelationProduct(
      correlation: correlation, panels: panels, source: source, epilogue: epilogue, kernels: kernels)
    // If there are few blocks for the threads, each strip of outputs becomes a separate unit.
    let whole = correlation.groups * blocks.count
    let cuts = whole >= 4 * pool.threadCount ? 1 : panels.strips
    let columns = min(kernels.pointee.strip, panels.step(0)) * blocks.positions
    try forEachUnit(
      whole * cuts, operations: correlation.operations, scratchCount: source.scratchCount + 2 * columns
    ) { unit, scratch in
      let (block, group) = (blocks[unit / cuts % blocks.count], unit / cuts / blocks.count)
      let cut = unit % cuts
      product.compute(
        x, weights, group: group, block, strips: cut * panels.strips / cuts..<(cut + 1) * panels.strips / cuts,
        scratch: scratch, sums: scratch + source.scratchCount, turned: scratch + source.scratchCount + columns)
    }
  }
}

/// The gradient of the operations after the sums of a convolution.
extension CPUBackend {
  public func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try require(.convolutionOutputGradient, for: dy.dtype)
    let planes = batch * channels
    var gradient = dy
    if activation != nil { gradient = try dz ?? BufferSlice(allocate(count: planes * plane, dtype: .float32)) }
    let (source, before, result) = (dy.floats, (saved ?? dy).floats, gradient.floats)
    let (derive, sum) = (kernels.pointee.unary_gradient, kernels.pointee.reduce)
    try withScratch(max(planes, 1), of: Double.self) { sums in
      parallel(planes, grain: max(1, (activation?.kind.grain ?? Grain.simple) / max(plane, 1)), unit: 1) {
        for index in $0 {
          let first = index * plane
          if let activation, let code = activation.kind.code {
            derive(
              code, source + first, before + first, result + first, plane, Float(activation.a), Float(activation.b))
          }
          if dBias != nil { sums[index] = sum(NN_SUM, result + first, plane) }
        }
      }
      guard let total = dBias?.floats else { return }
      for channel in 0..<channels {
        var sum = 0.0
        for image in 0..<batch { sum += sums[image * channels + channel] }
        total[channel] = Float(sum)
      }
    }
  }
}
