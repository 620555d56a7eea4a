import BackendCore
import CPUKernels

/// The gradient of a convolution's weights: dwᵀ = Σ over positions of windows times dy.
///
/// The division of the images into parts depends only on the extents. Each part has separate sums, which are added in
/// order.
extension CPUBackend {
  public func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice
  ) throws {
    if x.dtype == .float64 {
      return try composed.convolutionWeightGradient(x, dy, shape, accumulating: accumulating, into: dw)
    }
    // The last of an odd number of images is paired with zeros. A single one is better widened.
    let arithmetic = try convolutionArithmetic(
      .convolutionWeightGradient, x.dtype, [x, dy, dw], pairing: shape.batch > 1 ? .images : .none)
    guard shape.weightCount > 0 else { return }
    guard shape.outputCount > 0 else {
      if !accumulating { try fill(dw, count: shape.weightCount, with: 0) }
      return
    }
    let correlation = Correlation(forward: shape)
    if PlaneCorrelation.pays(correlation) {
      return try convolvePlanesWeights(
        OperandMemory(x), OperandMemory(dy), PlaneCorrelation(correlation, arithmetic.ofFloats), shape,
        accumulating: accumulating, into: OperandMemory(dw))
    }
    let product = WeightGradientProduct(shape, arithmetic)
    try withScratch(product.parts * product.partCount, of: Float.self) { sums in
      let (source, gradient) = (OperandMemory(x), OperandMemory(dy))
      // Ranges of channels, enough to keep every thread busy.
      let whole = product.parts * shape.groups
      let cuts = whole >= 4 * pool.threadCount ? 1 : min(product.correlation.channels, 4 * pool.threadCount / whole + 1)
      try forEachUnit(
        whole * cuts, operations: product.correlation.operations, scratchCount: product.scratchCount
      ) { unit, scratch in
        let (part, group, cut) = (unit / cuts / shape.groups, unit / cuts % shape.groups, unit % cuts)
        let channels = product.correlation.channels
        product.compute(
          source, gradient, part: part, group: group, channels: cut * channels / cuts..<(cut + 1) * channels / cuts,
          into: sums, scratch: scratch)
      }
      try addParts(product, sums, accumulating: accumulating, into: OperandMemory(dw))
    }
  }

  /// Adds the parts in order, and converts the sums to the layout of the weights.
  private func addParts(
    _ product: WeightGradientProduct, _ sums: UnsafeMutablePointer<Float>, accumulating: Bool,
    into dw: OperandMemory
  ) throws {
    let panels = product.panels
    let count = product.correlation.groups * panels.strips
    let work = product.parts * product.partCount
    let scratchCount = (accumulating ? panels.groupCount : 0) + (dw.dtype.isHalf ? panels.groupCount : 0)
    try forEachUnit(count, operations: 8 * work, scratchCount: scratchCount) { unit, scratch in
      let (group, strip) = (unit / panels.strips, unit % panels.strips)
      let (outputs, step, depth) = (panels.outputs(strip), panels.step(strip), product.correlation.depth)
      let total = sums + panels.start(group: group, strip: strip)
      for part in 1..<max(product.parts, 1) {
        kernels.pointee.add_floats(total + part * product.partCount, 1, total, 1, depth * step)
      }
      let elements = dw.from((group * product.correlation.outputs + outputs.lowerBound) * depth)
      let target = dw.dtype.isHalf ? scratch + (accumulating ? panels.groupCount : 0) : elements.floats
      if accumulating {
        if dw.dtype.isHalf { widen(elements, depth * outputs.count, into: target) }
        kernels.pointee.transpose(total, depth, outputs.count, step, scratch, depth)
        kernels.pointee.add_floats(scratch, 1, target, 1, depth * outputs.count)
      } else {
        kernels.pointee.transpose(total, depth, outputs.count, step, target, depth)
      }
      if dw.dtype.isHalf { narrow(target, depth * outputs.count, into: elements) }
    }
  }
}

/// Computes the sums of some images for some channels.
struct WeightGradientProduct {
  let correlation: Correlation
  /// The layout of the sums, which is the layout of the weights.
  let panels: WeightPanels
  /// The number of parts of the images, each with separate sums.
  let parts: Int
  private let shape: ConvolutionShape
  private let blocks: PositionBlocks
  private let source: ImplicitIm2col
  private let arithmetic: ConvolutionArithmetic

