internal import HostSystem
import BackendCore
import CPUKernels

/// The destination of the sums of a correlation, and the operations applied to them while they are in the cache.
struct ConvolutionEpilogue {
  var bias: UnsafePointer<Float>?
  var activation: UnaryOp?
  /// The sums, and the result. Both may be halves.
  var preActivation: OperandMemory?
  let result: OperandMemory
  /// The extents of a plane of the result.
  let height, width: Int

  init(
    bias: UnsafePointer<Float>? = nil, activation: UnaryOp? = nil, preActivation: BufferSlice? = nil,
    result: BufferSlice, height: Int, width: Int
  ) {
    (self.bias, self.activation) = (bias, activation)
    (self.preActivation, self.result) = (preActivation.map { OperandMemory($0) }, OperandMemory(result))
    (self.height, self.width) = (height, width)
  }

  /// Whether the kernel itself can apply the activation.
  var rectifies: Bool { activation?.kind == .relu && preActivation == nil }
}

/// The product of a block of positions and strips of outputs.
struct CorrelationProduct {
  /// The number of terms of an output to sum before starting the next ones, so that their weights stay in the L2 cache.
  private static let depthBlock = 768
  /// The initial sums without a bias, for a whole strip.
  static let zeros: [Float] = Array(repeating: 0, count: 64)

  let correlation: Correlation
  let panels: WeightPanels
  let source: ImplicitIm2col
  let epilogue: ConvolutionEpilogue
  let arithmetic: ConvolutionArithmetic
  private var kernels: UnsafePointer<nn_cpu_kernels> { arithmetic.kernels }

  /// Computes the product.
  /// - Parameters:
  ///   - scratch: Memory for the source.
  ///   - sums: Memory for a strip of outputs for each position of a whole block.
  ///   - turned: Memory of the same size, for the transposed sums, and for a row of halves.
  func compute(
    _ x: OperandMemory, _ weights: UnsafePointer<Float>, group: Int, _ block: PositionBlock, strips: Range<Int>,
    scratch: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, turned: UnsafeMutablePointer<Float>
  ) {
    let seen = source.prepare(x, group: group, channels: 0..<correlation.channels, block, scratch: scratch)
    for strip in strips {
      let outputs = panels.outputs(strip)
      let step = panels.step(strip)
      let panel = weights + panels.start(group: group, strip: strip)
      let first = group * correlation.outputs + outputs.lowerBound
      multiply(seen, panel, step, outputs.count, block.count, epilogue.bias.map { $0 + first }, into: sums)
      if let before = epilogue.preActivation {
        put(sums, step, outputs.count, first, block, into: before, turned: turned)
      }
      if let activation = epilogue.activation, let code = activation.kind.code, !epilogue.rectifies {
        kernels.pointee.bias_activation(
          sums, step, nil, true, code, Float(activation.a), Float(activation.b), sums, step, block.count, outputs.count)
      }
      put(sums, step, outputs.count, first, block, into: epilogue.result, turned: turned)
    }
  }

  /// Computes the sums of all positions for one strip, one row per position.
  private func multiply(
    _ seen: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ step: Int, _ outputs: Int, _ count: Int,
    _ bias: UnsafePointer<Float>?, into sums: UnsafeMutablePointer<Float>
  ) {
    let depth = correlation.depth
    let cuts = depth <= Self.depthBlock * 3 / 2 ? 1 : depth.dividedRoundingUp(by: Self.depthBlock)
    source.positions.withUnsafeBufferPointer { positions in
      source.depths.withUnsafeBufferPointer { depths in
        Self.zeros.withUnsafeBufferPointer { zeros in
          for cut in 0..<cuts {
            let (first, end) = (cut * depth / cuts, (cut + 1) * depth / cuts)
            let start = cut == 0 ? bias ?? zeros.baseAddress! : UnsafePointer(sums)
            arithmetic.multiply(
              count, outputs, end - first, seen, positions.baseAddress!, depths.baseAddress! + first,
              panel + first * step, step, from: start, cut == 0 ? 0 : step,
              rectifies: epilogue.rectifies && cut + 1 == cuts, into: sums, step)
          }
        }
      }
    }
  }

  /// Transposes rows of positions to rows of planes.
  private func put(
    _ sums: UnsafePointer<Float>, _ step: Int, _ outputs: Int, _ firstOutput: Int, _ block: PositionBlock,
    into result: OperandMemory, turned: UnsafeMutablePointer<Float>
  ) {
    let (height, width, plane) = (correlation.height, correlation.width, epilogue.height * epilogue.width)
    let isWhole = width.spacing == 1 && height.spacing == 1
    let isDense = isWhole && (block.columns.count == epilogue.width || block.rows.count == 1)
    for image in 0..<block.images.count {
      let rows = sums + image * block.plane * step
      let firstPlane = (block.images.lowerBound + image) * correlation.groups * correlation.outputs + firstOutput
      let target = result.from(firstPlane * plane)
      let position = block.rows.lowerBound * epilogue.width + block.columns.lowerBound
      if isDense && !result.dtype.isHalf {
        kernels.pointee.transpose(rows, block.plane, outputs, step, target.floats + position, plane)
        continue
      }
      kernels.pointee.transpose(rows, block.plane, outputs, step, turned, block.plane)
      if isDense {
        kernels.pointee.narrow_to_halves(
          nn_half(result.dtype), turned, block.plane, outputs, block.plane, target.halves + position, plane)
      } else {
        spread(turned, outputs, block, target)
      }
    }
  }

  /// Copies rows of positions to the planes of the result. The sums are followed by memory for a row of halves.
  private func spread(
    _ turned: UnsafeMutablePointer<Float>, _ outputs: Int, _ block: PositionBlock, _ target: OperandMemory
  ) {
    let columns = block.columns.count
    let memory = UnsafeMutableRawPointer(turned + outputs * block.plane).assumingMemoryBound(to: UInt16.self)
    let (height, width) = (correlation.height, correlation.width)
    for output in 0..<outputs {
      for row in 0..<block.rows.count {
        let from = turned + output * block.plane + row * columns
        let top = height.first + (block.rows.lowerBound + row) * height.spacing
        let left = width.first + block.columns.lowerBound * width.spacing
        let to = target.from((output * epilogue.height + top) * epilogue.width + left)
        if to.dtype.isHalf {
          let row = width.spacing == 1 ? to.halves : memory
          kernels.pointee.narrow_to_halves(nn_half(to.dtype), from, columns, 1, columns, row, columns)
          if width.spacing > 1 { kernels.pointee.copy_halves(row, 1, to.halves, width.spacing, columns) }
          continue
        }
        from.withMemoryRebound(to: UInt32.self, capacity: columns) { from in
          to.floats.withMemoryRebound(to: UInt32.self, capacity: 1) { to in
            kernels.pointee.copy_words(from, 1, to, width.spacing, columns)
          }
        }
      }
    }
  }
}
