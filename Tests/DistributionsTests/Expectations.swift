import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Values of a distribution, elementwise.
struct Known {
  var logProbability: [Double]
  var mean: [Double]
  var variance: [Double]
  var entropy: [Double]?
}

/// Tensors on a device in its most precise element type, and comparisons with its accuracy.
struct Numbers {
  let device: Device
  init(_ device: Device) { self.device = device }

  private var isReference: Bool { device == TestDevices.reference }
  var dtype: DType { isReference ? .float64 : .float32 }

  func callAsFunction(_ numbers: [Double], _ shape: [Int]? = nil) -> Tensor {
    Tensor(numbers, shape: shape ?? [numbers.count], dtype: dtype, on: device)
  }

  /// Compares numbers. Errors are relative to the expected number, or to `scale` if that is larger.
  func expect(
    _ tensor: Tensor, _ expected: [Double], scale: Double = 1, float32Tolerance: Double = 4e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try tensor.scalars(as: Double.self)
    #expect(tensor.device == device && tensor.dtype == dtype, sourceLocation: sourceLocation)
    let tolerance = isReference ? 1e-12 : float32Tolerance
    let isClose =
      found.count == expected.count
      && zip(found, expected).allSatisfy { found, expected in
        found == expected || (found.isNaN && expected.isNaN)
          || abs(found - expected) <= tolerance * max(scale, abs(expected))
      }
    #expect(isClose, "found \(found), expected \(expected)", sourceLocation: sourceLocation)
  }

  func expect(
    _ d: some Distribution, at values: Tensor, _ known: Known, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expect(d.logProbability(of: values), known.logProbability, sourceLocation: sourceLocation)
    try expect(d.mean, known.mean, sourceLocation: sourceLocation)
    try expect(d.variance, known.variance, sourceLocation: sourceLocation)
    try expect(
      d.standardDeviation, known.variance.map { $0.squareRoot() }, sourceLocation: sourceLocation)
    let entropy = (d as? any EntropyDistribution)?.entropy
    #expect((entropy == nil) == (known.entropy == nil), sourceLocation: sourceLocation)
    if let entropy, let expected = known.entropy {
      try expect(entropy, expected, sourceLocation: sourceLocation)
      #expect(entropy.shape == d.batchShape, sourceLocation: sourceLocation)
    }
    #expect(d.mean.shape == d.batchShape + d.eventShape, sourceLocation: sourceLocation)
    #expect(d.variance.shape == d.batchShape + d.eventShape, sourceLocation: sourceLocation)
    // Any shape may precede that of the batch.
    let repeated = Tensor.stacked([values, values])
    try expect(
      d.logProbability(of: repeated), known.logProbability + known.logProbability, sourceLocation: sourceLocation)
    #expect(d.logProbability(of: values).shape == d.batchShape, sourceLocation: sourceLocation)
    let draws = d.sample([2, 5], using: RandomStream(seed: 1))
    #expect(draws.shape == [2, 5] + d.batchShape + d.eventShape, sourceLocation: sourceLocation)
    #expect(draws.device == device, sourceLocation: sourceLocation)
  }

  /// Distribution functions at values, and the quantiles of 0.2 and 0.9.
  func expectCumulative(
    _ d: some CumulativeDistribution, at values: Tensor, _ cumulative: [Double], quantiles: [Double],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expect(d.cumulativeProbability(of: values), cumulative, sourceLocation: sourceLocation)
    try expect(d.quantile(of: self([0.2, 0.9])), quantiles, sourceLocation: sourceLocation)
  }
}
