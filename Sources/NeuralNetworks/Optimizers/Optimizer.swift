import BackendCore

/// Updates the parameters of a model with its gradients, and stores the state of the update rule: the state of each
/// parameter, by path, and the number of steps.
///
/// ```swift
/// let optimizer = Optimizer.adam(learningRate: 1e-3, clipping: .globalNorm(1))
/// let (loss, gradients) = valueAndGradient(at: model) { … }
/// try optimizer.update(model, with: gradients)
/// ```
///
/// SGD, RMSProp, Adagrad, Adam, and AdamW run as one launch for all parameters of a group. The other rules run as tensor
/// operations: elementwise ones for all parameters of a group together, others for one parameter at a time. An optimizer
/// belongs to one model; updating another model throws an error.
public final class Optimizer {
  /// The update rule.
  public let rule: any UpdateRule
  /// The gradient clipping before a step.
  public let clipping: GradientClipping
  /// Parameters with a different learning rate or weight decay, or with a constraint.
  public let groups: [ParameterGroup]
  /// The number of updates so far.
  public private(set) var step = 0
  /// A factor for the learning rate of every step from now on, independent of the schedule; at least 0. It is part of
  /// the optimizer state.
  public var learningRateScale = 1.0

  /// Whether to skip all updates starting with the first step whose gradients contain a NaN or an infinity. Parameters
  /// and state stay as they were before that step until you set this property again. The device checks, and nothing
  /// waits for it; `skippedSteps()` returns the number of skipped steps. Setting the property resets the check, even if
  /// the value does not change. (A sum of finite gradients that overflows counts as an infinity, too.)
  public var skipsNonFiniteGradients = false {
    didSet { skipped = SkippedSteps() }
  }

  /// The settings by which the loss is scaled for gradients in float16; nil for no scaling. `compile` sets it for
  /// `.mixedFloat16`. A training step then scales the loss; in a custom training loop, differentiate `scaled(_:)`, without
  /// which `update` throws an error. Updates divide the gradients, and are skipped if these are not finite. A skipped step
  /// counts in `step`, and thus in schedules. Setting the property starts again with the first scale.
  public var lossScaling: LossScaling? {
    didSet { (lossScaleState, hasScaledLoss) = (LossScale(lossScaling), false) }
  }

  /// The rule, if it is one of this package.
  private let builtIn: (any BuiltInRule)?
  /// The rule, if backends know it.
  private let fused: (any FusedRule)?
  /// The rule, if it is composed of operations that read the numbers of a step from the device.
  private let composed: (any ComposedRule)?
  private var states: StateSlabs
  private var known = KnownParameters()
  private var scalars = StepScalarBuffer()
  private var skipped = SkippedSteps()
  private var lossScaleState = LossScale(nil)
  /// Whether a loss has been scaled since the last update.
  private var hasScaledLoss = false
  /// The group of each slab in the most recently updated layout. Group 0 contains the parameters that no group matches.
  private var grouping: (layout: SlabLayout, groupOfSlab: [Int])?

  /// Creates an optimizer at step 0 that clips gradients first and applies `rule` to every parameter. `groups` have
  /// their own settings.
  public init(_ rule: any UpdateRule, clipping: GradientClipping = .none, groups: [ParameterGroup] = []) {
    self.rule = rule
    builtIn = rule as? any BuiltInRule
    fused = rule as? any FusedRule
    composed = rule as? any ComposedRule
    self.clipping = clipping
    self.groups = groups
    states = StateSlabs(names: rule.stateNames, shapes: composed?.stateShapes)
  }

  /// Performs one step. It returns as soon as the work is submitted to the device. Parameter values that you hold do
  /// not change.
  /// - Throws: `ModelError.invalidConfiguration` for an invalid learning rate or another invalid constant, for a group
  ///   that matches no parameter, if this optimizer has updated a different model before, or if it has `lossScaling` and
  ///   `scaled(_:)` was not called since its last update, so that it would divide gradients that are not scaled;
  ///   `ModelError.parameters` if a parameter has no gradient or a gradient of another shape; `DeviceError` for failures in
  ///   computing the gradients or in this step. If it throws, parameters, state, and step count are unchanged (only a
  ///   failure in applying the constraint of a group comes after the update, if the rule runs as one launch).
  public func update(_ model: some Module, with gradients: Gradients) throws {
    if lossScaling != nil && !hasScaledLoss {
      throw ModelError.invalidConfiguration(
        layer: "\(type(of: rule))",
        reason: "the optimizer has lossScaling, but its gradients are not those of a scaled loss; differentiate "
          + "optimizer.scaled(loss) before each update")
    }
    let update = try prepareUpdate(of: model)
    try apply(update, gradients)
    countStep(update)
    hasScaledLoss = false
  }

