import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Statistics of draws with a fixed seed, on every device.
@Suite struct SamplingTests {
  private static let count = 20_000

  private func draws(_ d: some Distribution, count: Int) throws -> [Double] {
    try d.sample([count], using: RandomStream(seed: 7)).scalars(as: Double.self)
  }

  /// The statistic of Kolmogorov and Smirnov, √n times the largest distance of the distribution functions, exceeds 1.95 for
  /// one seed of a thousand.
  private func follows(_ d: some CumulativeDistribution, draws: Tensor? = nil, _ name: Comment) throws {
    let n = Double(Self.count)
    let draws = draws ?? d.sample([Self.count], using: RandomStream(seed: 7))
    let expected = try d.cumulativeProbability(of: draws).scalars(as: Double.self).sorted()
    let distances = expected.enumerated().map { (i: Int, p: Double) -> Double in
      max(p - Double(i) / n, Double(i + 1) / n - p)
    }
    let distance = distances.max() ?? 1
    #expect(distance * n.squareRoot() < 1.95, name)
  }

  @Test(arguments: TestDevices.all) func drawsFollowTheDistributionFunction(_ device: Device) throws {
    let device = Numbers(device)
    let (a, b) = (device([-0.5]), device([2]))
    try follows(Normal(mean: a, standardDeviation: b), "Normal")
    try follows(LogNormal(mean: a, standardDeviation: b), "LogNormal")
    try follows(HalfNormal(scale: b), "HalfNormal")
    try follows(Uniform(low: a, high: b), "Uniform")
    try follows(Laplace(location: a, scale: b), "Laplace")
    try follows(Logistic(location: a, scale: b), "Logistic")
    try follows(Gumbel(location: a, scale: b), "Gumbel")
    try follows(Cauchy(location: a, scale: b), "Cauchy")
    try follows(Exponential(rate: b), "Exponential")
    try follows(HalfCauchy(scale: b), "HalfCauchy")
    try follows(Pareto(scale: b, alpha: 0.5 * b), "Pareto")
    try follows(Weibull(scale: b, concentration: 0.25 * b), "Weibull")
    try follows(Kumaraswamy(alpha: 0.25 * b, beta: 2 * b), "Kumaraswamy")
    try follows(
      TransformedDistribution(Normal(mean: a, standardDeviation: 0.25 * b), .tanh, .affine(location: b, scale: a)),
      "TransformedDistribution")
  }

  /// The share of the second of two relaxed classes is a relaxed Bernoulli number.
  @Test(arguments: TestDevices.all) func relaxedDrawsFollowTheDistributionFunction(_ device: Device) throws {
    let device = Numbers(device)
    let temperature = device([2])
    let d = RelaxedBernoulli(temperature: temperature, logits: device([-0.5]))
    try follows(d, "RelaxedBernoulli")
    let classes = RelaxedOneHotCategorical(temperature: temperature, logits: device([1, 0.5], [1, 2]))
    let draws = classes.sample([Self.count], using: RandomStream(seed: 7))
    try follows(d, draws: draws[.ellipsis, 1], "RelaxedOneHotCategorical")
  }

  /// The logit of the first of three shares, plus ln 2, is the first normal number.
  @Test(arguments: TestDevices.all) func logisticNormalDrawsFollowTheDistributionFunction(_ device: Device) throws {
    let device = Numbers(device)
    let d = LogisticNormal(mean: device([0.5, -1]), standardDeviation: device([1.5, 2]))
    let first = d.sample([Self.count], using: RandomStream(seed: 7))[.ellipsis, 0]
    try follows(
      Normal(mean: device([0.5], []), standardDeviation: device([1.5], [])), draws: first.logit() + 0.6931471805599453,
      "LogisticNormal")
  }

  /// The share of draws below the quantiles of 5, 25, 50, 75, and 95 %, by SciPy's `ppf`.
  private func follows(
    _ d: some Distribution, count: Int = SamplingTests.count, quantiles: [Double], _ name: Comment
  ) throws {
    let draws = try draws(d, count: count)
    for (p, quantile) in zip([0.05, 0.25, 0.5, 0.75, 0.95], quantiles) {
      let share = Double(draws.count { $0 <= quantile }) / Double(count)
      let deviation = (p * (1 - p) / Double(count)).squareRoot()
      #expect(abs(share - p) < 4 * deviation, "\(name): \(share) below the quantile of \(p)")
    }
  }

