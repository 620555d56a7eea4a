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
    if x.dtype == .float64 {
      return try composed.convolution(
        x, w, bias: bias, shape, activation: activation, into: y, preActivation: preActivation)
    }
    let arithmetic = try convolutionArithmetic(
      .convolution, x.dtype, [x, w, bias, y, preActivation], pairing: .channels)
    guard shape.outputCount > 0 else { return }
    let correlation = Correlation(forward: shape, arithmetic.pairing)
    var epilogue = ConvolutionEpilogue(
      activation: activation, preActivation: preActivation, result: y, height: shape.height.output,
      width: shape.width.output)
    guard let bias else { return try convolve(x, w, shape, correlation, arithmetic, epilogue) }
    try withFloats(bias, shape.outputChannels) { floats in
      epilogue.bias = floats
      try convolve(x, w, shape, correlation, arithmetic, epilogue)
    }
  }

  private func convolve(
    _ x: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, _ correlation: Correlation,
    _ arithmetic: ConvolutionArithmetic, _ epilogue: ConvolutionEpilogue
  ) throws {
    if PlaneCorrelation.pays(correlation) {
      let plain = arithmetic.pairing == .none ? correlation : Correlation(forward: shape)
      let planes = PlaneCorrelation(plain, arithmetic.ofFloats)
      return try withFloats(w, shape.weightCount) { try convolvePlanes(OperandMemory(x), $0, planes, epilogue) }
    }
    let panels = WeightPanels(correlation, arithmetic)
    try withScratch(panels.count, of: Float.self) { memory in
      let weights = OperandMemory(w)
      try forEachUnit(
        shape.groups * panels.strips, operations: 3 * panels.count, scratchCount: panels.scratchCount(shape)
      ) { index, scratch in
        panels.packForward(
          weights, group: index / panels.strips, strip: index % panels.strips, into: memory, scratch: scratch)
      }
      try correlate(OperandMemory(x), correlation, panels, memory, arithmetic, epilogue)
    }
  }

  public func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {
    if dy.dtype == .float64 { return try composed.convolutionInputGradient(dy, w, shape, into: dx) }
    let arithmetic = try convolutionArithmetic(.convolutionInputGradient, dy.dtype, [dy, w, dx], pairing: .channels)
    guard shape.inputCount > 0 else { return }
    let correlations = Correlation.backward(shape, arithmetic.pairing).filter { $0.depth > 0 && $0.sourcePlane > 0 }
    // Positions that no window covers do not occur in any correlation.
    if correlations.count < shape.height.stride * shape.width.stride { try fill(dx, count: shape.inputCount, with: 0) }
    let epilogue = ConvolutionEpilogue(result: dx, height: shape.height.input, width: shape.width.input)
    for correlation in correlations {
      if PlaneCorrelation.pays(correlation) {
        let plain =
          arithmetic.pairing == .none
          ? correlation : Correlation(backward: shape, row: correlation.height.first, column: correlation.width.first)
        let planes = PlaneCorrelation(plain, arithmetic.ofFloats)
        try withFloats(w, shape.weightCount) {
          try convolvePlanesBackward(OperandMemory(dy), $0, planes, shape, into: OperandMemory(dx))
        }
        continue
      }
      let panels = WeightPanels(correlation, arithmetic)
      try withScratch(panels.count, of: Float.self) { memory in
        let weights = OperandMemory(w)
        try forEachUnit(
          shape.groups * panels.strips, operations: 6 * panels.count, scratchCount: panels.scratchCount(shape)
        ) { index, scratch in
          panels.packBackward(
            weights, shape, group: index / panels.strips, strip: index % panels.strips, into: memory, scratch: scratch)
        }
        try correlate(OperandMemory(dy), correlation, panels, memory, arithmetic, epilogue)
      }
    }
  }

  private func correlate(
    _ x: OperandMemory, _ correlation: Correlation, _ panels: WeightPanels, _ weights: UnsafePointer<Float>,
    _ arithmetic: ConvolutionArithmetic, _ epilogue: ConvolutionEpilogue
  ) throws {
    let blocks = PositionBlocks(
      batch: correlation.batch, height: correlation.height.outputs, width: correlation.width.outputs, positions: 240)
    let source = ImplicitIm2col(correlation, blocks, arithmetic)
    let product = CorrelationProduct(
      correlation: correlation, panels: panels, source: source, epilogue: epilogue, arithmetic: arithmetic)
    // If there are few blocks for the threads, each strip of outputs becomes a separate unit.
    let whole = correlation.groups * blocks.count
    let cuts = whole >= 4 * pool.threadCount ? 1 : panels.strips
    let columns = min(kernels.pointee.strip, panels.step(0)) * blocks.positions
    // The sums, the transposed sums, and a row of halves.
    let sumCount = 2 * columns + blocks.columns
    try forEachUnit(
      whole * cuts, operations: correlation.operations, scratchCount: source.scratchCount + sumCount
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
    if dy.dtype == .float64 {
      return try composed.convolutionOutputGradient(
        dy, saved: saved, activation: activation, batch: batch, channels: channels, plane: plane, dz: dz, dBias: dBias)
    }
    if !dy.dtype.isHalf { try require(.convolutionOutputGradient, for: dy.dtype) }
    let planes = batch * channels
    var gradient = dy
    if activation != nil { gradient = try dz ?? BufferSlice(allocate(count: planes * plane, dtype: dy.dtype)) }
    let (source, before, result) = (OperandMemory(dy), OperandMemory(saved ?? dy), OperandMemory(gradient))
    let (derive, sum) = (kernels.pointee.unary_gradient, kernels.pointee.reduce)
    let copied = [dy, saved ?? dy, gradient].contains { $0.dtype.isHalf } ? plane : 0
    try withScratch(max(planes, 1), of: Double.self) { sums in
      parallel(planes, grain: max(1, (activation?.kind.grain ?? Grain.simple) / max(plane, 1)), unit: 1) { part in
        withWorkspace(2, of: copied) { work in
          for index in part {
            let elements = index * plane..<(index + 1) * plane
            let numbers = floats(of: source, elements, in: work[0])
            guard let activation, let code = activation.kind.code else {
              if dBias != nil { sums[index] = sum(NN_SUM, numbers, plane) }
              continue
            }
            let values = floats(of: before, elements, in: work[1])
            store(elements, of: result, from: work[0]) { product in
              derive(code, numbers, values, product, plane, Float(activation.a), Float(activation.b))
              if dBias != nil { sums[index] = sum(NN_SUM, product, plane) }
            }
          }
        }
      }
      guard let dBias else { return }
      withWorkspace(1, of: channels) { work in
        store(0..<channels, of: OperandMemory(dBias), from: work[0]) { total in
          for channel in 0..<channels {
            var sum = 0.0
            for image in 0..<batch { sum += sums[image * channels + channel] }
            total[channel] = Float(sum)
          }
        }
      }
    }
  }
}