  // MARK: Parts of a step

  /// A step whose numbers are on the device, and whose gradients are not known yet.
  struct PreparedUpdate {
    fileprivate let placement: Placement
    /// The group of each slab.
    fileprivate let groupOfSlab: [Int]
  }

  /// Whether a step consists only of launches, which can be replayed with other numbers.
  var allowsReplay: Bool { builtIn != nil }

  /// Does the part of a step that a replay does not repeat: checks the settings, arranges the parameters, and writes the
  /// numbers of the step to the device. The state does not change.
  func prepareUpdate(of model: some Module) throws -> PreparedUpdate {
    try check()
    return try withoutGradient {
      let (placement, groupOfSlab) = try groupedPlacement(of: model)
      if let first = placement.slabs.first?.values {
        try known.check(placement, owner: "\(type(of: rule))")
        if let fused { try writeScalars(fused, like: first) }
        if let composed { try scalars.store(groupSteps.flatMap { composed.numbers(of: $0) }, like: first) }
        if skipsNonFiniteGradients { try skipped.prepare(like: first) }
        try lossScaleState.prepare(on: first.device)
      }
      return PreparedUpdate(placement: placement, groupOfSlab: groupOfSlab)
    }
  }

  /// Returns the buffers that `apply` changes in addition to the parameters.
  func changedBuffers(of update: PreparedUpdate) throws -> [Buffer] {
    guard !update.placement.slabs.isEmpty else { return [] }
    try states.arrange(as: update.placement)
    try states.makeUnique()
    return try states.buffers() + scalars.buffers() + skipped.buffers() + lossScaleState.buffers()
  }

  /// Changes the parameters and the state. The step counts only after `countStep` is called.
  func apply(_ update: PreparedUpdate, _ gradients: Gradients) throws {
    let layout = update.placement.layout
    guard let slabs = gradients.arranged(as: layout) else { throw gradients.mismatch(with: layout) }
    guard !update.placement.slabs.isEmpty else { return }
    try withoutGradient {
      for (parameters, gradient) in zip(update.placement.slabs, slabs) {
        try parameters.values.checkPoison()
        try gradient.checkPoison()
      }
      try states.arrange(as: update.placement)
      let unscaled = try lossScaleState.unscaled(slabs)
      let gradients = unscaled?.gradients ?? slabs
      let skip = try skip(gradients, unscaled)
      if let fused {
        try launch(fused, update, gradients, skip)
      } else {
        try compute(update, Gradients(layout: layout, slabs: gradients), skip)
      }
    }
  }

  /// Counts a step that has been applied. From now on, the optimizer belongs to the model.
  func countStep(_ update: PreparedUpdate) {
    if !update.placement.slabs.isEmpty { known.add(update.placement) }
    step += 1
  }

  // MARK: Skipped steps

  /// Returns the number of most recent steps that were skipped because gradients were not finite. Waits for the device.
  /// - Throws: `DeviceError`.
  public func skippedSteps() throws -> Int { try skipped.count() }

  /// Whether the last step was skipped, as a scalar on the device; nil if no step can be.
  var isSkipping: Tensor? {
    guard let isSkipped = skipped.isSkipping else { return lossScaleState.isSkipping }
    return lossScaleState.isSkipping.map { isSkipped .| $0 } ?? isSkipped
  }

  /// Returns a number `[1]` above 0 if the step of these gradients is to be skipped; nil if no step can be.
  private func skip(_ gradients: [Tensor], _ unscaled: LossScale.Unscaled?) throws -> Tensor? {
    let isBad = unscaled?.isBad
    guard skipsNonFiniteGradients else { return isBad }
    let count = try skipped.updated(by: gradients, unscaled?.isHopeless)
    return isBad.map { count.maximum($0) } ?? count
  }

  // MARK: Loss scaling

