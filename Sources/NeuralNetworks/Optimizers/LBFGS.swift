import BackendCore

/// L-BFGS, a quasi-Newton method for smooth losses over all data (Liu and Nocedal 1989), with a line search for the
/// strong Wolfe conditions, as PyTorch's `LBFGS` with `line_search_fn="strong_wolfe"`.
///
/// ```swift
/// let optimizer = LBFGS()
/// let loss = try optimizer.minimize(model) { model in
///   Loss.meanSquaredError(model(x, .inference), y)
/// }
/// ```
///
/// The direction is −H·g, where g is the gradient and H an approximation of the inverse of the second derivatives, made
/// from the most recent changes of the parameters and of the gradient. The loss must be deterministic: it is evaluated
/// about as often as there are iterations, and each evaluation waits for the device. A model is trained either with this
/// class or with an `Optimizer`; it does not take part in `fit`.
public final class LBFGS {
  /// The first length of a step that the line search tries.
  public let learningRate: Double
  /// The largest number of iterations of a call of `minimize`.
  public let iterations: Int
  /// The number of evaluations of the loss after which a call of `minimize` ends.
  public let evaluations: Int
  /// The bound of the magnitudes of the gradient below which a call ends.
  public let gradientTolerance: Double
  /// The bound of the change of the loss, and of the parameters, below which a call ends.
  public let changeTolerance: Double
  /// The number of stored changes.
  public let historySize: Int
  /// The number of evaluations of the loss so far.
  public private(set) var evaluationCount = 0

  private var memory = QuasiNewtonMemory()
  private var isAtStart = true
  /// The last iteration, if the memory lacks it: its first gradient, and its change of the parameters.
  private var last: (gradient: Tensor, change: Tensor)?
  private var known = KnownParameters()
  /// What the memory belongs to: the order of the parameters, their device, and their element type.
  private var arrangement: (layout: SlabLayout, device: Device, dtype: DType)?

  /// Creates the optimizer. The defaults match PyTorch, except that PyTorch stores 100 changes, and searches along the
  /// direction only if asked to.
  /// - Parameters:
  ///   - learningRate: The first length of a step that the line search tries, above 0.
  ///   - iterations: The largest number of iterations of a call of `minimize`, at least 1.
  ///   - evaluations: The number of evaluations of the loss after which a call ends; nil for 5/4 of the iterations.
  ///   - gradientTolerance: The bound of the magnitudes of the gradient below which a call ends, at least 0.
  ///   - changeTolerance: The bound of the change of the loss, and of the parameters, below which a call ends.
  ///   - historySize: The number of stored changes, at least 1.
  public init(
    learningRate: Double = 1, iterations: Int = 20, evaluations: Int? = nil, gradientTolerance: Double = 1e-7,
    changeTolerance: Double = 1e-9, historySize: Int = 10
  ) {
    Checks.positive(learningRate, "learningRate", of: "LBFGS")
    Checks.count(iterations, "iterations", of: "LBFGS", atLeast: 1)
    Checks.count(evaluations ?? 1, "evaluations", of: "LBFGS", atLeast: 1)
    Checks.size(gradientTolerance, "gradientTolerance", of: "LBFGS")
    Checks.size(changeTolerance, "changeTolerance", of: "LBFGS")
    Checks.count(historySize, "historySize", of: "LBFGS", atLeast: 1)
    self.learningRate = learningRate
    self.iterations = iterations
    self.evaluations = evaluations ?? iterations + iterations / 4
    self.gradientTolerance = gradientTolerance
    self.changeTolerance = changeTolerance
    self.historySize = historySize
  }

