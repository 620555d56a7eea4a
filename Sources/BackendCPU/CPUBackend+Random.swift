import BackendCore
import CPUKernels

/// Random numbers as `RandomSource` defines them, and dropout.
extension CPUBackend {
  public func random(
    _ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    let (table, point) = (kernels, source.point)
    // Pieces start at whole blocks of four numbers.
    switch (distribution, y.dtype) {
    case (.bits, .int32):
      parallelBlocks(count) { table.pointee.random_bits(point, $0, y.words + $1.lowerBound, $1.count) }
    case (.uniform, .float32):
      parallelBlocks(count) { table.pointee.random_uniform(point, $0, y.floats + $1.lowerBound, $1.count) }
    case (.normal, .float32):
      parallelBlocks(count) { table.pointee.random_normal(point, $0, y.floats + $1.lowerBound, $1.count) }
    case (.bernoulli(let probability), .float32):
      let threshold = Philox.threshold(probability: probability)
      parallelBlocks(count) { table.pointee.random_mask(point, $0, threshold, y.floats + $1.lowerBound, $1.count) }
    case (.bernoulli(let probability), .bool):
      let threshold = Philox.threshold(probability: probability)
      parallelBlocks(count) {
        table.pointee.random_mask_bool(point, $0, threshold, y.bytes + $1.lowerBound, $1.count)
      }
    case (_, .float64): try randomDoubles(distribution, source, count: count, into: y)
    default:
      throw unsupported("random \(distribution)", y.dtype)
    }
  }

  public func dropout(
    _ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    if x.dtype.isHalf || y.dtype.isHalf {
      return try dropoutHalves(x, probability: probability, source, count: count, into: y)
    }
    try require(.dropout, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.dropout(x, probability: probability, source, count: count, into: y)
    }
    if probability >= 1 { return try fill(y, count: count, with: 0) }
    let (table, point, scale) = (kernels, source.point, Float(1 / (1 - probability)))
    let threshold = Philox.threshold(probability: 1 - probability)
    let streams = streams(count)
    parallelBlocks(count) {
      let first = $1.lowerBound
      table.pointee.dropout(point, $0, threshold, scale, x.floats + first, y.floats + first, $1.count, streams)
    }
  }

  /// Calls `body` with the first block and the elements of each piece.
  private func parallelBlocks(_ count: Int, _ body: (UInt64, Range<Int>) -> Void) {
    parallel(count, grain: Grain.heavy, unit: 64) { body(UInt64($0.lowerBound / 4), $0) }
  }
}

extension RandomSource {
  /// The source in the form for the kernels, with the device's step offset added.
  var point: nn_random {
    let offset = stepOffset.map { UInt32(bitPattern: $0.integers.pointee) } ?? 0
    return nn_random(
      key: (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)), call: call, step: step &+ offset)
  }
}