  /// Returns a loss multiplied by the current scale, for a custom training loop that differentiates it and updates the
  /// model with the gradients; the loss itself without `lossScaling`.
  ///
  /// ```swift
  /// let (_, gradients) = valueAndGradient(at: model) { optimizer.scaled(loss($0)) }
  /// try optimizer.update(model, with: gradients)
  /// ```
  public func scaled(_ loss: Tensor) -> Tensor {
    if lossScaling == nil { return loss }
    hasScaledLoss = true
    let loss = loss.dtype.isHalf ? loss.cast(to: .float32) : loss
    // Without memory for the scale, the gradients must not look like scaled ones.
    do { try withoutGradient { try lossScaleState.prepare(on: loss.device) } } catch { return loss * Double.nan }
    return lossScaleState.scale.map { loss * $0.cast(to: loss.dtype) } ?? loss
  }

  /// Returns the current scale of the loss; nil without `lossScaling`. Waits for the device.
  /// - Throws: `DeviceError`.
  public func lossScale() throws -> Double? { try lossScaleState.currentScale() }

  /// Returns the number of steps that `lossScaling` has skipped so far, because gradients were not finite. Waits for the
  /// device.
  /// - Throws: `DeviceError`.
  public func overflowedSteps() throws -> Int { try lossScaleState.skippedSteps() }

  /// Reverts skipped steps, so that the next step is the first of them.
  func takeBack(skipped steps: Int) {
    step -= steps
    skipped = SkippedSteps()
  }

  // MARK: Configuration

  /// Returns the learning rate of a step: the rate of the schedule times the current `learningRateScale`, before the
  /// scales of groups.
  public func learningRate(at step: Int) -> Double { rule.learningRate.rate(at: step) * learningRateScale }

  /// Throws for an invalid constant, and for a learning rate of the next step that is negative or not finite.
  package func check() throws {
    func fail(_ reason: String) throws -> Never {
      throw ModelError.invalidConfiguration(layer: "\(type(of: rule))", reason: reason)
    }
    let rate = learningRate(at: step)
    if !(rate >= 0 && rate.isFinite) {
      try fail("the learning rate of step \(step) is \(rate), not a number of at least 0")
    }
    try builtIn?.check()
    if let fault = lossScaling?.fault { try fail(fault) }
    switch clipping {
    case .value(let bound), .globalNorm(let bound):
      if !(bound > 0) { try fail("gradients are clipped to \(bound), not to a number above 0") }
    case .none: break
    }
    for group in groups {
      for number in [group.learningRateScale, group.weightDecay ?? 0] where !(number >= 0 && number.isFinite) {
        try fail("the group \"\(group.pattern)\" has \(number) where a number of at least 0 is needed")
      }
    }
  }

  /// Returns the settings of a step for a group.
  private func updateStep(group: Int) -> UpdateStep {
    let settings = group == 0 ? nil : groups[group - 1]
    return UpdateStep(
      index: step, learningRate: learningRate(at: step) * (settings?.learningRateScale ?? 1),
      weightDecay: settings?.weightDecay)
  }

  /// The settings of the next step for each group.
  private var groupSteps: [UpdateStep] { (0...groups.count).map { updateStep(group: $0) } }

  /// Returns the locations of the trained parameters, with the group of each slab.
  /// - Throws: `ModelError.invalidConfiguration` for a group without parameters.
  private func groupedPlacement(of model: some Module) throws -> (Placement, groupOfSlab: [Int]) {
    let placement = model.placement(for: "Optimizer.update")
    if let grouping, grouping.layout.matches(placement.layout) { return (placement, grouping.groupOfSlab) }
    let patterns = groups.map { PathPattern($0.pattern) }
    func group(_ path: String) -> Int { (patterns.firstIndex { $0.matches(path) } ?? -1) + 1 }
    if !groups.isEmpty {
      let parameters = model.parameters
      // Only the first time, because a part of the model that is trained later may not have parameters of every group.
      if grouping == nil, let fault = patterns.lazy.compactMap({ $0.fault(among: parameters.paths) }).first {
        throw ModelError.invalidConfiguration(layer: "\(type(of: rule))", reason: "ParameterGroup: \(fault)")
      }
      Placement.divide(parameters.entries.filter { $0.parameter.isTrainable }, byGroup: group)
    }
    let grouped = model.placement(for: "Optimizer.update")
    var groupOfSlab = [Int](repeating: 0, count: grouped.slabs.count)
    for entry in grouped.layout.entries { groupOfSlab[entry.target.slab] = group(entry.path) }
    for entry in grouped.layout.entries {
      let constraint = constraint(ofGroup: groupOfSlab[entry.target.slab])
      if let fault = constraint?.fault(for: entry.shape) {
        throw ModelError.invalidConfiguration(
          layer: "\(type(of: rule))", reason: "the constraint of \(entry.path): \(fault)")
      }
    }
    grouping = (grouped.layout, groupOfSlab)
    return (grouped, groupOfSlab)
  }

