import HostSystem

/// Muon: steps along an orthogonalized running mean of the gradients of matrices (Jordan et al. 2024), and `AdamW` for
/// all other parameters, as Keras' `Muon`.
///
/// With G the gradient of a matrix: M = momentum·M + (1 − momentum)·G and D = (1 − momentum)·G + momentum·M, or D = M
/// without Nesterov momentum. O is D with its singular values brought close to 1 (between about 0.7 and 1.2), by a
/// Newton-Schulz iteration: X = D/max(‖D‖, epsilon), then, in each iteration, with A = XXᵀ,
/// X ← 3.4445·X − 4.775·AX + 2.0315·A²X. The step is P −= lr·weightDecay·P, then P −= lr·0.2·√max(rows, columns)·O. This
/// factor gives O the size of a step of AdamW (Liu et al. 2025), so both use one learning rate and weight decay; it is
/// Keras' default, and PyTorch's with `adjust_lr_fn="match_rms_adamw"`.
///
/// Matrices are the parameters with two axes, including tables of embeddings, which Keras excludes; kernels of
/// convolutions are not. The state has two tensors per parameter, of which matrices use one.
public struct Muon: UpdateRule, ComposedRule {
  /// The learning rate before the scale of groups: a number, or a `Schedule` over the steps.
  public var learningRate: any LearningRate
  /// The decay rate of the running mean of matrices.
  public var momentum: Double
  /// Whether the gradient is added to the running mean of matrices once more.
  public var isNesterov: Bool
  /// The number of Newton-Schulz iterations.
  public var iterations: Int
  /// The decay rate of the running mean of gradients of the other parameters.
  public var beta1: Double
  /// The decay rate of the running mean of squares of the other parameters.
  public var beta2: Double
  /// The smallest divisor of a matrix, and the constant added to the corrected square root of AdamW.
  public var epsilon: Double
  /// The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public var weightDecay: Double

  /// Creates the rule. The defaults match PyTorch (Keras: a weight decay of 0.004).
  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - momentum: The decay rate of the running mean of matrices, at least 0 and less than 1.
  ///   - isNesterov: Whether to use Nesterov momentum.
  ///   - iterations: The number of Newton-Schulz iterations, from 1 to 99 (PyTorch's `ns_steps`).
  ///   - beta1: The decay rate of AdamW's running mean of gradients, at least 0 and less than 1.
  ///   - beta2: The decay rate of AdamW's running mean of squares, at least 0 and less than 1.
  ///   - epsilon: The smallest divisor of a matrix, and the constant added to AdamW's corrected square root; above 0.
  ///   - weightDecay: The fraction of a parameter, times the learning rate, that is subtracted in each step.
  public init(
    learningRate: any LearningRate = 0.001, momentum: Double = 0.95, isNesterov: Bool = true, iterations: Int = 5,
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7, weightDecay: Double = 0.1
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.isNesterov = isNesterov
    self.iterations = iterations
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var stateNames: [String] { ["mean", "meanSquare"] }

  public func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    self.step(parameter, gradient, &state, step)
  }

  /// The learning rate, AdamW's rate and √(1 − β₂ᵗ), and the factor of the parameter.
  package func numbers(of step: UpdateStep) -> [Double] {
    let t = Double(step.index + 1)
    return [
      step.learningRate, step.learningRate / (1 - pow(beta1, t)), (1 - pow(beta2, t)).squareRoot(),
      1 - step.learningRate * (step.weightDecay ?? weightDecay),
    ]
  }

  package func updated(
    _ parameter: Tensor, gradient: Tensor, state: inout [Tensor], numbers: [Tensor], weightDecay: Double
  ) -> Tensor {
    let parameter = weightDecay == 0 ? parameter : parameter * numbers[3]
    if parameter.rank == 2 && parameter.count > 0 {
      state[0] = momentum * state[0] + (1 - momentum) * gradient
      let direction = isNesterov ? (1 - momentum) * gradient + momentum * state[0] : state[0]
      let size = Double(max(parameter.shape[0], parameter.shape[1])).squareRoot()
      state[1] = Tensor.zeros(like: state[1])  // unused, but not a view of the current state
      return parameter - numbers[0] * (0.2 * size * orthogonalized(direction))
    }
    updateMeans(&state, with: gradient, beta1, beta2)
    return parameter - numbers[1] * (state[0] / (state[1].squareRoot() / numbers[2] + epsilon))
  }

  /// Returns a matrix with the same singular vectors, and singular values close to 1.
  private func orthogonalized(_ matrix: Tensor) -> Tensor {
    // The products of the smaller size are cheaper.
    let isTall = matrix.shape[0] > matrix.shape[1]
    let scale = matrix.squaringScale(axes: nil).reshaped([])
    let norm = (matrix * scale).squared().sum().squareRoot() / scale
    var x = (isTall ? matrix.transposed() : matrix) / norm.maximum(epsilon)
    for _ in 0..<iterations {
      let product = x.matmul(x, transposingRight: true)
      let polynomial = -4.775 * product + 2.0315 * product.matmul(product)
      x = 3.4445 * x + polynomial.matmul(x)
    }
    return isTall ? x.transposed() : x
  }

  package func check() throws {
    try requireShare(momentum, "the momentum")
    try require((1...99).contains(iterations), "iterations", Double(iterations), "from 1 to 99")
    try requireShare(beta1, "beta1")
    try requireShare(beta2, "beta2")
    try require(epsilon > 0 && epsilon.isFinite, "epsilon", epsilon, "above 0")
    try requireWeightDecay()
  }
}
