import NeuralNetworks

/// The von Mises distribution of angles in radians, with density exp(κ·cos(x − μ))/(2π·I₀(κ)), where κ is the concentration
/// (PyTorch's `VonMises`).
///
/// The mean and the variance are the circular ones: μ, and 1 − I₁(κ)/I₀(κ), which is from 0 to 1. Draws are from −π to π, and
/// have no gradients. Each needs the memory of 32 candidates while it is made.
public struct VonMises: Distribution {
  /// The most likely angle μ (PyTorch's `loc`).
  public let location: Tensor
  /// The concentration κ. For a κ of 0, all angles have the same density.
  public let concentration: Tensor

  /// Creates distributions from angles and concentrations of at least 0, which are broadcast.
  public init(location: Tensor, concentration: Tensor) {
    (self.location, self.concentration) = broadcast(location, concentration)
  }

  public var batchShape: [Int] { location.shape }
  public var mean: Tensor { location }
  public var variance: Tensor { concentration.besselRatioComplement() }

  public func logProbability(of value: Tensor) -> Tensor {
    // cos x − 1 = −2·sin²(x/2), and exp(−κ)·I₀(κ): for a large κ, the difference of large numbers would lose digits.
    -2 * concentration * ((value - location) / 2).sin().squared() - logTwoPi - concentration.logScaledBesselI0()
  }

  /// The method of Best and Fisher (1979): candidates are drawn from a wrapped Cauchy distribution, and accepted at random.
  /// Each candidate is accepted with a probability of at least 0.65, so the probability that none of 32 is accepted is about
  /// 10⁻¹⁵. A draw without an accepted candidate is NaN, as are all draws for a κ of NaN. The formulas are arranged so that
  /// no digits are lost for any κ: above 10¹⁵, where squares could overflow in float32 and the angles have a normal
  /// distribution, draws for 10¹⁵ are scaled.
  public func sample(_ shape: [Int], using random: RandomStream) -> Tensor {
    let kappa = concentration.detached().minimum(Self.limit)
    let root = (1 + (2 * kappa).squared()).squareRoot()
    let tau = 1 + root
    let sum = tau + (2 * tau).squareRoot()
    let rho = 2 * kappa / sum
    let complement = (1 + 1 / (root + 2 * kappa) + (2 * tau).squareRoot()) / sum  // 1 − ρ
    let turns = kappa.openUniform([Self.candidates] + shape, random) - 0.5
    let angle = 2 * ((turns * Double.pi).tan() * (complement / (1 + rho))).atan()
    let cost = complement.squared() * sum / 4 + 2 * kappa * (angle / 2).sin().squared()
    let isAccepted = (cost.log() + 1 - cost) .>= kappa.openUniform([Self.candidates] + shape, random).log()
    let isFirst = isAccepted .& (isAccepted.cast(to: kappa.dtype).cumulativeSum(axis: 0) .== 1)
    let accepted = angle.replacing(with: 0, where: .!isFirst).sum(axis: 0)
      .replacing(with: .nan, where: .!isAccepted.any(axis: 0))
    let scale = (concentration.detached() / Self.limit).maximum(1).reciprocalSquareRoot()
    let x = accepted * scale + location.detached()
    return x - 2 * Double.pi * ((x + Double.pi) / (2 * Double.pi)).floor()
  }

  private static let candidates = 32
  /// The largest κ for which candidates are drawn.
  private static let limit = 1e15
}