  // MARK: The step

  /// Writes the numbers of this step to the device.
  private func writeScalars(_ rule: some FusedRule, like slab: Tensor) throws {
    var bound = Double.infinity
    if case .value(let value) = clipping { bound = value }
    try scalars.write(
      groupSteps.map(\.learningRate), rule.biasCorrections(step: step), bound: bound,
      like: slab)
  }

  /// Performs one launch per slab, with the numbers that are on the device. Everything that can run out of memory comes
  /// first, except for constraints, which apply to the results.
  private func launch(
    _ rule: some FusedRule, _ update: PreparedUpdate, _ gradients: [Tensor], _ skip: Tensor?
  ) throws {
    if let skip { try scalars.skip(by: skip, groups: groups.count + 1) }
    if case .globalNorm(let maximum) = clipping {
      try scalars.clip(gradients, globalNorm: maximum, groups: groups.count + 1)
    }
    for slab in update.placement.slabs { try slab.values.makeUnique() }
    try states.makeUnique()
    for (index, slab) in update.placement.slabs.enumerated() {
      let group = update.groupOfSlab[index]
      let fused = rule.fusedStep(weightDecay: updateStep(group: group).weightDecay ?? rule.weightDecay)
      try states.withStates(of: index) { states in
        try scalars.apply(fused, to: &slab.values, gradients[index], &states, group: group)
      }
    }
    try constrain(update)
  }

  /// Changes the parameters that no longer meet their constraint, unless the step is skipped.
  private func constrain(_ update: PreparedUpdate) throws {
    guard update.groupOfSlab.contains(where: { constraint(ofGroup: $0) != nil }) else { return }
    let isSkipped = isSkipping
    let parts = update.placement.slabs.enumerated().map { index, slab in
      let piece = Piece(slab: index, count: slab.values.count)
      return selected(projections(of: slab.values, piece, update), in: slab.values, skippedIf: isSkipped)
    }
    for (_, value) in parts.joined() { try value.checkPoison() }
    for (slab, parts) in zip(update.placement.slabs, parts) {
      for (offset, value) in parts { try slab.values.overwrite(from: offset, with: value) }
    }
  }

  /// Applies the rule with tensor operations. Nothing is written before everything is computed.
  private func compute(_ update: PreparedUpdate, _ gradients: Gradients, _ skip: Tensor?) throws {
    let clipped =
      switch clipping {
      case .none: gradients
      case .value(let bound): gradients.clipped(value: bound)
      case .globalNorm(let bound): gradients.clipped(globalNorm: bound)
      }
    let isSkipped = skip.map { $0.reshaped([]) .> 0 }
    let placement = update.placement
    var results: [(piece: Piece, values: [PartOfSlab], states: [Tensor])] = []
    for piece in pieces(of: placement) {
      let parameter = piece.view(of: placement.slabs[piece.slab].values)
      let old = states.values(of: piece)
      var state = old
      let value = updated(
        parameter, piece.view(of: clipped.slabs[piece.slab]), &state, group: update.groupOfSlab[piece.slab])
      for (tensor, expected) in zip([value] + state, [parameter] + old) where tensor.shape != expected.shape {
        ProgrammerError.end(
          "\(type(of: rule)) gave a tensor of shape \(tensor.shape) for \(piece.name), of shape \(expected.shape)")
      }
      let values = selected(
        [(piece.offset, value)] + projections(of: value, piece, update), in: placement.slabs[piece.slab].values,
        skippedIf: isSkipped)
      if let isSkipped { state = zip(state, old).map { $0.replacing(with: $1, where: isSkipped) } }
      for tensor in values.map({ $0.value }) + state { try tensor.checkPoison() }
      results.append((piece, values, state))
    }
    for slab in placement.slabs { try slab.values.makeUnique() }
    try states.makeUnique()
    for (piece, values, state) in results {
      for (offset, value) in values { try placement.slabs[piece.slab].values.overwrite(from: offset, with: value) }
      try states.write(state, of: piece)
    }
  }

  /// Returns what the rule updates at once: slabs, or parameters.
  private func pieces(of placement: Placement) -> [Piece] {
    guard rule.isElementwise else {
      return placement.layout.entries.map { Piece($0) }
    }
    return placement.slabs.enumerated().map { Piece(slab: $0, count: $1.values.count) }
  }

