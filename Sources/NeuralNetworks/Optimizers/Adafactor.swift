import HostSystem

/// Adafactor: steps divided by the square root of a running mean of squares, of which only the means of rows and columns
/// are stored (Shazeer and Stern 2018), as PyTorch's `Adafactor`.
///
/// With g the gradient, t the step number starting at 1, w = t^beta2Decay, and ρ = min(lr, 1/√t): r and c are running
/// means of the mean squares of the rows and columns of g, r = (1 − w)·r + w·mean(g²), and
/// v = r·c/max(mean(r), epsilon1); a parameter with less than two axes has v = (1 − w)·v + w·g² itself. The update is
/// u = g/√max(v, epsilon1²). Then p −= lr·weightDecay·p and p −= ρ·max(epsilon2, RMS(p))·u/max(1, RMS(u)/clipThreshold),
/// with RMS(p) before the decay. As in PyTorch, mean(r) is bounded by epsilon1, not by its square.
///
/// The last two axes are those of the matrix: a state of n + m numbers instead of n·m.
public struct Adafactor: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The exponent of the step number in the share of new squares.
  public var beta2Decay: Double
  /// The smallest root mean square by which gradients are divided, and the smallest mean of the mean squares of rows;
  /// nil for the precision of the element type.
  public var epsilon1: Double?
  /// The smallest root mean square of a parameter by which steps are multiplied.
  public var epsilon2: Double
  /// The root mean square above which an update is scaled down.
  public var clipThreshold: Double
  /// The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public var weightDecay: Double

  /// Creates the rule. The defaults match PyTorch (Keras: a learning rate of 0.001 and an epsilon1 of 1e-15, given as the
  /// square 1e-30).
  /// - Parameters:
  ///   - learningRate: A number or a schedule; the largest step, relative to the size of the parameter.
  ///   - beta2Decay: The exponent of the step number in the share of new squares; at most 0.
  ///   - epsilon1: The smallest root mean square by which gradients are divided, and the smallest mean of the mean
  ///     squares of rows, above 0; nil for the precision of the element type, 1.19e-7 for float32.
  ///   - epsilon2: The smallest root mean square of a parameter by which steps are multiplied, at least 0.
  ///   - clipThreshold: The root mean square above which an update is scaled down (PyTorch's `d`); above 0.
  ///   - weightDecay: The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public init(
    learningRate: any LearningRate = 0.01, beta2Decay: Double = -0.8, epsilon1: Double? = nil, epsilon2: Double = 1e-3,
    clipThreshold: Double = 1, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta2Decay = beta2Decay
    self.epsilon1 = epsilon1
    self.epsilon2 = epsilon2
    self.clipThreshold = clipThreshold
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] { ["meanSquare", "columnMeanSquare"] }

  /// The mean squares of rows, and of columns. Without rows, the mean squares of the elements, and an unused number.
  package var stateShapes: (@Sendable (_ shape: [Int]) -> [[Int]])? {
    { shape in
      guard shape.count >= 2 else { return [shape, [1]] }
      return [shape.dropLast() + [1], shape.dropLast(2) + [1, shape[shape.count - 1]]]
    }
  }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  /// The share of new squares, ρ, and the factor of the parameter.
  package func numbers(of step: UpdateStep) -> [Double] {
    let t = Double(step.index + 1)
    return [
      pow(t, beta2Decay), min(step.learningRate, 1 / t.squareRoot()),
      1 - step.learningRate * (step.weightDecay ?? weightDecay),
    ]
  }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    if parameter.count == 0 { return parameter }
    let isDouble = parameter.dtype == .float64
    let epsilon = epsilon1 ?? (isDouble ? Double.ulpOfOne : Double(Float.ulpOfOne))
    // A bound that is 0 in the element type would give 0/0 for gradients of 0.
    let smallest = isDouble ? Double.leastNormalMagnitude : Double(Float.leastNormalMagnitude)
    let share = numbers[0]
    let squares = gradient.squared()
    var variance: Tensor
    if parameter.rank >= 2 {
      let (rows, columns) = (squares.mean(axis: -1, keepingRank: true), squares.mean(axis: -2, keepingRank: true))
      state[0] = state[0] + share * (rows - state[0])
      state[1] = state[1] + share * (columns - state[1])
      let mean = state[0].mean(axis: -2, keepingRank: true)
      variance = state[0] * state[1] / mean.maximum(max(epsilon, smallest))
    } else {
      state[0] = state[0] + share * (squares - state[0])
      state[1] = Tensor.zeros(like: state[1])  // unused, but not a view of the current state
      variance = state[0]
    }
    variance = variance.maximum(max(epsilon * epsilon, smallest))
    let update = gradient / variance.squareRoot()
    let size = numbers[1] * rootMeanSquare(parameter).maximum(epsilon2)
    let decayed = weightDecay == 0 ? parameter : parameter * numbers[2]
    return decayed - size / (rootMeanSquare(update) / clipThreshold).maximum(1) * update
  }

  private func rootMeanSquare(_ x: Tensor) -> Tensor { x.squared().mean().squareRoot() }

  package func check() throws {
    try require(beta2Decay <= 0 && beta2Decay.isFinite, "beta2Decay", beta2Decay, "of at most 0")
    let epsilon = epsilon1 ?? 1
    try require(epsilon > 0 && epsilon.isFinite, "epsilon1", epsilon, "above 0")
    try require(epsilon2 >= 0 && epsilon2.isFinite, "epsilon2", epsilon2, "of at least 0")
    try require(clipThreshold > 0 && !clipThreshold.isNaN, "clipThreshold", clipThreshold, "above 0")
    try requireWeightDecay()
  }
}