  @Test(arguments: TestDevices.all) func gammaDrawsHaveTheirQuantiles(_ device: Device) throws {
    let device = Numbers(device)
    let one = device([1])
    try follows(
      Gamma(concentration: device([0.3]), rate: one),
      quantiles: [
        3.211034699722965e-05, 0.006899802569055457, 0.07313113586695198, 0.3428994608145761, 1.372349944100886,
      ], "Gamma(0.3)")
    try follows(
      Gamma(concentration: device([4.5]), rate: one),
      quantiles: [1.6625564215334074, 2.949412941484986, 4.1714163461264775, 5.694375720235186, 8.459488802310224],
      "Gamma(4.5)")
    try follows(
      Gamma(concentration: device([200]), rate: one),
      quantiles: [177.32048703304125, 190.28833499202108, 199.6667656124657, 209.3484400855892, 223.8162339154042],
      "Gamma(200)")
    try follows(
      Beta(alpha: device([0.6]), beta: device([2.5])),
      quantiles: [
        0.002439229833632729, 0.03683644143157366, 0.1275567971897147, 0.2961295920280352, 0.60470072627237,
      ], "Beta(0.6, 2.5)")
    try follows(
      StudentT(degreesOfFreedom: device([3]), location: 0 * one, scale: one),
      quantiles: [-2.353363434801824, -0.7648923284043444, 0, 0.7648923284043444, 2.3533634348018233], "StudentT(3)")
    try follows(
      InverseGamma(concentration: device([3]), rate: one),
      quantiles: [0.15883621034303538, 0.25507587860143477, 0.3739631431901123, 0.5789384224065957, 1.222955191066701],
      "InverseGamma(3)")
    try follows(
      FisherSnedecor(numerator: device([3]), denominator: device([5])),
      quantiles: [0.1109452459033928, 0.4150245760541098, 0.9071462198190193, 1.884267854006886, 5.409451318056488],
      "FisherSnedecor(3, 5)")
  }

  /// Mean and variance within about five standard errors.
  private func hasMoments(_ d: some Distribution, _ name: Comment) throws {
    let draws = d.sample([Self.count], using: RandomStream(seed: 7)).cast(to: d.mean.dtype)
    let mean = try draws.mean(axis: 0).scalars(as: Double.self)
    let variance = try draws.variance(axis: 0).scalars(as: Double.self)
    let (expected, spread) = (try d.mean.scalars(as: Double.self), try d.variance.scalars(as: Double.self))
    for i in expected.indices {
      #expect(abs(mean[i] - expected[i]) <= 5 * (spread[i] / Double(Self.count)).squareRoot() + 1e-6, name)
      #expect(abs(variance[i] - spread[i]) <= 0.1 * spread[i] + 1e-6, name)
    }
  }

  @Test(arguments: TestDevices.all) func countsAndVectorsHaveTheirMoments(_ device: Device) throws {
    let device = Numbers(device)
    let p = device([0.3, 0.8]), shares = device([0.2, 0.5, 0.3, 0.1, 0.1, 0.8], [2, 3])
    try hasMoments(Bernoulli(probabilities: p), "Bernoulli")
    try hasMoments(Geometric(probabilities: p), "Geometric")
    try hasMoments(Binomial(totalCount: 5, probabilities: p), "Binomial")
    try hasMoments(NegativeBinomial(totalCount: device([2.5, 5]), probabilities: p), "NegativeBinomial")
    try hasMoments(Poisson(rate: device([0.5, 3])), "Poisson")
    try hasMoments(ChiSquared(degreesOfFreedom: device([0.5, 3])), "ChiSquared")
    try hasMoments(OneHotCategorical(probabilities: shares), "OneHotCategorical")
    try hasMoments(Multinomial(totalCount: 4, probabilities: shares), "Multinomial")
    try hasMoments(Dirichlet(concentration: 3 * shares), "Dirichlet")
    try hasMoments(
      Mixture(
        weights: Categorical(probabilities: device([0.3, 0.7])),
        components: Normal(mean: device([0.5, -1]), standardDeviation: device([1, 2]))), "Mixture")
  }