  /// Applies the rule to a parameter, or to a slab.
  private func updated(_ parameter: Tensor, _ gradient: Tensor, _ state: inout [Tensor], group: Int) -> Tensor {
    let step = updateStep(group: group)
    guard let composed else { return rule.updated(parameter, gradient: gradient, state: &state, step: step) }
    let count = composed.numbers(of: step).count
    return composed.updated(
      parameter, gradient: gradient, state: &state, numbers: scalars.scalars(from: group * count, count: count),
      weightDecay: step.weightDecay ?? composed.weightDecay)
  }

  private func constraint(ofGroup group: Int) -> Constraint? { group == 0 ? nil : groups[group - 1].constraint }

  /// New values for a part of a slab.
  private typealias PartOfSlab = (offset: Int, value: Tensor)

  /// Returns the parameters of a piece as they meet their constraint; none without a constraint.
  private func projections(of value: Tensor, _ piece: Piece, _ update: PreparedUpdate) -> [PartOfSlab] {
    guard let constraint = constraint(ofGroup: update.groupOfSlab[piece.slab]) else { return [] }
    let values = value.reshaped([value.count])
    let range = piece.offset..<piece.offset + value.count
    return update.placement.layout.entries.filter { $0.target.slab == piece.slab && range.contains($0.target.offset) }
      .map { entry in
        let offset = entry.target.offset
        return (
          offset, constraint.projected(Tensor(viewing: values, offset: offset - piece.offset, shape: entry.shape))
        )
      }
  }

  /// Returns the new values, or the old ones in the slab if the step is skipped.
  private func selected(_ parts: [PartOfSlab], in slab: Tensor, skippedIf isSkipped: Tensor?) -> [PartOfSlab] {
    guard let isSkipped else { return parts }
    return parts.map { offset, value in
      let old = Tensor(viewing: slab, offset: offset, shape: value.shape)
      return (offset, value.replacing(with: old, where: isSkipped))
    }
  }

  // MARK: State

  /// Returns the state of every parameter that has been updated, with names such as "0.weight.velocity".
  package func stateTensors() -> [(name: String, value: Tensor)] {
    // The scale is written in place, so it is copied.
    states.named() + (lossScaleState.tensor.map { [(LossScale.name, $0 + 0)] } ?? [])
  }

  /// Returns the state needed to continue elsewhere. It costs nothing until the next update, which then writes to a
  /// copy.
  package func state() -> OptimizerState {
    OptimizerState(step: step, learningRateScale: learningRateScale, tensors: stateTensors())
  }

  /// Continues from a state, which may come from another process.
  /// - Throws: `ModelError.parameters` if names or shapes do not fit the rule. If it throws, nothing has changed.
  package func restore(_ state: OptimizerState) throws {
    let lossScale = state.tensors.first { $0.name == LossScale.name }?.value
    if let fault = try lossScale.flatMap({ try LossScale.fault(of: $0) }) {
      throw ModelError.parameters(missing: [], unknown: [], shapes: [fault])
    }
    try states.restore(state.tensors.filter { $0.name != LossScale.name })
    lossScaleState.restore(lossScale)
    known = KnownParameters()
    step = state.step
    learningRateScale = state.learningRateScale
  }

  /// Continues from a state, and first checks it against the model for which it will be used.
  package func restore(_ state: OptimizerState, of model: some Module) throws {
    try states.check(state.tensors.filter { $0.name != LossScale.name }, against: model.parameters)
    try restore(state)
  }
}

/// The state of an optimizer, by name.
public struct OptimizerState: Sendable {
  /// The number of updates.
  public let step: Int
  /// The factor for the learning rate.
  public let learningRateScale: Double
  /// The path of a parameter and the name of the state: "0.weight.velocity".
  package let tensors: [(name: String, value: Tensor)]

  package init(step: Int, learningRateScale: Double = 1, tensors: [(name: String, value: Tensor)]) {
    self.step = step
    self.learningRateScale = learningRateScale
    self.tensors = tensors
  }
}

extension Tensor {
  /// Copies a tensor over a range; the storage is not shared.
  mutating func overwrite(from offset: Int, with value: Tensor) throws {
    if value.count == 0 { return }
    do {
      try device.callTarget.copy(value.slice, count: value.count, into: slice.advanced(by: offset))
    } catch {
      throw DeviceError(error, on: device)
    }
  }
}
