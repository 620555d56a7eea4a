import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Compares distributions of positive numbers with values of torch.distributions 2.15 in float64, unless a test says otherwise.
@Suite struct PositiveNumberTests {
  /// The divergences are those of Cauchy distributions, and were compared with integrals.
  @Test(arguments: TestDevices.all) func halfCauchy(_ device: Device) throws {
    let device = Numbers(device)
    let d = HalfCauchy(scale: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.8436247930654784, -2.0857132303139263], mean: [.infinity, .infinity],
      variance: [.infinity, .infinity], entropy: [1.1447298858494, 2.5310242469692907])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([0.7, 2.5]), [0.6051369134225069, 0.5704465749545546],
      quantiles: [0.16245984811645311, 12.627503029350063])
    try device.expect(
      d.klDivergence(to: HalfCauchy(scale: device([1.5, 0.8]))), [0.2876820724517808, 0.20294084399669])
  }

  @Test(arguments: TestDevices.all) func pareto(_ device: Device) throws {
    let device = Numbers(device)
    let d = Pareto(scale: device([0.5, 2]), alpha: device([0.7, 5]))
    let known = Known(
      logProbability: [-0.23553056563484903, -0.4225705760111036], mean: [.infinity, 2.5],
      variance: [.infinity, 0.4166666666666667], entropy: [2.092099191950216, 0.28370926812584496])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([0.7, 2.5]), [0.20984848884286267, 0.67232], quantiles: [0.6877219407128086, 3.169786384922227])
    let alpha = device([1.5, 0.8])
    try device.expect(
      d.klDivergence(to: Pareto(scale: device([0.3, 1]), alpha: alpha)), [1.146955526459232, 1.5470992081962667])
    try device.expect(d.klDivergence(to: Pareto(scale: device([0.7, 3]), alpha: alpha)), [.infinity, .infinity])
  }

  /// The divergences are a closed form in NumPy, which was compared with integrals.
  @Test(arguments: TestDevices.all) func weibull(_ device: Device) throws {
    let device = Numbers(device)
    let d = Weibull(scale: device([0.5, 2]), concentration: device([0.7, 5]))
    let known = Known(
      logProbability: [-1.0300494982892838, -1.242892875369006], mean: [0.6329117530286418, 1.8363374847995213],
      variance: [0.8567088884132882, 0.17691991193246892], entropy: [0.41614962127813016, 0.5454818000470714])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([0.7, 2.5]), [0.7179243732192058, 0.9527242505937095],
      quantiles: [0.058664612336516736, 2.3630512100843566])
    try device.expect(
      d.klDivergence(to: Weibull(scale: device([1.5, 0.8]), concentration: device([0.3, 2]))),
      [0.4843306725276517, 3.282778728579146])
  }

  /// The divergences are those of the gamma distributions of the inverses.
  @Test(arguments: TestDevices.all) func inverseGamma(_ device: Device) throws {
    let device = Numbers(device)
    let d = InverseGamma(concentration: device([0.7, 5]), rate: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.8540085825134975, -6.01006231879315], mean: [.infinity, 0.5],
      variance: [.infinity, 0.08333333333333333], entropy: [2.34176010725821, -0.165504999682911])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expect(
      d.klDivergence(to: InverseGamma(concentration: device([0.3, 2]), rate: device([1.5, 0.8]))),
      [1.417337640206802, 0.1728806386957653])
  }

  /// The entropies are SciPy's.
  @Test(arguments: TestDevices.all) func fisherSnedecor(_ device: Device) throws {
    let device = Numbers(device)
    let d = FisherSnedecor(numerator: device([2.5, 5]), denominator: device([3.5, 7]))
    let known = Known(
      logProbability: [-0.8503342180834484, -2.311935122866075], mean: [2.3333333333333335, 1.4],
      variance: [.nan, 2.6133333333333333], entropy: [1.6053192400045682, 1.252403133378504])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expect(FisherSnedecor(numerator: device([1]), denominator: device([2])).mean, [.nan])
  }

  @Test(arguments: TestDevices.all) func kumaraswamy(_ device: Device) throws {
    let device = Numbers(device)
    let d = Kumaraswamy(alpha: device([0.7, 5]), beta: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.18789683732569532, -3.2435693911333434], mean: [0.5985110299871592, 0.7575757575757575],
      variance: [0.10785092840263039, 0.02131706677161238], entropy: [-0.21319457787851193, -0.6025850929940454])
    try device.expect(d, at: device([0.7, 0.25]), known)
    try device.expectCumulative(
      d, at: device([0.7, 0.25]), [0.5299531009255023, 0.0019521713256835938],
      quantiles: [0.2323520078060411, 0.9267920340127743])
    try device.expect(d.cumulativeProbability(of: device([0, 1])), [0, 1])
  }

  @Test(arguments: TestDevices.all) func valuesOutsideOfTheSupport(_ device: Device) throws {
    let device = Numbers(device)
    let (one, below) = (device([1]), device([-0.5]))
    func isOutside(_ d: some CumulativeDistribution) throws {
      try device.expect(d.logProbability(of: below), [-Double.infinity])
      try device.expect(d.cumulativeProbability(of: below), [0])
    }
    try isOutside(HalfCauchy(scale: one))
    try isOutside(Pareto(scale: one, alpha: one))
    try isOutside(Weibull(scale: one, concentration: 0.5 * one))
    try device.expect(Pareto(scale: one, alpha: one).logProbability(of: device([0.5])), [-Double.infinity])
  }
}
