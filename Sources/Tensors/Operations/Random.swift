import BackendCore
import Synchronization

/// A stream of random draws: a key for the Philox generator, and a counter of the draws taken from it. The same seed
/// gives the same numbers on every device. There is no global seed.
///
/// Draws can be taken from several threads. Their order then determines which thread gets which numbers.
public final class RandomStream: Sendable {
  package let key: UInt64
  /// The training step of every draw, if the stream belongs to one step.
  private let step: UInt32?
  /// An int32 element on the device that holds the step for draws on the device, so that they can be repeated in other
  /// steps.
  private let stepCounter: BufferSlice?
  private let draws = Atomic<UInt64>(0)
  private let isHostBound = Atomic<Bool>(false)

  /// Creates the stream of a seed.
  public convenience init(seed: UInt64) { self.init(key: RandomSource.derivedKey(seed: seed, "stream"), step: nil) }

  /// Creates the stream for one purpose ("dropout") in one training step: draw n of step s is the same in every run.
  package convenience init(seed: UInt64, purpose: String, step: UInt32, stepCounter: BufferSlice? = nil) {
    self.init(key: RandomSource.derivedKey(seed: seed, purpose), step: step, stepCounter: stepCounter)
  }

  private init(key: UInt64, step: UInt32?, stepCounter: BufferSlice? = nil) {
    self.key = key
    self.step = step
    self.stepCounter = stepCounter
  }

  /// True after a draw on the host: other steps would draw other numbers.
  package var isTiedToStep: Bool { isHostBound.load(ordering: .relaxed) }
  /// True after any draw.
  package var hasDrawn: Bool { draws.load(ordering: .relaxed) > 0 }

  /// Returns a stream that is independent of this one and of those split off before.
  public func split() -> RandomStream {
    isHostBound.store(true, ordering: .relaxed)
    return RandomStream(key: RandomSource.derivedKey(seed: key, "split \(nextCount()) \(step ?? 0)"), step: step)
  }

  /// Returns a stream that makes the same draws as this one from now on.
  package func copied() -> RandomStream {
    let copy = RandomStream(key: key, step: step, stepCounter: stepCounter)
    copy.draws.store(draws.load(ordering: .relaxed), ordering: .relaxed)
    return copy
  }

  /// Returns the source of the next draw on a device.
  package func nextSource() -> RandomSource {
    var source = source(of: nextCount())
    if let stepCounter { (source.step, source.stepOffset) = (0, stepCounter) }
    return source
  }

  /// Returns the source of the next draw on the host, which gives the same numbers as on a device.
  package func nextHostSource() -> RandomSource {
    isHostBound.store(true, ordering: .relaxed)
    return source(of: nextCount())
  }

  private func nextCount() -> UInt64 { draws.wrappingAdd(1, ordering: .relaxed).oldValue }

  private func source(of count: UInt64) -> RandomSource {
    RandomSource(
      key: key, call: UInt32(truncatingIfNeeded: count), step: step ?? UInt32(truncatingIfNeeded: count >> 32))
  }
}

extension Tensor {
  /// Returns independent draws from the uniform distribution on `range`: the lower bound plus multiples of 2⁻²⁴ of the
  /// width, rounded to the element type, but never to the upper bound.
  public static func uniform(
    _ shape: [Int], in range: Range<Double> = 0..<1, using random: RandomStream, dtype: DType = .float32,
    on device: Device = .cpu
  ) -> Tensor {
    checked {
      if dtype.isHalf {
        // The upper bound, to which numbers next to it are rounded, is replaced.
        let x = uniform(shape, in: range, using: random, on: device).cast(to: dtype)
        return x.minimum(HalfFormat(dtype).largestNumber(below: range.upperBound))
      }
      var x = drawn(.uniform, try Checks.extents("uniform", shape), random.nextSource(), dtype, on: device)
      if range != 0..<1 {
        x *= range.upperBound - range.lowerBound
        x += range.lowerBound
        if range.lowerBound != 0 { x.lower(to: largestNumber(below: range.upperBound, dtype)) }
      }
      return x
    }
  }

