#if OpenCL
public import BackendCore

/// Optimizer steps, one kernel each, and gradient clipping.
extension OpenCLBackend {
  public func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice
  ) throws {
    try require(.optimizerStep, for: parameters.dtype)
    if parameters.dtype == .float64 {
      return try composed.optimizerStep(
        step, parameters: parameters, gradients: gradients, states: states, count: count, scalars: scalars)
    }
    let decay = Decay(weightDecay: Float(step.weightDecay), decaysDirectly: step.decaysDirectly ? 1 : 0)
    let program = ProgramName(family: .optimizerSteps, isWide: isWide(count))
    try launch(KernelName(program: program, stem: step.rule.kernelName), .elements(count)) { arguments in
      arguments.slice(parameters, 2 * count)
      arguments.slice(gradients, count)
      arguments.slice(scalars, StepScalars.count)
      arguments.count(count)
      arguments.value(decay)
      arguments.rule(step.rule, states, count)
    }
  }

  public func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws {
    try require(.norm, for: x.dtype)
    if x.dtype == .float64 { return try composed.norm(x, count: count, accumulating: accumulating, into: y) }
    let sum = try temporary(1, .float32)
    try reduce("sumOfSquares", thenBy: "sum", "float", x, AxisShape(outer: 1, extent: count, inner: 1), into: sum)
    let program = ProgramName(family: .optimizerSteps, isWide: isWide(count))
    try launch(KernelName(program: program, stem: "norm"), WorkGroups(x: 1)) { arguments in
      arguments.slice(x, count)
      arguments.slice(sum)
      arguments.slice(y)
      arguments.count(count)
      arguments.flag(accumulating)
    }
  }

  public func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws {
    try require(.clipFactor, for: norm.dtype)
    if norm.dtype == .float64 { return try composed.clipFactor(norm: norm, maximumNorm: maximumNorm, into: y) }
    let name = KernelName(program: ProgramName(family: .optimizerSteps), stem: "clipFactor")
    try launch(name, WorkGroups(x: 1)) { arguments in
      arguments.slice(norm)
      arguments.slice(y)
      arguments.float(maximumNorm)
    }
  }
}

/// `decay_t` of `OptimizerSteps.cl`.
private struct Decay: BitwiseCopyable {
  var weightDecay: Float
  var decaysDirectly: Int32
}

extension OptimizerStep.Rule {
  fileprivate var kernelName: String {
    switch self {
    case .sgd(let momentum, _): momentum == 0 ? "sgd" : "sgdMomentum"
    case .rmsProp: "rmsProp"
    case .adagrad: "adagrad"
    case .adam: "adam"
    }
  }
}

extension KernelArguments {
  /// The states and constants of a rule. For a state that the rule does not have, the first state is passed but not
  /// accessed.
  fileprivate mutating func rule(_ rule: OptimizerStep.Rule, _ states: [BufferSlice], _ count: Int) {
    switch rule {
    case .sgd(let momentum, let isNesterov):
      guard momentum != 0 else { return }
      state(0, of: states, count)
      float(momentum)
      flag(isNesterov)
    case .rmsProp(let smoothing, let epsilon, let momentum, let isCentered):
      state(0, of: states, count)
      state(momentum == 0 ? nil : 1, of: states, count)
      state(isCentered ? states.count - 1 : nil, of: states, count)
      float(smoothing)
      float(1 - smoothing)
      float(epsilon)
      float(momentum)
      flag(isCentered)
    case .adagrad(let epsilon):
      state(0, of: states, count)
      float(epsilon)
    case .adam(let beta1, let beta2, let epsilon, let isAMSGrad):
      state(0, of: states, count)
      state(1, of: states, count)
      state(isAMSGrad ? 2 : nil, of: states, count)
      float(beta1)
      float(1 - beta1)
      float(beta2)
      float(1 - beta2)
      float(epsilon)
      flag(isAMSGrad)
    }
  }

  /// A state, which is read and written; nil for none.
  private mutating func state(_ index: Int?, of states: [BufferSlice], _ count: Int) {
    slice(states[index ?? 0], index == nil ? 0 : 2 * count)
  }
}
#endif