  /// Changes the trained parameters of a model so that the loss becomes smaller, and returns the loss. Later calls
  /// continue with what earlier ones have learned about its shape, unless parameters were frozen, unfrozen, or moved to
  /// another device in between.
  /// - Parameters:
  ///   - model: The model, which is built.
  ///   - loss: Returns the loss, a scalar. During the search, one that is not finite, or whose gradient is not, counts as
  ///     too large.
  /// - Throws: `ModelError.invalidConfiguration` for another model than before, or if the loss of the current parameters,
  ///   or its gradient, is not finite; `DeviceError`; the errors of `loss`. If it throws, the parameters are those before
  ///   the call, or after one of its iterations.
  @discardableResult
  public func minimize<M: Module>(_ model: M, loss: (M) throws -> Tensor) throws -> Double {
    let placement = model.placement(for: "LBFGS.minimize")
    try known.check(placement, owner: "LBFGS")
    guard let slab = placement.slabs.first else { return try loss(model).item() }
    arrange(as: placement.layout, slab.values.device, slab.values.dtype)
    var evaluated = 0
    func evaluate() throws -> (loss: Double, gradient: Tensor) {
      let (value, gradients) = try valueAndGradient(at: model, of: loss)
      guard let slabs = gradients.arranged(as: placement.layout) else {
        throw gradients.mismatch(with: placement.layout)
      }
      evaluated += 1
      evaluationCount += 1
      return (try value.item(), Tensor.concatenated(slabs))
    }
    var (value, gradient) = try evaluate()
    guard value.isFinite, try gradient.isAllFinite() else {
      let part = value.isFinite ? "gradient" : "loss"
      throw ModelError.invalidConfiguration(
        layer: "LBFGS", reason: "the \(part) of the current parameters holds a NaN or an infinity")
    }
    known.add(placement)
    if try gradient.largestMagnitude() <= gradientTolerance { return value }
    for iteration in 1...iterations {
      let direction = try nextDirection(gradient)
      let slope = try gradient.dot(direction)
      if !(slope <= -changeTolerance) { break }
      // Without anything known about the shape of the loss, the first step is short.
      let length = isAtStart ? try learningRate * min(1, 1 / gradient.magnitude().sum().item()) : learningRate
      isAtStart = false
      let start = Tensor.concatenated(placement.slabs.map(\.values))
      var search = WolfeSearch(
        value, slope, size: try direction.largestMagnitude(), tolerance: changeTolerance, gradient: gradient)
      do {
        try search.run(from: length, evaluations: evaluations - evaluated) { length in
          try placement.write(start + length * direction)
          let (loss, gradient) = try evaluate()
          let slope = try gradient.dot(direction)
          let isFinite = try loss.isFinite && (slope.isFinite || gradient.isAllFinite())
          return WolfeSearch.Point(
            length: length, loss: isFinite ? loss : .infinity, slope: slope, gradient: gradient)
        }
      } catch {
        try placement.write(start)
        throw error
      }
      let end = search.result
      let change = end.length * direction
      try placement.write(start + change)
      last = (gradient, change)
      let difference = (end.loss - value).magnitude
      (value, gradient) = (end.loss, end.gradient)
      if iteration == iterations || evaluated >= evaluations { break }
      if try gradient.largestMagnitude() <= gradientTolerance || change.largestMagnitude() <= changeTolerance { break }
      if difference < changeTolerance { break }
    }
    return value
  }

  /// Starts again if the stored vectors do not have the elements of the parameters.
  private func arrange(as layout: SlabLayout, _ device: Device, _ dtype: DType) {
    let isKnown = arrangement.map { $0.layout.matches(layout) && $0.device == device && $0.dtype == dtype } ?? true
    if !isKnown {
      memory = QuasiNewtonMemory()
      last = nil
      isAtStart = true
    }
    arrangement = (layout, device, dtype)
  }

  /// Remembers the last change, and returns the direction of the next one.
  private func nextDirection(_ gradient: Tensor) throws -> Tensor {
    if let last {
      try memory.add(change: last.change, gradientChange: gradient - last.gradient, limit: historySize)
      self.last = nil
    }
    return try -memory.applied(to: gradient)
  }
}

/// The approximation of the inverse of the second derivatives.
private struct QuasiNewtonMemory {
  /// The changes s of the parameters and y of the gradient, with s·y.
  private var pairs: [(change: Tensor, gradientChange: Tensor, product: Double)] = []
  /// The approximation before any change: this number times the identity.
  private var scale = 1.0

  /// Adds a change, unless the loss is not convex along it.
  mutating func add(change: Tensor, gradientChange: Tensor, limit: Int) throws {
    let product = try change.dot(gradientChange)
    guard product > 1e-10 else { return }
    if pairs.count == limit { pairs.removeFirst() }
    pairs.append((change, gradientChange, product))
    scale = product / (try gradientChange.dot(gradientChange))
  }

  /// Returns the product with a gradient, by the recursion of Nocedal 1980.
  func applied(to gradient: Tensor) throws -> Tensor {
    var result = gradient
    var shares: [Double] = []
    for pair in pairs.reversed() {
      let share = try pair.change.dot(result) / pair.product
      result = result - share * pair.gradientChange
      shares.append(share)
    }
    result = result * scale
    for (pair, share) in zip(pairs, shares.reversed()) {
      result = result + (share - (try pair.gradientChange.dot(result)) / pair.product) * pair.change
    }
    return result
  }
}

extension Placement {
  /// Writes the elements of all slabs, one slab after the other.
  fileprivate func write(_ values: Tensor) throws {
    try values.checkPoison()
    var start = 0
    for slab in slabs {
      let count = slab.values.count
      slab.write(Tensor(viewing: values, offset: start, shape: [count]), at: 0)
      try slab.values.checkPoison()
      start += count
    }
  }
}

extension Tensor {
  /// Returns the scalar product of two vectors. Waits for the device.
  fileprivate func dot(_ other: Tensor) throws -> Double { try (self * other).sum().item() }

  /// Returns the largest magnitude. Waits for the device.
  fileprivate func largestMagnitude() throws -> Double { count == 0 ? 0 : try magnitude().max().item() }
}