  /// Returns the largest number of an element type that is less than `bound`.
  private static func largestNumber(below bound: Double, _ dtype: DType) -> Double {
    if dtype == .float64 { return bound.nextDown }
    let nearest = Float(bound)
    return Double(Double(nearest) < bound ? nearest : nearest.nextDown)
  }

  /// x = min(x, bound).
  private mutating func lower(to bound: Double) { Tensor.combine(.minimum, &self, bound, "uniform") }

  /// Returns independent draws from the normal distribution.
  public static func normal(
    _ shape: [Int], mean: Double = 0, deviation: Double = 1, using random: RandomStream, dtype: DType = .float32,
    on device: Device = .cpu
  ) -> Tensor {
    checked {
      normal(try Checks.extents("normal", shape), mean, deviation, random, dtype, on: device)
    }
  }

  /// Returns normal draws with the shape, element type, and device of `other`.
  public static func normal(
    like other: Tensor, mean: Double = 0, deviation: Double = 1, using random: RandomStream
  ) -> Tensor {
    normal(other.extents, mean, deviation, random, other.dtype, on: other.device)
  }

  /// Returns independent draws that are 1 with the given probability, else 0.
  public static func bernoulli(
    _ shape: [Int], probability: Double, using random: RandomStream, dtype: DType = .float32, on device: Device = .cpu
  ) -> Tensor {
    checked {
      if !(probability >= 0 && probability <= 1) { try Checks.fail("bernoulli", "\(probability) is not a probability") }
      let extents = try Checks.extents("bernoulli", shape)
      return drawn(.bernoulli(probability: probability), extents, random.nextSource(), dtype, on: device)
    }
  }

  private static func normal(
    _ extents: Shape, _ mean: Double, _ deviation: Double, _ random: RandomStream, _ dtype: DType, on device: Device
  ) -> Tensor {
    if dtype.isHalf { return normal(extents, mean, deviation, random, .float32, on: device).cast(to: dtype) }
    var x = drawn(.normal, extents, random.nextSource(), dtype, on: device)
    if deviation != 1 { x *= deviation }
    if mean != 0 { x += mean }
    return x
  }

  static func drawn(
    _ distribution: RandomDistribution, _ extents: Shape, _ source: RandomSource, _ dtype: DType, on device: Device
  ) -> Tensor {
    checked {
      try Checks.supported("random", dtype, on: device)
      if dtype.isInteger && distribution != .bits {
        try Checks.fail("random", "draws are floating point, not \(dtype) (shape \(extents))")
      }
      let count = extents.count
      return launch(extents, dtype, on: device) { backend, y in
        try backend.random(distribution, source, count: count, into: y)
      }
    }
  }

  /// Returns normal draws with mean 0 and standard deviation 1 from a point in the sequence space, computed by the
  /// CPU's kernels for the host.
  /// - Throws: `DeviceError` if there is not enough memory.
  package static func hostNormals(_ count: Int, from source: RandomSource) throws -> [Float] {
    try drawn(.normal, [count], source, .float32, on: .cpu).scalars()
  }

  /// Returns x·mask/(1 − probability), with a mask that is 0 with the given probability. The same source gives the same
  /// mask.
  package func dropout(_ probability: Double, _ source: RandomSource) -> Tensor {
    checked {
      try Checks.floatingPoint("dropout", self)
      if !(probability >= 0 && probability <= 1) { try Checks.fail("dropout", "\(probability) is not a probability") }
      let count = extents.count
      var y = Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
        try backend.dropout(x, probability: probability, source, count: count, into: y)
      }
      if let tape = Tape.recording(node) {
        y.node = tape.append(.dropout(DropoutRecord(x: Operand(self), probability: probability, source: source)))
      }
      return y
    }
  }
}

/// y = x·mask, with the same mask for dy.
struct DropoutRecord: GradientRule {
  let x: Operand
  let probability: Double
  let source: RandomSource

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    pass.accumulate(dy.dropout(probability, source), to: x)
  }
}
