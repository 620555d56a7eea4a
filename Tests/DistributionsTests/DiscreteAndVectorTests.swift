import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Compares distributions of counts, classes, and vectors with values of torch.distributions 2.15 in float64.
@Suite struct DiscreteAndVectorTests {
  @Test(arguments: TestDevices.all) func bernoulli(_ device: Device) throws {
    let device = Numbers(device)
    let d = Bernoulli(probabilities: device([0.3, 0.8]))
    let known = Known(
      logProbability: [-1.2039728043259361, -1.6094379124341005], mean: [0.3, 0.8],
      variance: [0.21, 0.15999999999999998], entropy: [0.6108643020548935, 0.5004024235381879])
    try device.expect(d, at: device([1, 0]), known)
    try device.expect(
      d.klDivergence(to: Bernoulli(probabilities: device([0.4, 0.6]))), [0.021600854143546525, 0.09151622184943575])
  }

  @Test(arguments: TestDevices.all) func geometric(_ device: Device) throws {
    let device = Numbers(device)
    let d = Geometric(probabilities: device([0.3, 0.8]))
    let known = Known(
      logProbability: [-2.2739976361421332, -1.8325814637483102], mean: [2.3333333333333335, 0.25],
      variance: [7.777777777777779, 0.3125], entropy: [2.0362143401829784, 0.6255030294227348])
    try device.expect(d, at: device([3, 1]), known)
    try device.expect(
      d.klDivergence(to: Geometric(probabilities: device([0.4, 0.6]))), [0.07200284714515492, 0.11439527731179455])
  }

  @Test(arguments: TestDevices.all) func binomial(_ device: Device) throws {
    let device = Numbers(device)
    let d = Binomial(totalCount: 5, probabilities: device([0.3, 0.8]))
    let known = Known(
      logProbability: [-1.1753853474740237, -1.1157177565710477], mean: [1.5, 4.0],
      variance: [1.0499999999999998, 0.7999999999999998], entropy: [1.4136148552834449, 1.2430241623118783])
    try device.expect(d, at: device([2, 5]), known)
    try device.expect(
      d.klDivergence(to: Binomial(totalCount: 5, probabilities: device([0.4, 0.6]))),
      [0.10800427071773255, 0.45758110924717876])
  }

  @Test(arguments: TestDevices.all) func poisson(_ device: Device) throws {
    let device = Numbers(device)
    let d = Poisson(rate: device([0.5, 3]))
    let known = Known(
      logProbability: [-2.5794415416798357, -1.7836046756755066], mean: [0.5, 3.0],
      variance: [0.5, 3.0])
    try device.expect(d, at: device([2, 4]), known)
    try device.expect(d.klDivergence(to: Poisson(rate: device([1.5, 0.8]))), [0.4506938556659452, 1.765267519946958])
  }

  @Test(arguments: TestDevices.all) func negativeBinomial(_ device: Device) throws {
    let device = Numbers(device)
    let d = NegativeBinomial(totalCount: device([2.5, 5]), probabilities: device([0.3, 0.8]))
    let known = Known(
      logProbability: [-1.8237264486891256, -4.326625411790072], mean: [1.0714285714285712, 20],
      variance: [1.5306122448979587, 100])
    try device.expect(d, at: device([2, 5]), known)
    let same = NegativeBinomial(totalCount: device([2.5, 5]), logits: d.logits)
    try device.expect(same.logProbability(of: device([2, 5])), known.logProbability)
    try device.expect(same.probabilities, [0.3, 0.8])
  }

  @Test(arguments: TestDevices.all) func categorical(_ device: Device) throws {
    let device = Numbers(device)
    let d = Categorical(probabilities: device([0.2, 0.5, 0.3, 0.1, 0.1, 0.8], [2, 3]))
    let known = Known(
      logProbability: [-0.6931471805599453, -0.2231435513142097], mean: [.nan, .nan],
      variance: [.nan, .nan], entropy: [1.0296530140645737, 0.639031859650177])
    try device.expect(d, at: Tensor(integers: [1, 2], on: device.device), known)
    try device.expect(
      d.klDivergence(to: Categorical(probabilities: device([0.3, 0.3, 0.4, 0.2, 0.2, 0.6], [2, 3]))),
      [0.08801516852582823, 0.09151622184943578])
  }