  init(_ shape: ConvolutionShape, _ arithmetic: ConvolutionArithmetic) {
    self.shape = shape
    self.arithmetic = arithmetic
    correlation = Correlation(forward: shape, arithmetic.pairing)
    panels = WeightPanels(correlation, arithmetic)
    blocks = PositionBlocks(
      batch: correlation.batch, height: shape.height.output, width: shape.width.output, positions: 480)
    source = ImplicitIm2col(correlation, blocks, arithmetic)
    // More parts than the likely number of threads, as long as their sums are small compared to the caches.
    parts = max(1, min(blocks.count, 16, (1 << 19) / max(1, panels.count)))
  }

  /// The number of floats in the sums of one part.
  var partCount: Int { panels.count }
  var scratchCount: Int {
    let copies = arithmetic.half == nil ? 0 : blocks.rows * blocks.columns
    return source.scratchCount + (blocks.positions + correlation.depth + copies) * panels.step(0)
  }

  func compute(
    _ x: OperandMemory, _ dy: OperandMemory, part: Int, group: Int, channels: Range<Int>,
    into sums: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let turned = scratch + source.scratchCount
    let rows = channels.lowerBound * correlation.window..<channels.upperBound * correlation.window
    let first = part * blocks.count / parts
    for index in first..<(part + 1) * blocks.count / parts {
      let block = blocks[index]
      let seen = source.prepare(x, group: group, channels: channels, block, scratch: scratch)
      for strip in 0..<panels.strips {
        let (outputs, step) = (panels.outputs(strip), panels.step(strip))
        turn(dy, group: group, outputs, block, step, into: turned)
        let target = sums + part * partCount + panels.start(group: group, strip: strip) + rows.lowerBound * step
        multiply(seen, turned, rows, outputs.count, step, block.count, isFirst: index == first, into: target)
      }
    }
  }

  /// Transposes planes of dy into one row per position of the block.
  private func turn(
    _ dy: OperandMemory, group: Int, _ outputs: Range<Int>, _ block: PositionBlock, _ step: Int,
    into turned: UnsafeMutablePointer<Float>
  ) {
    let position = block.rows.lowerBound * shape.width.output + block.columns.lowerBound
    let imageSize = shape.outputChannels * shape.outputPlane
    let copy = turned + (blocks.positions + correlation.depth) * panels.step(0)
    for index in 0..<block.images.count {
      let image = (block.images.lowerBound + index) * (correlation.pairing == .images ? 2 : 1)
      let plane = group * correlation.outputs + outputs.lowerBound
      let first = dy.from(image * imageSize + plane * shape.outputPlane + position)
      var (rows, rowStep) = (UnsafePointer(copy), block.plane)
      if arithmetic.half == nil {
        (rows, rowStep) = (UnsafePointer(first.floats), shape.outputPlane)
      } else {
        for output in 0..<outputs.count {
          let row = first.from(output * shape.outputPlane)
          _ = arithmetic.elements(
            row, other: image + 1 < shape.batch ? row.from(imageSize) : nil, block.plane,
            copy: copy + output * block.plane)
        }
      }
      arithmetic.kernels.pointee.transpose(
        rows, outputs.count, block.plane, rowStep, turned + index * block.plane * step, step)
    }
  }

  private func multiply(
    _ seen: UnsafePointer<Float>, _ turned: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ outputs: Int,
    _ step: Int, _ count: Int, isFirst: Bool, into target: UnsafeMutablePointer<Float>
  ) {
    source.depths.withUnsafeBufferPointer { depths in
      source.positions.withUnsafeBufferPointer { positions in
        CorrelationProduct.zeros.withUnsafeBufferPointer { zeros in
          // The sums of a block are added to the earlier sums as one number: a running sum would lose digits.
          let sums = isFirst ? target : turned + blocks.positions * panels.step(0)
          arithmetic.multiply(
            rows.count, outputs, count, seen, depths.baseAddress! + rows.lowerBound, positions.baseAddress!, turned,
            step, from: zeros.baseAddress!, 0, rectifies: false, into: sums, step)
          if !isFirst { arithmetic.kernels.pointee.add_floats(sums, 1, target, 1, rows.count * step) }
        }
      }
    }
  }
}
