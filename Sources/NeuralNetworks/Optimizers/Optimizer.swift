import BackendCore

/// Changes the parameters of a model by its gradients, and keeps what the rule remembers: the state of each parameter, by
/// path, and the number of steps.
///
/// ```swift
/// let optimizer = Optimizer.adam(learningRate: 1e-3, clipping: .globalNorm(1))
/// let (loss, gradients) = valueAndGradient(at: model) { … }
/// try optimizer.update(model, with: gradients)
/// ```
///
/// The rules of this package run as one launch for all parameters of a group; a rule of one's own runs in tensor operations,
/// one parameter at a time. An optimizer belongs to one model.
public final class Optimizer {
  /// How one step changes one parameter.
  public let rule: any UpdateRule
  /// How gradients are bounded before a step.
  public let clipping: GradientClipping
  /// Parameters whose steps differ from those of the others.
  public let groups: [ParameterGroup]
  /// How many updates have been made.
  public private(set) var step = 0
  /// What the learning rate of every step is multiplied by from now on, whatever the schedule; at least 0. It is part of the
  /// optimizer's state.
  public var learningRateScale = 1.0

  /// Leaves out updates from the first step on whose gradients hold a NaN or an infinity: parameters and state stay as they
  /// were before it until this is set anew. The device decides, nothing waits for it; `skippedSteps()` tells. Setting it, also
  /// to the value that it has, begins anew. (A sum of finite gradients that overflows counts as an infinity too.)
  public var skipsNonFiniteGradients = false {
    didSet { skipped = SkippedSteps() }
  }

  /// The rule, if backends know it.
  private let fused: (any FusedRule)?
  private var states: StateSlabs
  private var scalars = StepScalarBuffer()
  private var skipped = SkippedSteps()
  /// The group of each slab of the layout that was updated last; group 0 is of the parameters that no group matches.
  private var grouping: (layout: SlabLayout, groupOfSlab: [Int])?

  /// An optimizer at step 0: `rule` for every parameter, gradients clipped first, `groups` with settings of their own.
  public init(_ rule: any UpdateRule, clipping: GradientClipping = .none, groups: [ParameterGroup] = []) {
    self.rule = rule
    fused = rule as? any FusedRule
    self.clipping = clipping
    self.groups = groups
    states = StateSlabs(names: rule.stateNames)
  }

  /// Makes one step. It returns as soon as the device has its work; values of parameters that somebody has kept do not change.
  /// - Throws: `ModelError.invalidConfiguration` for a learning rate or another constant that makes no sense,
  ///   `ModelError.parameters` when there is no gradient for a parameter, `DeviceError` for what went wrong on the way to the
  ///   gradients or now. Parameters, state and step count are then as before.
  public func update(_ model: some Module, with gradients: Gradients) throws {
    try check()
    try withoutGradient {
      let (placement, groupOfSlab) = groupedPlacement(of: model)
      let layout = placement.layout
      guard let slabs = gradients.arranged(as: layout) else {
        let missing = layout.entries.map(\.path).filter { gradients[$0] == nil }
        throw ModelError.parameters(missing: missing.map { "gradient of \($0)" }, unknown: [], shapes: [])
      }
      if !placement.slabs.isEmpty {
        try states.arrange(as: placement)
        for (parameters, gradient) in zip(placement.slabs, slabs) {
          try parameters.values.checkPoison()
          try gradient.checkPoison()
        }
        if let fused {
          try writeScalars(fused, like: placement.slabs[0].values)
          try prepareSkipping(like: placement.slabs[0].values)
          try launch(fused, placement, slabs, groupOfSlab)
        } else {
          try prepareSkipping(like: placement.slabs[0].values)
          try compute(placement, Gradients(layout: layout, slabs: slabs), groupOfSlab)
        }
      }
    }
    step += 1
  }

  // MARK: Steps that are recorded

  /// True when a step is made of launches alone, which can be repeated with other numbers.
  var allowsReplay: Bool { fused != nil }

