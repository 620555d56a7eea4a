import Distributions
import NeuralNetworks
import Testing

/// Mistakes end the program with a message that names the distribution and the shapes.
@Suite struct MistakeTests {
  struct Mistake: Sendable {
    let fragments: [String]
    let body: @Sendable () -> Void
  }

  private static let one = Tensor.ones([1])

  static let mistakes: [Mistake] = [
    Mistake(fragments: ["[3]", "[2]"]) { _ = Normal(mean: .zeros([2]), standardDeviation: .ones([3])) },
    Mistake(fragments: ["Categorical", "[]", "[..., classes]"]) { _ = Categorical(logits: Tensor(1)) },
    Mistake(fragments: ["Dirichlet", "[2, 0]"]) { _ = Dirichlet(concentration: .ones([2, 0])) },
    Mistake(fragments: ["Binomial", "-1"]) { _ = Binomial(totalCount: -1, probabilities: one) },
    Mistake(fragments: ["Multinomial", "-2"]) { _ = Multinomial(totalCount: -2, logits: one) },
    Mistake(fragments: ["Binomial", "3 and 4"]) {
      _ = Binomial(totalCount: 3, logits: one).klDivergence(to: Binomial(totalCount: 4, logits: one))
    },
    Mistake(fragments: ["MultivariateNormal", "[2]", "[3, 3]"]) {
      _ = MultivariateNormal(mean: .zeros([2]), covariance: .identity(3))
    },
    Mistake(fragments: ["MultivariateNormal", "[1]", "[2]", "expected equal ones"]) {
      _ = MultivariateNormal(mean: .zeros([1]), covariance: .identity(1)).klDivergence(
        to: MultivariateNormal(mean: .zeros([2]), covariance: .identity(2)))
    },
    Mistake(fragments: ["LowRankMultivariateNormal", "[2]", "[3, 1]", "[..., d, r]"]) {
      _ = LowRankMultivariateNormal(mean: .zeros([2]), covarianceFactor: .ones([3, 1]), covarianceDiagonal: .ones([2]))
    },
    Mistake(fragments: ["Wishart", "[2, 3]", "[..., p, p]"]) {
      _ = Wishart(degreesOfFreedom: Tensor(3), covariance: .ones([2, 3]))
    },
    Mistake(fragments: ["LKJCholesky", "the dimension is 1"]) { _ = LKJCholesky(dimension: 1, concentration: one) },
    Mistake(fragments: ["Independent", "2 axes", "[1]"]) {
      _ = Independent(Normal(mean: one, standardDeviation: one), axes: 2)
    },
    Mistake(fragments: ["LogisticNormal", "[]", "[..., shares − 1]"]) {
      _ = LogisticNormal(mean: Tensor(0), standardDeviation: Tensor(1))
    },
    Mistake(fragments: ["TransformedDistribution", "[2]", "[1]"]) {
      _ = TransformedDistribution(
        Normal(mean: one, standardDeviation: one), .affine(location: .zeros([2]), scale: one))
    },
    Mistake(fragments: ["Mixture", "[2]", "[1]"]) {
      _ = Mixture(weights: Categorical(logits: .ones([2])), components: Normal(mean: one, standardDeviation: one))
    },
  ]

  @Test(arguments: mistakes.indices) func endsWithAMessage(_ index: Int) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      MistakeTests.mistakes[index].body()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    for fragment in MistakeTests.mistakes[index].fragments {
      #expect(message.contains(fragment), "\"\(fragment)\" is missing in: \(message)")
    }
  }
}
