import HostSystem

/// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as
/// 1, 2, 3" (SC 2011): four random words as a pure function of a counter and a key. It has no state, so any element of
/// a tensor can be drawn on any device and by any thread, always with the same result.
public enum Philox {
  /// Returns the four words of one block.
  @inlinable public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let (high0, low0) = c.x.multipliedFullWidth(by: 0xD251_1F53)
      let (high1, low1) = c.z.multipliedFullWidth(by: 0xCD9E_8D57)
      c = SIMD4(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0)
      k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return c
  }

  /// Returns a float32 in [0, 1) from the upper 24 bits of a word. The result is exact and the same on every device.
  @inlinable public static func uniform(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

  /// Returns the threshold below which a word gives a mask element of 1: p·2³², rounded to the nearest integer (2³² for
  /// p = 1). NaN counts as 0.
  @inlinable public static func threshold(probability: Double) -> UInt64 {
    if probability.isNaN { return 0 }
    return UInt64((Swift.min(Swift.max(probability, 0), 1) * 0x1p32).rounded())
  }

  /// Returns two normally distributed numbers from two words by the Box-Muller transform, in Double: r = √(−2 ln u),
  /// z = (r cos 2πv, r sin 2πv), with u in (0, 1] and v in [0, 1), both with 24 bits.
  public static func normals(_ first: UInt32, _ second: UInt32) -> (Double, Double) {
    let u = Double((first >> 8) + 1) * 0x1p-24
    let v = Double(second >> 8) * 0x1p-24
    let radius = (-2 * logarithm(u)).squareRoot()
    let angle = 2 * Double.pi * v
    return (radius * cosine(angle), radius * sine(angle))
  }
}

/// The source of random numbers: a point in the sequence space of a seed.
///
/// Element `i` of a draw is word `i % 4` of the Philox block with counter `(i/4 low, i/4 high, call, step)` and key
/// `(key low, key high)`. Uniforms are `Philox.uniform(word)`; normals use the words of a block in pairs.
public struct RandomSource: Sendable {
  /// The seed, combined with a purpose and a name (`derivedKey`).
  public var key: UInt64
  /// The number of the draw within one pass, so that, for example, two dropout layers get different masks.
  public var call: UInt32
  /// The training step.
  public var step: UInt32
  /// An optional int32 element that the kernel adds to `step` when it runs, so that a recorded step draws new numbers
  /// in each replay.
  public var stepOffset: BufferSlice?

  /// Creates a point in the sequence space; see the properties.
  public init(key: UInt64, call: UInt32 = 0, step: UInt32 = 0, stepOffset: BufferSlice? = nil) {
    self.key = key
    self.call = call
    self.step = step
    self.stepOffset = stepOffset
  }

  /// Returns the words of block `index` (elements `4·index ..< 4·index + 4`), with `offset` added to the step.
  @inlinable public func block(_ index: Int, stepOffset offset: UInt32 = 0) -> SIMD4<UInt32> {
    Philox.block(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), call, step &+ offset),
      key: SIMD2(UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)))
  }

  /// Returns a key that depends on a seed and a text, such as the purpose of the numbers and the name of a weight:
  /// FNV-1a over the UTF-8 bytes, finalized by the mixer of SplitMix64 (Steele, Lea, Flood 2014).
  public static func derivedKey(seed: UInt64, _ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    var z = seed &+ 0x9E37_79B9_7F4A_7C15 &+ hash
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The distribution of a draw of random numbers.
public enum RandomDistribution: Sendable, Hashable {
  /// The raw words, as int32.
  case bits
  /// [0, 1) with 24 bits; bitwise identical on all backends.
  case uniform
  /// Mean 0 and standard deviation 1; equal to within 4 ulp on all backends.
  case normal
  /// 1 with this probability, else 0; bool or floating point. Equal on all backends.
  case bernoulli(probability: Double)
}

/// Functions of the C library under different names, because types of this module may have members called `log` or
/// `sin`.
@inlinable func logarithm(_ x: Double) -> Double { log(x) }
@inlinable func cosine(_ x: Double) -> Double { cos(x) }
@inlinable func sine(_ x: Double) -> Double { sin(x) }