  /// Does what a step needs of the host, and returns the buffers that `updatePrepared` changes beside the parameters.
  func prepareUpdate(of model: some Module) throws -> [Buffer] {
    guard let fused else { fatalError("\(type(of: rule)) is not made of launches") }
    try check()
    return try withoutGradient {
      let (placement, _) = groupedPlacement(of: model)
      guard let first = placement.slabs.first else { return [] }
      try states.arrange(as: placement)
      try writeScalars(fused, like: first.values)
      try prepareSkipping(like: first.values)
      for slab in placement.slabs { try slab.values.makeUnique() }
      try states.makeUnique()
      return try states.buffers() + scalars.buffers() + skipped.buffers()
    }
  }

  /// The launches of the step that has been prepared. It counts when `countStep` says so.
  func updatePrepared(_ model: some Module, with gradients: Gradients) throws {
    guard let fused else { return }
    let (placement, groupOfSlab) = groupedPlacement(of: model)
    guard !placement.slabs.isEmpty, let slabs = gradients.arranged(as: placement.layout) else { return }
    for gradient in slabs { try gradient.checkPoison() }
    try withoutGradient { try launch(fused, placement, slabs, groupOfSlab) }
  }

  /// A prepared step has been made.
  func countStep() { step += 1 }

  // MARK: Steps that are left out

  /// How many steps have been left out because gradients were not finite: the last ones that were made. Waits for the device.
  /// - Throws: `DeviceError`.
  public func skippedSteps() throws -> Int { try skipped.count() }

  /// Takes back steps that have been left out, so that the next one is the first of them.
  func takeBack(skipped steps: Int) {
    step -= steps
    skipped = SkippedSteps()
  }

  private func prepareSkipping(like slab: Tensor) throws {
    if skipsNonFiniteGradients { try skipped.prepare(like: slab) }
  }

  // MARK: Configuration

  /// The learning rate that a step has by the schedule and the present `learningRateScale`, before the scales of groups.
  public func learningRate(at step: Int) -> Double { rule.learningRate.rate(at: step) * learningRateScale }