  /// Logits of −∞ mean impossible classes, for example masked ones.
  @Test(arguments: TestDevices.all) func impossibleClasses(_ device: Device) throws {
    let device = Numbers(device)
    let d = Categorical(logits: device([0, -.infinity, 0])), other = Categorical(logits: device([0, 0, 0]))
    try device.expect(d.entropy, [0.6931471805599453])
    try device.expect(d.klDivergence(to: other), [0.4054651081081644])
    try device.expect(d.klDivergence(to: d), [0])
    try device.expect(other.klDivergence(to: d), [.infinity])
    try device.expect(
      OneHotCategorical(logits: d.logits).logProbability(of: device([1, 0, 0, 0, 1, 0], [2, 3])),
      [-0.6931471805599453, -.infinity])
    try device.expect(
      Multinomial(totalCount: 2, logits: d.logits).logProbability(of: device([1, 0, 1])), [-0.6931471805599453])
  }

  @Test(arguments: TestDevices.all) func oneHotCategorical(_ device: Device) throws {
    let device = Numbers(device)
    let d = OneHotCategorical(probabilities: device([0.2, 0.5, 0.3, 0.1, 0.1, 0.8], [2, 3]))
    let known = Known(
      logProbability: [-0.6931471805599453, -0.2231435513142097], mean: [0.2, 0.5, 0.3, 0.1, 0.1, 0.8],
      variance: [0.16000000000000003, 0.25, 0.21, 0.09000000000000001, 0.09000000000000001, 0.15999999999999998],
      entropy: [1.0296530140645737, 0.639031859650177])
    try device.expect(d, at: device([0, 1, 0, 0, 0, 1], [2, 3]), known)
    try device.expect(
      d.klDivergence(to: OneHotCategorical(probabilities: device([0.3, 0.3, 0.4, 0.2, 0.2, 0.6], [2, 3]))),
      [0.08801516852582823, 0.09151622184943578])
  }

  @Test(arguments: TestDevices.all) func multinomial(_ device: Device) throws {
    let device = Numbers(device)
    let d = Multinomial(totalCount: 4, probabilities: device([0.2, 0.5, 0.3, 0.1, 0.1, 0.8], [2, 3]))
    let known = Known(
      logProbability: [-1.7147984280919268, -0.8925742052568388], mean: [0.8, 2.0, 1.2, 0.4, 0.4, 3.2],
      variance: [0.6400000000000001, 1.0, 0.84, 0.36000000000000004, 0.36000000000000004, 0.6399999999999999],
      entropy: [2.3490839816745126, 1.6010867275880383])
    try device.expect(d, at: device([1, 2, 1, 0, 0, 4], [2, 3]), known)
  }

  /// Without leading axes, log probabilities and entropies are numbers.
  @Test(arguments: TestDevices.all) func countsOfOneDistribution(_ device: Device) throws {
    let device = Numbers(device)
    let binomial = Known(
      logProbability: [-1.1753853474740237], mean: [1.5], variance: [1.0499999999999998], entropy: [1.4136148552834449])
    try device.expect(Binomial(totalCount: 5, probabilities: device([0.3], [])), at: device([2], []), binomial)
    let multinomial = Known(
      logProbability: [-1.7147984280919268], mean: [0.8, 2.0, 1.2], variance: [0.6400000000000001, 1.0, 0.84],
      entropy: [2.3490839816745126])
    try device.expect(
      Multinomial(totalCount: 4, probabilities: device([0.2, 0.5, 0.3])), at: device([1, 2, 1]), multinomial)
  }

