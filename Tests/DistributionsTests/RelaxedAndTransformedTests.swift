import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Compares functions of draws, and relaxed classes, with values of torch.distributions 2.15 in float64.
@Suite struct RelaxedAndTransformedTests {
  private static let unknown = [Double](repeating: .nan, count: 2)

  /// PyTorch has no distribution function of it; its values are those of the logistic distribution, and were compared with
  /// integrals of the density.
  @Test(arguments: TestDevices.all) func relaxedBernoulli(_ device: Device) throws {
    let device = Numbers(device)
    let d = RelaxedBernoulli(temperature: device([0.5, 2]), probabilities: device([0.3, 0.8]))
    let known = Known(
      logProbability: [-0.89805033785637, -1.2711932727007218], mean: Self.unknown, variance: Self.unknown)
    try device.expect(d, at: device([0.7, 0.25]), known)
    try device.expectCumulative(
      d, at: device([0.7, 0.25]), [0.7809047797655929, 0.02702702702702703],
      quantiles: [0.011349306431273644, 0.8571428571428571])
  }

  @Test(arguments: TestDevices.all) func relaxedOneHotCategorical(_ device: Device) throws {
    let device = Numbers(device)
    let shares = device([0.2, 0.5, 0.3, 0.1, 0.1, 0.8], [2, 3])
    let d = RelaxedOneHotCategorical(temperature: device([0.5, 2]), probabilities: shares)
    let unknown = [Double](repeating: .nan, count: 6)
    let known = Known(logProbability: [-0.8962425458218628, 2.508744072601856], mean: unknown, variance: unknown)
    try device.expect(d, at: device([0.3, 0.3, 0.4, 0.2, 0.2, 0.6], [2, 3]), known)
    try device.expect(d.probabilities, shares.scalars(as: Double.self))
    let sums = d.sample([4], using: RandomStream(seed: 2)).sum(axis: -1)
    try device.expect(sums, [Double](repeating: 1, count: 8))
    // One temperature for all.
    let cold = RelaxedOneHotCategorical(temperature: device([0.5], []), logits: shares.log())
    #expect(cold.batchShape == [2])
    try device.expect(cold.logProbability(of: device([0.3, 0.3, 0.4]))[0], [-0.8962425458218628])
  }

  @Test(arguments: TestDevices.all) func oneHotCategoricalStraightThrough(_ device: Device) throws {
    let device = Numbers(device)
    let d = OneHotCategoricalStraightThrough(probabilities: device([0.2, 0.5, 0.3, 0.1, 0.1, 0.8], [2, 3]))
    let known = Known(
      logProbability: [-0.6931471805599453, -0.2231435513142097], mean: [0.2, 0.5, 0.3, 0.1, 0.1, 0.8],
      variance: [0.16000000000000003, 0.25, 0.21, 0.09000000000000001, 0.09000000000000001, 0.15999999999999998],
      entropy: [1.0296530140645737, 0.639031859650177])
    try device.expect(d, at: device([0, 1, 0, 0, 0, 1], [2, 3]), known)
    let other = OneHotCategoricalStraightThrough(probabilities: device([0.3, 0.3, 0.4, 0.2, 0.2, 0.6], [2, 3]))
    try device.expect(d.klDivergence(to: other), [0.08801516852582823, 0.09151622184943578])
  }

  /// Draws are those of `OneHotCategorical`; their gradient is that of the probabilities.
  @Test(arguments: TestDevices.all) func gradientsPassStraightThrough(_ device: Device) throws {
    let device = Numbers(device)
    let (logits, weights) = (device([0.3, -0.5, 1.2]), device([1, -2, 0.5]))
    let draw = OneHotCategorical(logits: logits).sample(using: RandomStream(seed: 4))
    try device.expect(
      OneHotCategoricalStraightThrough(logits: logits).sample(using: RandomStream(seed: 4)),
      draw.scalars(as: Double.self))
    let found = valueAndGradient(at: logits) { logits in
      let d = OneHotCategoricalStraightThrough(logits: logits)
      return (d.sample(using: RandomStream(seed: 4)) * weights).sum()
    }
    let expected = valueAndGradient(at: logits) { ($0.softmax() * weights).sum() }
    try device.expect(found.gradient, expected.gradient.scalars(as: Double.self))
  }