  @Test(arguments: TestDevices.all) func matricesHaveTheirMoments(_ device: Device) throws {
    let device = Numbers(device)
    let covariance = device([2, 0.3, -0.4, 0.3, 1, 0.2, -0.4, 0.2, 0.5], [3, 3])
    try hasMoments(
      LowRankMultivariateNormal(
        mean: device([0.5, -1, 2]), covarianceFactor: device([1, 0.3, -0.4, 0.7, 0.2, -0.6], [3, 2]),
        covarianceDiagonal: device([0.5, 1.2, 0.8])), "LowRankMultivariateNormal")
    try hasMoments(Wishart(degreesOfFreedom: device([3.5, 7]), covariance: covariance), "Wishart")
    try hasMoments(LKJCholesky(dimension: 4, concentration: device([0.7, 2.5])), "LKJCholesky")
  }

  /// A correlation has the variance 1/(2η + d − 1), wherever it is in the matrix.
  @Test(arguments: TestDevices.all) func correlationsHaveOneVariance(_ device: Device) throws {
    let device = Numbers(device)
    let factors = LKJCholesky(dimension: 4, concentration: device([1.5], [])).sample(
      [Self.count], using: RandomStream(seed: 3))
    let correlations = factors.matmul(factors, transposingRight: true)
    let variance = try correlations.variance(axis: 0).scalars(as: Double.self)
    for (i, found) in variance.enumerated() {
      #expect(i % 5 == 0 ? found < 1e-10 : abs(found - 1.0 / 6) < 0.006, "\(i): \(found)")
    }
  }