  @Test(arguments: TestDevices.all) func dirichlet(_ device: Device) throws {
    let device = Numbers(device)
    let d = Dirichlet(concentration: device([0.5, 2, 3, 1, 4, 0.7], [2, 3]))
    let known = Known(
      logProbability: [0.39592801113930376, -4.609471274316016],
      mean: [
        0.09090909090909091, 0.36363636363636365, 0.5454545454545454, 0.17543859649122806, 0.7017543859649122,
        0.12280701754385964,
      ],
      variance: [
        0.012714558169103624, 0.03560076287349015, 0.03814367450731087, 0.021591029157077033, 0.03123808473789869,
        0.01607842596803609,
      ], entropy: [-1.9146769909858063, -1.910188639564447])
    try device.expect(d, at: device([0.2, 0.5, 0.3, 0.1, 0.1, 0.8], [2, 3]), known)
    try device.expect(
      d.klDivergence(to: Dirichlet(concentration: device([1, 2, 1, 2, 2, 2], [2, 3]))),
      [1.3112263352410352, 2.614387748185839])
  }

  @Test(arguments: TestDevices.all) func multivariateNormal(_ device: Device) throws {
    let device = Numbers(device)
    let covariance = [2, 0.3, -0.4, 0.3, 1, 0.2, -0.4, 0.2, 0.5]
    let d = MultivariateNormal(mean: device([0.5, -1, 2, 0, 1, -1], [2, 3]), covariance: device(covariance, [3, 3]))
    let known = Known(
      logProbability: [-5.822323987578513, -3.310255022061271], mean: [0.5, -1.0, 2.0, 0.0, 1.0, -1.0],
      variance: [2.0000000000000004, 1.0, 0.49999999999999994, 2.0000000000000004, 1.0, 0.49999999999999994],
      entropy: [4.054332983080762, 4.054332983080762])
    try device.expect(d, at: device([0.2, 0.5, 1.3, 0.1, 0.1, -0.8], [2, 3]), known)
    let other = MultivariateNormal(
      mean: device([0.1, 0.2, 0.3]), covariance: device([1, -0.2, 0.1, -0.2, 2, 0.3, 0.1, 0.3, 1.5], [3, 3]))
    try device.expect(d.klDivergence(to: other), [2.321773825045809, 1.5995417455568095])
    let factor = [
      1.4142135623730951, 0.0, 0.0, 0.21213203435596423, 0.9772410142846032, 0.0, -0.282842712474619,
      0.2660551452502585, 0.5909438718574411,
    ]
    try device.expect(d.scaleTriangle, factor + factor)
    try device.expect(d.covariance, covariance + covariance)
    let same = MultivariateNormal(
      mean: d.mean, scaleTriangle: d.scaleTriangle + device([0, 1, 1, 0, 0, 1, 0, 0, 0], [3, 3]))
    try device.expect(same.scaleTriangle, factor + factor)
  }

  @Test(arguments: TestDevices.all) func independent(_ device: Device) throws {
    let device = Numbers(device)
    let d = Independent(
      Normal(mean: device([0.5, -1, 0, 1], [2, 2]), standardDeviation: device([1, 2, 0.5, 0.7], [2, 2])), axes: 1)
    let known = Known(
      logProbability: [-2.8572742469692907, -4.11417739089026], mean: [0.5, -1.0, 0.0, 1.0],
      variance: [1.0, 4.0, 0.25, 0.48999999999999994], entropy: [3.5310242469692907, 1.7880549419106675])
    try device.expect(d, at: device([0.2, 0.5, 0.1, -0.8], [2, 2]), known)
    try device.expect(
      d.klDivergence(
        to: Independent(Normal(mean: device([0, 0, 0, 0], [2, 2]), standardDeviation: device([1])), axes: 1)),
      [1.4318528194400546, 0.9198221244986777])
  }

  @Test(arguments: TestDevices.all) func mixture(_ device: Device) throws {
    let device = Numbers(device)
    let d = Mixture(
      weights: Categorical(probabilities: device([0.3, 0.7, 0.5, 0.5], [2, 2])),
      components: Normal(mean: device([0.5, -1, 0, 1], [2, 2]), standardDeviation: device([1, 2, 0.5, 0.7], [2, 2])))
    let known = Known(
      logProbability: [-1.4651429741903306, -0.7705306263856081], mean: [-0.5499999999999999, 0.5],
      variance: [3.5725, 0.62])
    try device.expect(d, at: device([0.2, 0.5]), known)
  }
}