  @Test(arguments: TestDevices.all) func logisticNormal(_ device: Device) throws {
    let device = Numbers(device)
    let d = LogisticNormal(
      mean: device([0.5, -1, 0, 1], [2, 2]), standardDeviation: device([1, 2, 0.5, 0.7], [2, 2]))
    let unknown = [Double](repeating: .nan, count: 6)
    let known = Known(
      logProbability: [-0.02159070506686911, -10.160728844394425], mean: unknown, variance: unknown)
    try device.expect(d, at: device([0.2, 0.5, 0.3, 0.1, 0.1, 0.8], [2, 3]), known)
    // Without a deviation, draws are StickBreakingTransform of the means.
    let shares = LogisticNormal(mean: device([0.3, -0.2, 0.1, 0.4], [2, 2]), standardDeviation: device([0]))
    try device.expect(
      shares.sample(using: RandomStream(seed: 1)),
      [
        0.4029599111828766, 0.26876715022700765, 0.3282729385901158, 0.3559130712072203, 0.3856068963079648,
        0.25848003248481494,
      ])
  }

  @Test(arguments: TestDevices.all) func transformed(_ device: Device) throws {
    let device = Numbers(device)
    let base = Normal(mean: device([-0.5, 1.5]), standardDeviation: device([0.5, 2]))
    func expect(
      _ d: TransformedDistribution<Normal>, at values: [Double], _ logProbability: [Double], _ cumulative: [Double],
      quantiles: [Double]
    ) throws {
      let known = Known(logProbability: logProbability, mean: Self.unknown, variance: Self.unknown)
      try device.expect(d, at: device(values), known)
      try device.expectCumulative(d, at: device(values), cumulative, quantiles: quantiles)
    }
    try expect(
      TransformedDistribution(base, .exp), at: [0.7, 2.5], [0.08979944790407413, -2.5709660093507742],
      [0.6128098800624081, 0.38519888540096786], quantiles: [0.3981961257580627, 58.154492384562204])
    try expect(
      TransformedDistribution(base, .tanh), at: [-0.7, 0.25], [0.17773384533037812, -1.7411718512301706],
      [0.23129124753246966, 0.26687441632520814], quantiles: [-0.7262806701172039, 0.9994087991353214])
    // The first scale is negative.
    let affine = DistributionTransform.affine(location: device([1, -1]), scale: device([-2, 3]))
    try expect(
      TransformedDistribution(base, .sigmoid, affine), at: [-0.7, 0.25], [-8.846183372304292, -1.7178115488312062],
      [3.925595910003743e-06, 0.17924763164977936], quantiles: [0.03957401318532072, 1.949285339471818])
    let same = DistributionTransform(forward: { $0.exp() }, inverse: { $0.log() }, logDerivative: { $0 })
    try device.expect(
      TransformedDistribution(base, same).logProbability(of: device([0.7, 2.5])),
      [0.08979944790407413, -2.5709660093507742])
  }

  /// The derivatives of the elements of an event are added.
  @Test(arguments: TestDevices.all) func transformedVectors(_ device: Device) throws {
    let device = Numbers(device)
    let base = Independent(
      Normal(mean: device([0.5, -1, 0, 1], [2, 2]), standardDeviation: device([1, 2, 0.5, 0.7], [2, 2])), axes: 1)
    let d = TransformedDistribution(base, .affine(location: device([0.5], []), scale: device([2], [])), .tanh)
    let unknown = [Double](repeating: .nan, count: 4)
    let known = Known(logProbability: [-3.9304166341936915, -4.526087719473821], mean: unknown, variance: unknown)
    try device.expect(d, at: device([0.2, 0.5, 0.1, -0.8], [2, 2]), known)
  }
}
