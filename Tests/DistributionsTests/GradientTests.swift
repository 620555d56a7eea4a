import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Gradients with respect to parameters and values, on the Reference device, compared with differences. Draws with the same
/// seed are functions of the parameters.
@Suite struct GradientTests {
  /// A function of three numbers: two parameters, and a value or a parameter of a second distribution.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let at: [Double]
    let function: @Sendable (Tensor, Tensor, Tensor) -> Tensor

    init(
      _ name: String, _ at: [Double], _ function: @escaping @Sendable (Tensor, Tensor, Tensor) -> Tensor
    ) {
      (testDescription, self.at, self.function) = (name, at, function)
    }
  }

  private static let a = [-0.5, 1.3, 0.4], positive = [0.7, 1.3, 0.4], seed: UInt64 = 11

  /// [[x, y], [y, z]].
  private static func matrix(_ x: Tensor, _ y: Tensor, _ z: Tensor) -> Tensor {
    .stacked([.concatenated([x, y]), .concatenated([y, z])])
  }

  private static func lowRank(_ x: Tensor, _ y: Tensor, _ z: Tensor) -> LowRankMultivariateNormal {
    LowRankMultivariateNormal(
      mean: .concatenated([y, z]), covarianceFactor: .stacked([x, y]), covarianceDiagonal: .concatenated([z, x]))
  }

  static let logProbabilities: [Case] = [
    Case("Normal", a) { Normal(mean: $0, standardDeviation: $1).logProbability(of: $2) },
    Case("LogNormal", a) { LogNormal(mean: $0, standardDeviation: $1).logProbability(of: $2) },
    Case("Laplace", a) { Laplace(location: $0, scale: $1).logProbability(of: $2) },
    Case("Gumbel", a) { Gumbel(location: $0, scale: $1).logProbability(of: $2) },
    Case("Logistic", a) { Logistic(location: $0, scale: $1).logProbability(of: $2) },
    Case("Cauchy", a) { Cauchy(location: $0, scale: $1).logProbability(of: $2) },
    Case("Uniform", a) { Uniform(low: $0, high: $1).logProbability(of: $2) },
    Case("Gamma", positive) { Gamma(concentration: $0, rate: $1).logProbability(of: $2) },
    Case("Beta", positive) { Beta(alpha: $0, beta: $1).logProbability(of: $2) },
    Case("StudentT", [0.2, 1.3, 2.5]) {
      StudentT(degreesOfFreedom: $2, location: $0, scale: $1).logProbability(of: 2 * $1)
    },
    Case("HalfCauchy", positive) { HalfCauchy(scale: $0).logProbability(of: $1) + $2 },
    Case("Pareto", positive) { Pareto(scale: $2, alpha: $0).logProbability(of: $1) },
    Case("Weibull", positive) { Weibull(scale: $0, concentration: $1).logProbability(of: $2) },
    Case("InverseGamma", positive) { InverseGamma(concentration: $0, rate: $1).logProbability(of: $2) },
    Case("Kumaraswamy", positive) { Kumaraswamy(alpha: $0, beta: $1).logProbability(of: $2) },
    Case("FisherSnedecor", positive) { FisherSnedecor(numerator: $0, denominator: $1).logProbability(of: $2) },
    Case("NegativeBinomial", positive) {
      NegativeBinomial(totalCount: $0, probabilities: $2).logProbability(of: 2 * $1)
    },
    Case("LogisticNormal", positive) {
      LogisticNormal(mean: .concatenated([$0, $2]), standardDeviation: .concatenated([$1, $0]))
        .logProbability(of: Tensor.concatenated([$2, $1, $0]).softmax())
    },
    Case("RelaxedBernoulli", positive) {
      RelaxedBernoulli(temperature: $1, probabilities: $0).logProbability(of: $2)
    },
    Case("RelaxedOneHotCategorical", positive) {
      RelaxedOneHotCategorical(temperature: $0, logits: .concatenated([$0, $1, $2]))
        .logProbability(of: Tensor.concatenated([$2, $1, $0]).softmax())
    },
    Case("TransformedDistribution", positive) {
      TransformedDistribution(
        Normal(mean: $0, standardDeviation: $1), .sigmoid, .affine(location: 2 * $1, scale: -3 * $2)
      ).logProbability(of: 2.5 * $0)
    },
    Case("Bernoulli", [0.2, 1, 0]) { logits, one, _ in Bernoulli(logits: logits).logProbability(of: one) },
    Case("Binomial", [0.2, 2.5, 0]) { p, value, _ in
      Binomial(totalCount: 5, probabilities: p).logProbability(of: value)
    },
    Case("Poisson", [0.7, 2.5, 0]) { rate, value, _ in Poisson(rate: rate).logProbability(of: value) },
    Case("Dirichlet", positive) {
      Dirichlet(concentration: .concatenated([$0, $1, $2])).logProbability(
        of: Tensor.concatenated([$2, $1, $0]).softmax())
    },
    Case("MultivariateNormal", [1.5, 0.4, 0.9]) { x, y, z in
      let covariance = Tensor.stacked([.concatenated([x, y]), .concatenated([y, z])])
      return MultivariateNormal(mean: .concatenated([y, z]), covariance: covariance)
        .logProbability(of: .concatenated([z, x]))
    },
    Case("VonMises", positive) { VonMises(location: $0, concentration: $1).logProbability(of: $2) },
    Case("VonMises, large concentration", positive) {
      VonMises(location: $0, concentration: 20 * $1).logProbability(of: $2)
    },
    Case("LowRankMultivariateNormal", [1.5, 0.4, 0.9]) { x, y, z in
      lowRank(x, y, z).logProbability(of: .concatenated([z, x]))
    },
    Case("Wishart", [1.5, 0.4, 0.9]) { x, y, z in
      Wishart(degreesOfFreedom: 2 * x, covariance: matrix(x, y, z)).logProbability(of: matrix(z, 0.5 * y, x))
    },
    Case("LKJCholesky", positive) {
      LKJCholesky(dimension: 3, concentration: $0)
        .logProbability(of: Tensor.concatenated([$1, $2, $0]).diagonalMatrix())
    },
    Case("Mixture", a) { x, y, z in
      let components = Normal(mean: .concatenated([x, z]), standardDeviation: y)
      return Mixture(weights: Categorical(logits: .concatenated([z, x])), components: components)
        .logProbability(of: y.sum())
    },
  ]

  static let entropiesAndDivergences: [Case] = [
    Case("Gamma", positive) { Gamma(concentration: $0, rate: $1).entropy * $2 },
    Case("Beta", positive) { Beta(alpha: $0, beta: $1).klDivergence(to: Beta(alpha: $2, beta: $0)) },
    Case("Gumbel", positive) {
      Gumbel(location: $0, scale: $1).klDivergence(to: Gumbel(location: $1, scale: $2))
    },
    Case("Normal", positive) {
      Normal(mean: $0, standardDeviation: $1).klDivergence(to: Normal(mean: $1, standardDeviation: $2))
    },
    Case("HalfCauchy", positive) { HalfCauchy(scale: $0).klDivergence(to: HalfCauchy(scale: $1)) * $2 },
    Case("Pareto", positive) { Pareto(scale: $1, alpha: $0).klDivergence(to: Pareto(scale: $0, alpha: $2)) },
    Case("Weibull", positive) {
      let d = Weibull(scale: $0, concentration: $1)
      return d.klDivergence(to: Weibull(scale: $1, concentration: $2)) + d.entropy
    },
    Case("Kumaraswamy", positive) { Kumaraswamy(alpha: $0, beta: $1).entropy * $2 },
    Case("FisherSnedecor", positive) { FisherSnedecor(numerator: $0, denominator: $1).entropy * $2 },
    Case("Dirichlet", positive) {
      Dirichlet(concentration: .concatenated([$0, $1])).klDivergence(
        to: Dirichlet(concentration: .concatenated([$2, $0])))
    },
    Case("Multinomial", positive) {
      Multinomial(totalCount: 3, logits: .concatenated([$0, $1, $2])).entropy
    },
    Case("MultivariateNormal", [1.5, 0.4, 0.9]) { x, y, z in
      let covariance = Tensor.stacked([.concatenated([x, y]), .concatenated([y, z])])
      let d = MultivariateNormal(mean: .concatenated([y, z]), covariance: covariance)
      return d.klDivergence(
        to: MultivariateNormal(mean: .concatenated([z, x]), covariance: 2 * covariance.transposed()))
        + d.entropy
    },
    Case("VonMises, variance", positive) {
      VonMises(location: $0, concentration: $1).variance * $2
        + 100 * VonMises(location: $0, concentration: 20 * $1).variance
    },
    Case("LKJCholesky, mean and variance", positive) {
      let d = LKJCholesky(dimension: 3, concentration: $0), narrow = LKJCholesky(dimension: 3, concentration: 20 * $1)
      return d.mean + d.variance * $2 + narrow.mean + 100 * narrow.variance
    },
    Case("LowRankMultivariateNormal", [1.5, 0.4, 0.9]) { x, y, z in
      let (a, b) = (lowRank(x, y, z), lowRank(z, x, y))
      let full = MultivariateNormal(mean: .concatenated([y, x]), covariance: matrix(x, y, z))
      return a.klDivergence(to: b) + a.klDivergence(to: full) + full.klDivergence(to: b) + a.entropy
    },
    Case("Wishart", [1.5, 0.4, 0.9]) { x, y, z in
      let d = Wishart(degreesOfFreedom: 2 * x, covariance: matrix(x, y, z))
      return d.klDivergence(to: Wishart(degreesOfFreedom: 3 * z, covariance: matrix(z, y, x))) + d.entropy
    },
  ]

  static let draws: [Case] = [
    Case("Normal", a) { Normal(mean: $0, standardDeviation: $1).sample(using: RandomStream(seed: seed)) * $2 },
    Case("Laplace", a) { Laplace(location: $0, scale: $1).sample(using: RandomStream(seed: seed)) * $2 },
    Case("Uniform", a) { Uniform(low: $0, high: $1).sample(using: RandomStream(seed: seed)) * $2 },
    Case("Gamma", positive) { Gamma(concentration: $0, rate: $1).sample(using: RandomStream(seed: seed)) * $2 },
    Case("Beta", positive) { Beta(alpha: $0, beta: $1).sample(using: RandomStream(seed: seed)) * $2 },
    Case("Dirichlet", positive) {
      Dirichlet(concentration: .concatenated([$0, $1, $2])).sample(using: RandomStream(seed: seed)).squared()
    },
    Case("HalfCauchy", positive) { HalfCauchy(scale: $0).sample(using: RandomStream(seed: seed)) * $1 * $2 },
    Case("Pareto", positive) { Pareto(scale: $0, alpha: $1).sample(using: RandomStream(seed: seed)) * $2 },
    Case("Weibull", positive) {
      Weibull(scale: $0, concentration: $1).sample(using: RandomStream(seed: seed)) * $2
    },
    Case("InverseGamma", [2.7, 1.3, 0.4]) {
      InverseGamma(concentration: $0, rate: $1).sample(using: RandomStream(seed: seed)) * $2
    },
    Case("Kumaraswamy", positive) {
      Kumaraswamy(alpha: $0, beta: $1).sample(using: RandomStream(seed: seed)) * $2
    },
    Case("FisherSnedecor", [2.7, 3.3, 0.4]) {
      FisherSnedecor(numerator: $0, denominator: $1).sample(using: RandomStream(seed: seed)) * $2
    },
    Case("LogisticNormal", positive) {
      LogisticNormal(mean: .concatenated([$0, $2]), standardDeviation: .concatenated([$1, $0]))
        .sample(using: RandomStream(seed: seed)).squared()
    },
    Case("RelaxedBernoulli", positive) {
      RelaxedBernoulli(temperature: $1, probabilities: $0).sample(using: RandomStream(seed: seed)) * $2
    },
    Case("RelaxedOneHotCategorical", positive) {
      RelaxedOneHotCategorical(temperature: $0, logits: .concatenated([$0, $1, $2]))
        .sample(using: RandomStream(seed: seed)).squared()
    },
    Case("TransformedDistribution", positive) {
      TransformedDistribution(
        Normal(mean: $0, standardDeviation: $1), .tanh, .affine(location: $2, scale: $1)
      ).sample(using: RandomStream(seed: seed))
    },
    Case("StudentT", [0.2, 1.3, 2.5]) {
      StudentT(degreesOfFreedom: $2, location: $0, scale: $1).sample(using: RandomStream(seed: seed))
    },
    Case("LowRankMultivariateNormal", [1.5, 0.4, 0.9]) { x, y, z in
      lowRank(x, y, z).sample(using: RandomStream(seed: seed)).squared()
    },
    Case("Wishart", [1.5, 0.4, 0.9]) { x, y, z in
      Wishart(degreesOfFreedom: 2 * x, covariance: matrix(x, y, z)).sample(using: RandomStream(seed: seed)).sin()
    },
    Case("LKJCholesky", positive) {
      let draws = LKJCholesky(dimension: 3, concentration: $0).sample(using: RandomStream(seed: seed))
      return (draws * ($1 + 2 * $2)).sin()
    },
    Case("MultivariateNormal", [1.5, 0.4, 0.9]) { x, y, z in
      let covariance = Tensor.stacked([.concatenated([x, y]), .concatenated([y, z])])
      return MultivariateNormal(mean: .concatenated([y, z]), covariance: covariance)
        .sample(using: RandomStream(seed: seed)).squared()
    },
  ]

  @Test(arguments: logProbabilities) func ofLogProbabilities(_ test: Case) throws { try compare(test) }
  @Test(arguments: entropiesAndDivergences) func ofEntropiesAndDivergences(_ test: Case) throws { try compare(test) }
  @Test(arguments: draws) func ofDraws(_ test: Case) throws { try compare(test) }

  private func compare(_ test: Case) throws {
    let numbers = Numbers(TestDevices.reference)
    func value(_ x: Tensor) -> Tensor { test.function(x[0..<1], x[1..<2], x[2..<3]).sum() }
    let gradient = try valueAndGradient(at: numbers(test.at)) { value($0) }.gradient.scalars(as: Double.self)
    for i in test.at.indices {
      func shifted(_ step: Double) throws -> Double {
        var at = test.at
        at[i] += step
        return try value(numbers(at)).item(as: Double.self)
      }
      let difference = (try shifted(1e-5) - shifted(-1e-5)) / 2e-5
      #expect(abs(gradient[i] - difference) <= 1e-7 * max(1, abs(difference)), "\(gradient[i]), not \(difference)")
    }
  }
}
