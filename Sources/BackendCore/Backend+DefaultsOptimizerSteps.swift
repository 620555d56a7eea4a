/// Default implementations of optimizer steps and gradient clipping. Values that change from step to step stay on the
/// device: they are read from `StepScalars` through layouts whose strides are zero.
extension Backend {
  public func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice
  ) throws {
    try require(.optimizerStep, for: parameters.dtype)
    let vector = StepVector(backend: self, count: count, dtype: parameters.dtype, scalars: scalars)
    let old = try ([parameters] + states).map { try vector.copied($0) }
    let gradient = try vector.preparedGradient(gradients)
    if step.weightDecay != 0 {
      if step.decaysDirectly {
        try vector.decay(parameters, step.weightDecay)
      } else {
        try vector.add(parameters, times: step.weightDecay, to: gradient)
      }
    }
    switch step.rule {
    case .sgd(let momentum, let isNesterov):
      try vector.sgd(gradient, states, momentum: momentum, isNesterov: isNesterov, updating: parameters)
    case .rmsProp(let smoothing, let epsilon, let momentum, let isCentered):
      try vector.rmsProp(
        gradient, states, smoothing: smoothing, epsilon: epsilon, momentum: momentum, isCentered: isCentered,
        updating: parameters)
    case .adagrad(let epsilon):
      try vector.adagrad(gradient, states, epsilon: epsilon, updating: parameters)
    case .adam(let beta1, let beta2, let epsilon, let isAMSGrad):
      try vector.adam(
        gradient, states, beta1: beta1, beta2: beta2, epsilon: epsilon, isAMSGrad: isAMSGrad, updating: parameters)
    }
    try vector.putBackIfSkipped(old, into: [parameters] + states)
  }

  public func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws {
    try require(.norm, for: x.dtype)
    if accumulating {
      let both = try temporary(2, x.dtype)
      try copy(y, count: 1, into: both)
      try norm(x, count: count, accumulating: false, into: both.advanced(by: 1))
      return try norm(both, count: 2, accumulating: false, into: y)
    }
    let row = RowTable(rows: 1, columns: count)
    let one = Layout(dense: [1])
    // There is no accuracy requirement for numbers whose squares underflow.
    let factor = try squaringFactors(x, row, epsilon: 1)
    let squares = try temporary(count, x.dtype)
    try binary(.multiply, x, row.dense, factor, row.oneForEachRow, into: squares)
    try unary(UnaryOp(.square), squares, count: count, into: squares)
    try reduce(.sum, squares, row.rowReduction, into: y)
    try unary(UnaryOp(.squareRoot), y, count: 1, into: y)
    try binary(.divide, y, one, factor, one, into: y)
  }

  public func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws {
    try require(.clipFactor, for: norm.dtype)
    try copy(norm, count: 1, into: y)
    try binaryScalar(.add, y, 1e-6, scalarFirst: false, count: 1, into: y)
    try binaryScalar(.divide, y, maximumNorm, scalarFirst: true, count: 1, into: y)
    try binaryScalar(.minimum, y, 1, scalarFirst: false, count: 1, into: y)
  }
}

/// Vector arithmetic over the parameters of one optimizer step.
private struct StepVector<Device: Backend> {
  let backend: Device
  let count: Int
  let dtype: DType
  let scalars: BufferSlice

  private var dense: Layout { Layout(dense: [count]) }
  /// One number, repeated for each parameter.
  private var repeated: Layout { Layout(shape: [count], strides: Strides()) }

  private func temporary() throws -> BufferSlice { try backend.temporary(count, dtype) }

  private func combine(_ op: BinaryOp, _ a: BufferSlice, _ b: BufferSlice, into y: BufferSlice) throws {
    try backend.binary(op, a, dense, b, dense, into: y)
  }

  /// y = op(a, the number at `b`).
  private func combine(_ op: BinaryOp, _ a: BufferSlice, repeating b: BufferSlice, into y: BufferSlice) throws {
    try backend.binary(op, a, dense, b, repeated, into: y)
  }

  private func combine(_ op: BinaryOp, _ a: BufferSlice, with scalar: Double, into y: BufferSlice) throws {
    try backend.binaryScalar(op, a, scalar, scalarFirst: false, count: count, into: y)
  }

  private func squareRoot(_ x: BufferSlice, into y: BufferSlice) throws {
    try backend.unary(UnaryOp(.squareRoot), x, count: count, into: y)
  }

  func copied(_ x: BufferSlice) throws -> BufferSlice {
    let copy = try temporary()
    try backend.copy(x, count: count, into: copy)
    return copy
  }

  /// Restores the old values if the scalars say to skip the step.
  func putBackIfSkipped(_ old: [BufferSlice], into new: [BufferSlice]) throws {
    let isSkipped = try backend.temporary(1, .bool)
    try backend.compareScalar(.greater, scalars.advanced(by: StepScalars.skip), 0, count: 1, into: isSkipped)
    for (old, new) in zip(old, new) {
      try backend.select(isSkipped, repeated, old, dense, new, dense, into: new)
    }
  }

  /// Returns the scaled and clamped gradient, in separate memory.
  func preparedGradient(_ gradients: BufferSlice) throws -> BufferSlice {
    let result = try temporary()
    let bound = scalars.advanced(by: StepScalars.gradientBound)
    let negativeBound = try backend.temporary(1, dtype)
    try backend.unary(UnaryOp(.negate), bound, count: 1, into: negativeBound)
    try combine(.multiply, gradients, repeating: scalars.advanced(by: StepScalars.gradientScale), into: result)
    try combine(.minimum, result, repeating: bound, into: result)
    try combine(.maximum, result, repeating: negativeBound, into: result)
    return result
  }