  /// A covariance of normal vectors is the mean of their outer products.
  @Test(arguments: TestDevices.all) func drawsOfLowRankHaveTheirCovariance(_ device: Device) throws {
    let device = Numbers(device)
    let d = LowRankMultivariateNormal(
      mean: device([0.5, -1, 2]), covarianceFactor: device([1, -0.4, 0.9], [3, 1]),
      covarianceDiagonal: device([0.5, 1.2, 0.8]))
    let centered = d.sample([Self.count], using: RandomStream(seed: 3)) - d.mean
    let found = try (centered.matmul(centered, transposingLeft: true) / Double(Self.count)).scalars(as: Double.self)
    for (a, b) in zip(found, [1.5, -0.4, 0.9, -0.4, 1.36, -0.36, 0.9, -0.36, 1.61]) { #expect(abs(a - b) < 0.07) }
  }

  /// Each draw takes 32 candidates: there are fewer draws than of numbers, and one concentration on the slow Reference device.
  @Test(arguments: TestDevices.all) func anglesHaveTheirQuantiles(_ device: Device) throws {
    let all: [(concentration: Double, quantiles: [Double])] = [
      (4, [-0.8867003617647172, -0.3520552735719147, 0, 0.3520552735719147, 0.8867003617647172]),
      (0, [-0.9, -0.5, 0, 0.5, 0.9].map { $0 * Double.pi }),
      (0.5, [-2.603801438175387, -1.1124469363009148, 0, 1.1124469363009148, 2.603801438175387]),
      (200, [-0.11644739544435212, -0.047728050406617116, 0, 0.047728050406617116, 0.11644739544435212]),
    ]
    let numbers = Numbers(device)
    for (kappa, quantiles) in device == TestDevices.reference ? Array(all.prefix(1)) : all {
      let d = VonMises(location: numbers([0]), concentration: numbers([kappa]))
      try follows(d, count: 5000, quantiles: quantiles, "VonMises(\(kappa))")
    }
  }

  /// Angles beyond π continue at −π, and draws have no gradient.
  @Test(arguments: TestDevices.all) func anglesAreWrapped(_ device: Device) throws {
    let device = Numbers(device)
    let wrapped = try draws(VonMises(location: device([3]), concentration: device([4])), count: 500)
    #expect(wrapped.allSatisfy { abs($0) < 3.1416 } && wrapped.contains { $0 < -2.5 } && wrapped.contains { $0 > 2.5 })
    let gradient = valueAndGradient(at: device([3])) {
      VonMises(location: $0, concentration: $0).sample([10], using: RandomStream(seed: 5)).sum() + 0 * $0.sum()
    }.gradient
    #expect(try gradient.item(as: Double.self) == 0)
  }

  /// No concentration gives no draws, and a large one gives normal numbers with the variance 1/κ.
  @Test(arguments: TestDevices.all) func anglesOfExtremeConcentrations(_ device: Device) throws {
    let device = Numbers(device)
    let d = VonMises(location: device([0, 0]), concentration: device([.nan, 1e20]))
    let draws = d.sample([1000], using: RandomStream(seed: 7))
    #expect(try draws[.ellipsis, 0].isNaN().all().item(as: Bool.self))
    let squares = try draws[.ellipsis, 1].scalars(as: Double.self).map { 1e20 * $0 * $0 }
    let mean = squares.reduce(0, +) / 1000
    #expect(abs(mean - 1) < 0.25, "\(mean)")
  }

  @Test(arguments: TestDevices.all) func infiniteDrawsOfOtherComponentsAreNotUsed(_ device: Device) throws {
    let device = Numbers(device)
    let d = Mixture(
      weights: Categorical(logits: device([50, -50])),
      components: Normal(mean: device([1, .infinity]), standardDeviation: device([0, 1])))
    try device.expect(d.sample([3], using: RandomStream(seed: 1)), [1, 1, 1])
  }

  @Test(arguments: TestDevices.all) func drawsHaveTheirCovariance(_ device: Device) throws {
    let device = Numbers(device)
    let covariance = [2, 0.3, -0.4, 0.3, 1, 0.2, -0.4, 0.2, 0.5]
    let d = MultivariateNormal(mean: device([0.5, -1, 2]), covariance: device(covariance, [3, 3]))
    let centered = d.sample([Self.count], using: RandomStream(seed: 3)) - d.mean
    let found = try (centered.matmul(centered, transposingLeft: true) / Double(Self.count)).scalars(as: Double.self)
    for (a, b) in zip(found, covariance) { #expect(abs(a - b) < 0.07) }
  }

  /// The gradient of the mean of a function of draws estimates that of the expected value.
  @Test(arguments: TestDevices.all) func gradientsOfDrawsAreUnbiased(_ device: Device) throws {
    let device = Numbers(device)
    func gradient(_ parameter: Double, _ f: (Tensor) -> Tensor) throws -> Double {
      try valueAndGradient(at: device([parameter])) { f($0).mean() }.gradient.item(as: Double.self)
    }
    // E ln x = ψ(α) − ln β, E x² = α·(α + 1)/β².
    for (concentration, trigamma) in [(0.3, 12.245364546107732), (1, 1.6449340668482264), (50, 0.020201333226697125)] {
      let ofLogarithm = try gradient(concentration) {
        Gamma(concentration: $0, rate: device([2])).sample([Self.count], using: RandomStream(seed: 5)).log()
      }
      #expect(abs(ofLogarithm - trigamma) < 0.05 * trigamma)
      let ofSquare = try gradient(concentration) {
        Gamma(concentration: $0, rate: device([2])).sample([Self.count], using: RandomStream(seed: 5)).squared()
      }
      #expect(abs(ofSquare - (2 * concentration + 1) / 4) < 0.05 * (2 * concentration + 1) / 4)
    }
    // E x = α/(α + β).
    let ofBeta = try gradient(1.5) { alpha in
      Beta(alpha: alpha, beta: device([2])).sample([Self.count], using: RandomStream(seed: 5))
    }
    #expect(abs(ofBeta - 2 / (3.5 * 3.5)) < 0.05 * 2 / (3.5 * 3.5))
    let ofBernoulli = try gradient(0.3) {
      Bernoulli(probabilities: $0).sample([10], using: RandomStream(seed: 5)) + 0 * $0
    }
    #expect(ofBernoulli == 0)
  }

  /// Draws for tiny concentrations are below float32, but their shares are not.
  @Test(arguments: TestDevices.real) func tinyConcentrations(_ device: Device) throws {
    let device = Numbers(device)
    let draws = Dirichlet(concentration: device([1e-3, 1e-3])).sample([1000], using: RandomStream(seed: 5))
    #expect(try draws.isFinite().all().item(as: Bool.self))
    let sums = try draws.sum(axis: -1).scalars(as: Double.self)
    #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 })
  }
}
