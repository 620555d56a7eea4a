#if OpenCL
internal import HostSystem

public import BackendCore

/// Random numbers as `RandomSource` defines them, and dropout.
extension OpenCLBackend {
  public func random(
    _ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    var threshold: UInt64 = 0
    let name: String
    switch (distribution, y.dtype) {
    case (.bits, .int32): name = "random_bits"
    case (.uniform, .float32): name = "random_uniform"
    case (.normal, .float32): name = "random_normal"
    case (.bernoulli(let probability), .float32):
      name = "random_bernoulli_float"
      threshold = Philox.threshold(probability: probability)
    case (.bernoulli(let probability), .bool):
      name = "random_bernoulli_bool"
      threshold = Philox.threshold(probability: probability)
    case (.uniform, .float64): name = "random_uniform_double"
    case (.normal, .float64): name = "random_normal_double"
    case (.bernoulli(let probability), .float64):
      name = "random_bernoulli_double"
      threshold = Philox.threshold(probability: probability)
    default: throw unsupported("random \(distribution)", y.dtype)
    }
    let program = ProgramName(.random, of: y.dtype, isWide: isWide(count))
    try launch(KernelName(program: program, stem: name), .elements(count.dividedRoundingUp(by: 4))) { arguments in
      arguments.slice(y)
      arguments.count(count)
      arguments.value(Source(source))
      arguments.slice(source.stepOffset ?? y)
      arguments.value(threshold)
    }
  }

  public func dropout(
    _ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    try require(.dropout, for: x.dtype)
    if x.dtype == .float64 { return try composed.dropout(x, probability: probability, source, count: count, into: y) }
    guard probability < 1 else { return try fill(y, count: count, with: 0) }
    let program = ProgramName(family: .random, isWide: isWide(count))
    try launch(KernelName(program: program, stem: "dropout"), .elements(count.dividedRoundingUp(by: 4))) { arguments in
      arguments.slice(x)
      arguments.slice(y)
      arguments.count(count)
      arguments.value(Source(source))
      arguments.slice(source.stepOffset ?? y)
      arguments.value(Philox.threshold(probability: 1 - probability))
      arguments.float(1 / (1 - probability))
    }
  }
}

/// `source_t` of `Random.cl`.
private struct Source: BitwiseCopyable {
  let keyLow, keyHigh, call, step: UInt32
  let hasStepOffset: Int32

  init(_ source: RandomSource) {
    keyLow = UInt32(truncatingIfNeeded: source.key)
    keyHigh = UInt32(truncatingIfNeeded: source.key >> 32)
    call = source.call
    step = source.step
    hasStepOffset = source.stepOffset == nil ? 0 : 1
  }
}
#endif
