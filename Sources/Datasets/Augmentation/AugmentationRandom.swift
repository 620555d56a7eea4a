import BackendCore
import HostSystem
import NeuralNetworks

/// The random numbers of one augmentation of one example. They depend on the seed, the epoch, and the position of the
/// example alone, and are independent of those of other examples and steps.
///
/// It is a generator for Swift's random functions, too; those may give other numbers with another version of Swift.
public struct AugmentationRandom: RandomNumberGenerator, Sendable {
  let source: RandomSource
  private var words = SIMD4<UInt32>()
  private var position = 0

  init(_ source: RandomSource) { self.source = source }

  /// Returns the next 32 random bits.
  mutating func nextWord() -> UInt32 {
    if position % 4 == 0 { words = source.block(position / 4) }
    defer { position += 1 }
    return words[position % 4]
  }

  public mutating func next() -> UInt64 {
    let high = nextWord()
    return UInt64(high) << 32 | UInt64(nextWord())
  }

  /// Returns a number from the uniform distribution on a range, in 2³² steps. The upper bound itself is not drawn, unless
  /// it equals the lower one.
  public mutating func uniform(in range: ClosedRange<Double> = 0...1) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * (Double(nextWord()) * 0x1p-32)
  }

  /// Returns an integer from 0 to below `count`, with a bias below `count`·2⁻³².
  /// - Parameter count: The number of possible integers, at least 1 and less than 2³².
  public mutating func integer(below count: Int) -> Int {
    guard count >= 1, count <= Int(UInt32.max) else {
      ProgrammerError.end("AugmentationRandom.integer: the count is from 1 to 4294967295, not \(count)")
    }
    return Int((UInt64(nextWord()) &* UInt64(count)) >> 32)
  }

  /// Returns true with the given probability.
  public mutating func isTrue(probability: Double) -> Bool {
    UInt64(nextWord()) < Philox.threshold(probability: probability)
  }

  /// Returns a number from the normal distribution.
  public mutating func normal(mean: Double = 0, deviation: Double = 1) -> Double {
    let first = nextWord()
    return mean + deviation * Philox.normals(first, nextWord()).0
  }

  /// Returns a number from the beta distribution with two equal parameters.
  /// - Parameter alpha: The parameter, above 0: 1 for the uniform distribution.
  mutating func beta(_ alpha: Double) -> Double {
    let (first, second) = (logarithmOfGamma(alpha), logarithmOfGamma(alpha))
    return 1 / (1 + exp(second - first))
  }

  /// Returns the logarithm of a number from the gamma distribution, which small parameters would round to 0 (Marsaglia and
  /// Tsang 2000).
  private mutating func logarithmOfGamma(_ alpha: Double) -> Double {
    if alpha < 1 {
      let share = (Double(nextWord()) + 1) * 0x1p-32
      return logarithmOfGamma(alpha + 1) + log(share) / alpha
    }
    let d = alpha - 1.0 / 3
    while true {
      let x = normal()
      let root = 1 + x / (3 * d.squareRoot())
      let cube = root * root * root
      let u = (Double(nextWord()) + 1) * 0x1p-32
      if root > 0, log(u) < 0.5 * x * x + d * (1 - cube + log(cube)) { return log(d * cube) }
    }
  }
}
