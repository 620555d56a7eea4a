internal import HostSystem
import BackendCore
import CPUKernels

/// The destination of the sums of a correlation, and the operations applied to them while they are in the cache.
struct ConvolutionEpilogue {
  var bias: UnsafePointer<Float>?
  var activation: UnaryOp?
  var preActivation: UnsafeMutablePointer<Float>?
  let result: UnsafeMutablePointer<Float>
  /// The extents of a plane of the result.
  let height, width: Int

  init(
    bias: UnsafeMutablePointer<Float>? = nil, activation: UnaryOp? = nil,
    preActivation: UnsafeMutablePointer<Float>? = nil, result: UnsafeMutablePointer<Float>, height: Int, width: Int
  ) {
    self.bias = bias.map { UnsafePointer($0) }
    (self.activation, self.preActivation, self.result) = (activation, preActivation, result)
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
  nonisolated(unsafe) let kernels: UnsafePointer<nn_cpu_kernels>

  /// Computes the product.
  /// - Parameters:
  ///   - scratch: Memory for the source.
  ///   - sums: Memory for a strip of outputs for each position of a whole block.
  ///   - turned: Memory of the same size, for the transposed sums.
  func compute(
    _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, group: Int, _ block: PositionBlock, strips: Range<Int>,
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
            kernels.pointee.implicit_gemm(
              count, outputs, end - first, seen, positions.baseAddress!, depths.baseAddress! + first,
              panel + first * step,
              step, start, cut == 0 ? 0 : step, epilogue.rectifies && cut + 1 == cuts, sums, step)
          }
        }
      }
    }
  }

  /// Transposes rows of positions to rows of planes.
  private func put(
    _ sums: UnsafePointer<Float>, _ step: Int, _ outputs: Int, _ firstOutput: Int, _ block: PositionBlock,
    into result: UnsafeMutablePointer<Float>, turned: UnsafeMutablePointer<Float>
  ) {
    let (height, width, plane) = (correlation.height, correlation.width, epilogue.height * epilogue.width)
    let isWhole = width.spacing == 1 && height.spacing == 1
    let isDense = isWhole && (block.columns.count == epilogue.width || block.rows.count == 1)
    for image in 0..<block.images.count {
      let rows = sums + image * block.plane * step
      let firstPlane = (block.images.lowerBound + image) * correlation.groups * correlation.outputs + firstOutput
      let target = result + firstPlane * plane
      if isDense {
        let position = block.rows.lowerBound * epilogue.width + block.columns.lowerBound
        kernels.pointee.transpose(rows, block.plane, outputs, step, target + position, plane)
      } else {
        kernels.pointee.transpose(rows, block.plane, outputs, step, turned, block.plane)
        spread(turned, outputs, block, target)
      }
    }
  }

  /// Copies rows of positions to the planes of the result.
  private func spread(
    _ turned: UnsafePointer<Float>, _ outputs: Int, _ block: PositionBlock, _ target: UnsafeMutablePointer<Float>
  ) {
    let (height, width) = (correlation.height, correlation.width)
    for output in 0..<outputs {
      for row in 0..<block.rows.count {
        let from = turned + output * block.plane + row * block.columns.count
        let top = height.first + (block.rows.lowerBound + row) * height.spacing
        let left = width.first + block.columns.lowerBound * width.spacing
        let to = target + (output * epilogue.height + top) * epilogue.width + left
        from.withMemoryRebound(to: UInt32.self, capacity: block.columns.count) { from in
          to.withMemoryRebound(to: UInt32.self, capacity: 1) { to in
            kernels.pointee.copy_words(from, 1, to, width.spacing, block.columns.count)
          }
        }
      }
    }
  }
}
