internal import HostSystem
import BackendCore
import CPUKernels

/// Optimizer steps in one pass, and gradient clipping.
extension CPUBackend {
  public func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice
  ) throws {
    try require(.optimizerStep, for: parameters.dtype)
    if parameters.dtype == .float64 {
      return try composed.optimizerStep(
        step, parameters: parameters, gradients: gradients, states: states, count: count, scalars: scalars)
    }
    let (p, g, kernel) = (parameters.floats, gradients.floats, kernels.pointee.optimizer_step)
    let memory = (0..<3).map { $0 < states.count ? states[$0].floats : nil }
    let (s0, s1, s2) = (memory[0], memory[1], memory[2])
    let now = scalars.floats
    if now[StepScalars.skip] > 0 { return }
    var rule = nn_optimizer(step)
    var numbers = nn_step_scalars(
      learning_rate: now[StepScalars.learningRate], gradient_scale: now[StepScalars.gradientScale],
      gradient_bound: now[StepScalars.gradientBound], first_correction: now[StepScalars.firstCorrection],
      second_correction_root: now[StepScalars.secondCorrectionRoot])
    withUnsafePointer(to: &rule) { rule in
      withUnsafePointer(to: &numbers) { numbers in
        parallel(count, grain: Grain.simple / 2) { range in
          let i = range.lowerBound
          kernel(rule, numbers, p + i, g + i, s0.map { $0 + i }, s1.map { $0 + i }, s2.map { $0 + i }, range.count)
        }
      }
    }
  }

  public func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws {
    try require(.norm, for: x.dtype)
    if x.dtype == .float64 { return try composed.norm(x, count: count, accumulating: accumulating, into: y) }
    let (source, kernel) = (x.floats, kernels.pointee.reduce)
    let segments = max(1, count.dividedRoundingUp(by: Self.rowSegment))
    try withScratch(segments, of: Double.self) { partial in
      parallel(segments, grain: 1, unit: 1) {
        for index in $0 {
          let first = index * Self.rowSegment
          let rest = min(Self.rowSegment, count - first)
          partial[index] = kernel(NN_SUM_OF_SQUARES, source + first, rest)
          // Squares that overflow float32 are summed again in double. NaN is kept.
          if partial[index] == .infinity { partial[index] = Self.sumOfSquares(source + first, rest) }
        }
      }
      var sum = 0.0
      for index in 0..<segments { sum += partial[index] }
      let before = accumulating ? Double(y.floats.pointee) : 0
      y.floats.pointee = Float((before * before + sum).squareRoot())
    }
  }

  private static func sumOfSquares(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    (0..<count).reduce(0) { $0 + Double(x[$1]) * Double(x[$1]) }
  }

  public func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws {
    try require(.clipFactor, for: norm.dtype)
    if norm.dtype == .float64 { return try composed.clipFactor(norm: norm, maximumNorm: maximumNorm, into: y) }
    let factor = maximumNorm / (Double(norm.floats.pointee) + 1e-6)
    y.floats.pointee = Float(factor > 1 ? 1 : factor)
  }
}

extension nn_optimizer {
  fileprivate init(_ step: OptimizerStep) {
    self.init()
    weight_decay = Float(step.weightDecay)
    decays_directly = step.decaysDirectly
    switch step.rule {
    case .sgd(let momentum, let isNesterov):
      rule = NN_SGD
      self.momentum = Float(momentum)
      nesterov = isNesterov
    case .rmsProp(let smoothing, let epsilon, let momentum, let isCentered):
      rule = NN_RMSPROP
      self.smoothing = Float(smoothing)
      rest = Float(1 - smoothing)
      self.epsilon = Float(epsilon)
      self.momentum = Float(momentum)
      extra = isCentered
    case .adagrad(let epsilon):
      rule = NN_ADAGRAD
      self.epsilon = Float(epsilon)
    case .adam(let beta1, let beta2, let epsilon, let isAMSGrad):
      rule = NN_ADAM
      smoothing = Float(beta1)
      rest = Float(1 - beta1)
      second = Float(beta2)
      second_rest = Float(1 - beta2)
      self.epsilon = Float(epsilon)
      extra = isAMSGrad
    }
  }
}
