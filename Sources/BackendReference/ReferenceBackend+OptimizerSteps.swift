import BackendCore

/// Optimizer steps and gradient clipping.
extension ReferenceBackend {
  public func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice
  ) throws {
    try require(.optimizerStep, for: parameters.dtype)
    let (parameters, gradients, scalars) = (Elements(parameters), Elements(gradients), Elements(scalars))
    if scalars[StepScalars.skip] > 0 { return }
    let stateElements = states.map { Elements($0) }
    let learningRate = scalars[StepScalars.learningRate]
    let bound = scalars[StepScalars.gradientBound]
    for i in 0..<count {
      var p = parameters[i]
      var g = gradients[i] * scalars[StepScalars.gradientScale]
      g = value(of: .maximum, value(of: .minimum, g, bound), -bound)
      if step.decaysDirectly {
        p -= learningRate * step.weightDecay * p
      } else if step.weightDecay != 0 {
        g += step.weightDecay * p
      }
      var state = stateElements.map { $0[i] }
      parameters[i] = p - learningRate * update(step.rule, g, &state, scalars)
      for (elements, value) in zip(stateElements, state) { elements[i] = value }
    }
  }

  /// Updates the states of one parameter and returns the factor for the learning rate.
  private func update(_ rule: OptimizerStep.Rule, _ g: Double, _ state: inout [Double], _ scalars: Elements) -> Double {
    switch rule {
    case .sgd(let momentum, let isNesterov):
      guard momentum != 0 else { return g }
      state[0] = momentum * state[0] + g
      return isNesterov ? g + momentum * state[0] : state[0]

    case .rmsProp(let smoothing, let epsilon, let momentum, let isCentered):
      state[0] = smoothing * state[0] + (1 - smoothing) * g * g
      var variance = state[0]
      if isCentered {
        let average = state.count - 1
        state[average] = smoothing * state[average] + (1 - smoothing) * g
        variance = value(of: .maximum, variance - state[average] * state[average], 0)  // rounding can go below 0
      }
      let normalized = g / (variance.squareRoot() + epsilon)
      guard momentum != 0 else { return normalized }
      state[1] = momentum * state[1] + normalized
      return state[1]

    case .adagrad(let epsilon):
      state[0] += g * g
      return g / (state[0].squareRoot() + epsilon)

    case .adam(let beta1, let beta2, let epsilon, let isAMSGrad):
      state[0] = beta1 * state[0] + (1 - beta1) * g
      state[1] = beta2 * state[1] + (1 - beta2) * g * g
      if isAMSGrad { state[2] = value(of: .maximum, state[2], state[1]) }
      let root = (isAMSGrad ? state[2] : state[1]).squareRoot() / scalars[StepScalars.secondCorrectionRoot]
      return state[0] / scalars[StepScalars.firstCorrection] / (root + epsilon)
    }
  }

  public func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws {
    try require(.norm, for: x.dtype)
    let (source, result) = (Elements(x), Elements(y))
    var sum = accumulating ? result[0] * result[0] : 0
    for i in 0..<count { sum += source[i] * source[i] }
    result[0] = sum.squareRoot()
  }

  public func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws {
    try require(.clipFactor, for: norm.dtype)
    Elements(y)[0] = value(of: .minimum, 1, maximumNorm / (Elements(norm)[0] + 1e-6))
  }
}
