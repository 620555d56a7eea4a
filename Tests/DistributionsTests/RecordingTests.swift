import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Draws and log probabilities can be recorded, and replayed with other parameters.
@Suite struct RecordingTests {
  @Test(arguments: TestDevices.real) func replaysGiveTheSameNumbers(_ device: Device) throws {
    func body(_ inputs: [Tensor]) -> [Tensor] {
      let (a, b, random) = (inputs[0], inputs[1], RandomStream(seed: 3))
      let gamma = Gamma(concentration: a, rate: b), normal = Normal(mean: a, standardDeviation: b)
      let shares = Dirichlet(concentration: a), classes = Categorical(logits: b)
      let counts = Multinomial(totalCount: 3, logits: a)
      let vectors = MultivariateNormal(mean: a, covariance: b.diagonalMatrix())
      let angles = VonMises(location: a, concentration: b), correlations = LKJCholesky(dimension: 3, concentration: a)
      let low = LowRankMultivariateNormal(mean: a, covarianceFactor: b.expanded(axis: -1), covarianceDiagonal: a)
      let matrices = Wishart(degreesOfFreedom: a + 2, covariance: b.diagonalMatrix())
      let more = [
        angles.sample([2], using: random), low.sample([2], using: random), matrices.sample([2], using: random),
        correlations.sample([2], using: random),
      ]
      let drawn = [
        gamma.sample([2], using: random), normal.sample([2], using: random), shares.sample([2], using: random),
        counts.sample([2], using: random), vectors.sample([2], using: random), classes.sample([2], using: random),
      ]
      return drawn + [
        gamma.logProbability(of: drawn[0]), normal.klDivergence(to: Normal(mean: b, standardDeviation: a)),
        shares.logProbability(of: drawn[2]), counts.logProbability(of: drawn[3]), counts.entropy,
        vectors.logProbability(of: drawn[4]), classes.logProbability(of: drawn[5]),
        angles.logProbability(of: more[0]), angles.variance, low.logProbability(of: more[1]),
        matrices.logProbability(of: more[2]), correlations.logProbability(of: more[3]),
      ] + more
    }
    func inputs(_ seed: UInt64) -> [Tensor] {
      let random = RandomStream(seed: seed)
      return (0..<2).map { _ in .uniform([3], in: 0.5..<3, using: random, on: device) }
    }
    let function = try #require(try RecordedFunction.record(on: device, like: inputs(1), body).function)
    let (found, expected) = (try function(inputs(2)), body(inputs(2)))
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(try a.isEqual(to: b)) }
  }
}