  /// p −= lr·wd·p.
  func decay(_ parameters: BufferSlice, _ weightDecay: Double) throws {
    let factor = try backend.temporary(1, dtype)
    try backend.binaryScalar(
      .multiply, scalars.advanced(by: StepScalars.learningRate), -weightDecay, scalarFirst: false, count: 1,
      into: factor)
    try backend.binaryScalar(.add, factor, 1, scalarFirst: false, count: 1, into: factor)
    try combine(.multiply, parameters, repeating: factor, into: parameters)
  }

  /// y += factor·x.
  func add(_ x: BufferSlice, times factor: Double, to y: BufferSlice) throws {
    let scaled = try temporary()
    try combine(.multiply, x, with: factor, into: scaled)
    try combine(.add, y, scaled, into: y)
  }

  /// state = smoothing·state + (1 − smoothing)·x², where x² alone might overflow. Overwrites `scratch`.
  private func blendSquare(
    _ state: BufferSlice, keeping smoothing: Double, of x: BufferSlice, _ scratch: BufferSlice
  ) throws {
    try combine(.multiply, state, with: smoothing, into: state)
    try combine(.multiply, x, with: 1 - smoothing, into: scratch)
    try combine(.multiply, scratch, x, into: scratch)
    try combine(.add, state, scratch, into: state)
  }

  /// state = smoothing·state + weight·x.
  private func blend(_ state: BufferSlice, keeping smoothing: Double, adding weight: Double, of x: BufferSlice) throws {
    try combine(.multiply, state, with: smoothing, into: state)
    try add(x, times: weight, to: state)
  }

  /// p −= rate·update. Overwrites `update`.
  private func descend(_ parameters: BufferSlice, along update: BufferSlice, rate: BufferSlice? = nil) throws {
    let rate = rate ?? scalars.advanced(by: StepScalars.learningRate)
    try combine(.multiply, update, repeating: rate, into: update)
    try combine(.subtract, parameters, update, into: parameters)
  }

  func sgd(
    _ gradient: BufferSlice, _ states: [BufferSlice], momentum: Double, isNesterov: Bool, updating p: BufferSlice
  ) throws {
    guard momentum != 0 else {
      try descend(p, along: gradient)
      return
    }
    let velocity = states[0]
    try blend(velocity, keeping: momentum, adding: 1, of: gradient)
    if isNesterov {
      try add(velocity, times: momentum, to: gradient)
    } else {
      try backend.copy(velocity, count: count, into: gradient)
    }
    try descend(p, along: gradient)
  }

  func rmsProp(
    _ gradient: BufferSlice, _ states: [BufferSlice], smoothing: Double, epsilon: Double, momentum: Double,
    isCentered: Bool, updating p: BufferSlice
  ) throws {
    let square = states[0]
    let divisor = try temporary()
    try blendSquare(square, keeping: smoothing, of: gradient, divisor)
    if isCentered {
      let average = states[momentum == 0 ? 1 : 2]
      try blend(average, keeping: smoothing, adding: 1 - smoothing, of: gradient)
      try combine(.multiply, average, average, into: divisor)
      try combine(.subtract, square, divisor, into: divisor)
      try combine(.maximum, divisor, with: 0, into: divisor)  // rounding can go below 0
      try squareRoot(divisor, into: divisor)
    } else {
      try squareRoot(square, into: divisor)
    }
    try combine(.add, divisor, with: epsilon, into: divisor)
    try combine(.divide, gradient, divisor, into: gradient)
    if momentum != 0 {
      try blend(states[1], keeping: momentum, adding: 1, of: gradient)
      try backend.copy(states[1], count: count, into: gradient)
    }
    try descend(p, along: gradient)
  }

  func adagrad(_ gradient: BufferSlice, _ states: [BufferSlice], epsilon: Double, updating p: BufferSlice) throws {
    let divisor = try temporary()
    try combine(.multiply, gradient, gradient, into: divisor)
    try combine(.add, states[0], divisor, into: states[0])
    try squareRoot(states[0], into: divisor)
    try combine(.add, divisor, with: epsilon, into: divisor)
    try combine(.divide, gradient, divisor, into: gradient)
    try descend(p, along: gradient)
  }

  func adam(
    _ gradient: BufferSlice, _ states: [BufferSlice], beta1: Double, beta2: Double, epsilon: Double, isAMSGrad: Bool,
    updating p: BufferSlice
  ) throws {
    let (mean, square) = (states[0], states[1])
    let divisor = try temporary()
    try blend(mean, keeping: beta1, adding: 1 - beta1, of: gradient)
    try blendSquare(square, keeping: beta2, of: gradient, divisor)
    if isAMSGrad {
      try combine(.maximum, states[2], square, into: states[2])
      try squareRoot(states[2], into: divisor)
    } else {
      try squareRoot(square, into: divisor)
    }
    try combine(
      .divide, divisor, repeating: scalars.advanced(by: StepScalars.secondCorrectionRoot), into: divisor)
    try combine(.add, divisor, with: epsilon, into: divisor)
    try combine(.divide, mean, divisor, into: gradient)

    let rate = try backend.temporary(1, dtype)
    let one = Layout(dense: [1])
    try backend.binary(
      .divide, scalars.advanced(by: StepScalars.learningRate), one, scalars.advanced(by: StepScalars.firstCorrection),
      one, into: rate)
    try descend(p, along: gradient, rate: rate)
  }
}