  /// Throws for a constant that makes no sense, and for a learning rate of the coming step that is no number or negative.
  package func check() throws {
    func fail(_ reason: String) throws -> Never {
      throw ModelError.invalidConfiguration(layer: "\(type(of: rule))", reason: reason)
    }
    let rate = learningRate(at: step)
    if !(rate >= 0 && rate.isFinite) {
      try fail("the learning rate of step \(step) is \(rate), not a number of at least 0")
    }
    try fused?.check()
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

  /// What a step of a group is like.
  private func updateStep(group: Int) -> UpdateStep {
    let settings = group == 0 ? nil : groups[group - 1]
    return UpdateStep(
      index: step, learningRate: learningRate(at: step) * (settings?.learningRateScale ?? 1),
      weightDecay: settings?.weightDecay)
  }

  /// Where the trained parameters are, with the group of each slab.
  private func groupedPlacement(of model: some Module) -> (Placement, groupOfSlab: [Int]) {
    let placement = model.placement(for: "Optimizer.update")
    if let grouping, grouping.layout.matches(placement.layout) { return (placement, grouping.groupOfSlab) }
    let patterns = groups.map { PathPattern($0.pattern) }
    func group(_ path: String) -> Int { (patterns.firstIndex { $0.matches(path) } ?? -1) + 1 }
    if !groups.isEmpty {
      Placement.divide(model.parameters.entries.filter { $0.parameter.isTrainable }, byGroup: group)
    }
    let grouped = model.placement(for: "Optimizer.update")
    var groupOfSlab = [Int](repeating: 0, count: grouped.slabs.count)
    for entry in grouped.layout.entries { groupOfSlab[entry.target.slab] = group(entry.path) }
    grouping = (grouped.layout, groupOfSlab)
    return (grouped, groupOfSlab)
  }

  // MARK: The step

  /// Puts the numbers of this step on the device.
  private func writeScalars(_ rule: some FusedRule, like slab: Tensor) throws {
    var bound = Double.infinity
    if case .value(let value) = clipping { bound = value }
    try scalars.write(
      (0...groups.count).map { updateStep(group: $0).learningRate }, rule.biasCorrections(step: step), bound: bound,
      like: slab)
  }

  /// One launch for each slab, by the numbers that are on the device. Everything that may lack memory comes first.
  private func launch(
    _ rule: some FusedRule, _ placement: Placement, _ gradients: [Tensor], _ groupOfSlab: [Int]
  ) throws {
    if skipsNonFiniteGradients {
      try scalars.skip(by: try skipped.updated(by: gradients), groups: groups.count + 1)
    }
    if case .globalNorm(let maximum) = clipping {
      try scalars.clip(gradients, globalNorm: maximum, groups: groups.count + 1)
    }
    for slab in placement.slabs { try slab.values.makeUnique() }
    try states.makeUnique()
    for (index, slab) in placement.slabs.enumerated() {
      let group = groupOfSlab[index]
      let fused = rule.fusedStep(weightDecay: updateStep(group: group).weightDecay ?? rule.weightDecay)
      try states.withStates(of: index) { states in
        try scalars.apply(fused, to: &slab.values, gradients[index], &states, group: group)
      }
    }
  }

  /// The rule in tensor operations. Nothing is written before all is computed.
  private func compute(_ placement: Placement, _ gradients: Gradients, _ groupOfSlab: [Int]) throws {
    let clipped =
      switch clipping {
      case .none: gradients
      case .value(let bound): gradients.clipped(value: bound)
      case .globalNorm(let bound): gradients.clipped(globalNorm: bound)
      }
    let isSkipped = skipsNonFiniteGradients ? try skipped.updated(by: gradients.slabs).reshaped([]) .> 0 : nil
    let layout = placement.layout
    var results: [(target: LeafTarget, value: Tensor, states: [Tensor])] = []
    for entry in layout.entries {
      let target = entry.target
      let parameter = layout.value(entry, in: placement.slabs.map(\.values))
      var state = states.values(of: entry)
      let old = state
      var value = rule.updated(
        parameter, gradient: layout.value(entry, in: clipped.slabs), state: &state,
        step: updateStep(group: groupOfSlab[target.slab]))
      for tensor in [value] + state where tensor.shape != entry.shape {
        fatalError(
          "\(type(of: rule)) gave a tensor of shape \(tensor.shape) for \(entry.path), of shape \(entry.shape)")
      }
      if let isSkipped {
        value = value.replacing(with: parameter, where: isSkipped)
        for index in state.indices { state[index] = state[index].replacing(with: old[index], where: isSkipped) }
      }
      for tensor in [value] + state { try tensor.checkPoison() }
      results.append((target, value, state))
    }
    for slab in placement.slabs { try slab.values.makeUnique() }
    try states.makeUnique()
    for (target, value, state) in results {
      try placement.slabs[target.slab].values.overwrite(from: target.offset, with: value)
      try states.withStates(of: target.slab) { states in
        for index in states.indices { try states[index].overwrite(from: target.offset, with: state[index]) }
      }
    }
  }

  // MARK: State

  /// The state of every parameter that has been updated, named "0.weight.velocity".
  package func stateTensors() -> [(name: String, value: Tensor)] { states.named() }

  /// What is needed to go on elsewhere. It costs nothing until the next update, which then writes to a copy.
  package func state() -> OptimizerState {
    OptimizerState(step: step, learningRateScale: learningRateScale, tensors: stateTensors())
  }

  /// Goes on from a state, which may be of another process.
  /// - Throws: `ModelError.parameters` when names or shapes do not fit the rule; then nothing has changed.
  package func restore(_ state: OptimizerState) throws {
    try states.restore(state.tensors)
    step = state.step
    learningRateScale = state.learningRateScale
  }

  /// The same, checked against the model that it is for.
  package func restore(_ state: OptimizerState, of model: some Module) throws {
    try states.check(state.tensors, against: model.parameters)
    try restore(state)
  }
}

/// What an optimizer remembers, by name.
public struct OptimizerState: Sendable {
  /// How many updates were made.
  public let step: Int
  /// What the learning rate was multiplied by.
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
      try device.backend.copy(value.slice, count: value.count, into: slice.advanced(by: offset))
    } catch {
      throw DeviceError(error, on: device)
    }
  }
}
