/// Averages the weights over the steps or epochs of a run, and uses the averages for validation and for the trained
/// model, which often generalizes better (Polyak and Juditsky 1992; Keras' `SwapEMAWeights` and `use_ema`, PyTorch's
/// `torch.optim.swa_utils`).
///
/// ```swift
/// let averaging = WeightAveraging(.exponential(decay: 0.999))
/// try model.fit(data, epochs: 20, validation: .split(0.1), callbacks: [averaging, EarlyStopping()])
/// ```
///
/// The model has the averages from the validation of an epoch (from its end without validation) until the next
/// epoch begins, and after training. Callbacks that come later in the list therefore see the averages when an epoch
/// ends, and checkpoints between epochs have them as the weights of the model; the state of this callback has the weights
/// that training continues with. Only trained parameters are averaged, not the statistics of normalization layers. Steps
/// that the optimizer skips (`TerminateOnNonFinite`, `Optimizer.skipsNonFiniteGradients`) do not change the averages.
public final class WeightAveraging: ResumableCallback {
  /// The weights of the steps in the average.
  public enum Kind: Sendable, Hashable {
    /// After each step: average = decay·average + (1 − decay)·weights. The first average is the weights. With the decay
    /// d, it reaches back about 1/(1 − d) steps. Keras' default is 0.99, PyTorch's 0.999.
    case exponential(decay: Double)
    /// At the end of each epoch: the mean of the weights at the ends of epochs (stochastic weight averaging, Izmailov et
    /// al. 2018).
    case equal
  }

  /// The weights of the steps in the average.
  public let kind: Kind
  /// The epoch at which averaging begins, starting at 0.
  public let startEpoch: Int

  /// The number of averaged weights.
  public private(set) var count = 0
  /// The optimizer's step count after the last step that was added.
  private var lastStep = 0
  /// The first epoch whose end may still be added.
  private var nextEpoch = 0
  /// The averages, in the layout of the parameters.
  private var averages: (layout: SlabLayout, slabs: [Tensor])?
  /// The weights that training continues with, by path, while the model has the averages.
  private var training: [String: Tensor]?

  /// Creates the callback.
  /// - Parameters:
  ///   - kind: The weights of the steps in the average.
  ///   - startEpoch: The epoch at which averaging begins, at least 0.
  public init(_ kind: Kind = .exponential(decay: 0.999), startEpoch: Int = 0) {
    if case .exponential(let decay) = kind, !(decay >= 0 && decay < 1) {
      ProgrammerError.end("WeightAveraging: decay is \(decay), expected a number from 0 to below 1")
    }
    Checks.count(startEpoch, "startEpoch", of: "WeightAveraging", atLeast: 0)
    self.kind = kind
    self.startEpoch = startEpoch
  }

  public func trainingBegan(_ run: TrainingRun) throws {
    (count, lastStep, nextEpoch) = (0, 0, 0)
    (averages, training) = (nil, nil)
  }

  public func epochBegan(_ epoch: Int, _ run: TrainingRun) throws {
    guard let training else { return }
    self.training = nil
    assign(training, to: run.model)
  }

  public func stepEnded(_ step: Int, _ run: TrainingRun) throws {
    // A step that has been taken back was the next one before.
    guard case .exponential = kind, run.epoch >= startEpoch, step > lastStep else { return }
    try add(run.model, unless: run.optimizer.isSkipping)
    lastStep = step
  }

  public func validationBegan(_ run: TrainingRun) throws { try endSteps(ofEpoch: run.epoch, run) }

  public func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try endSteps(ofEpoch: epoch.epoch, run) }

  public func trainingEnded(_ run: TrainingRun) throws {
    useAverages(run.model)
    training = nil
  }

  // MARK: Averages

  /// Lets the model have the averages, unless it has them already.
  private func endSteps(ofEpoch epoch: Int, _ run: TrainingRun) throws {
    if training != nil { return }
    // A run that is resumed in the validation of an epoch ends its steps a second time.
    if kind == .equal, epoch >= max(startEpoch, nextEpoch) {
      try add(run.model)
      nextEpoch = epoch + 1
    }
    useAverages(run.model)
  }

  /// Reverts the count of skipped steps, which have not changed the averages.
  func takeBack(to step: Int) {
    guard lastStep > step else { return }
    count -= min(lastStep - step, count)
    lastStep = step
    if count == 0 { averages = nil }
  }

  /// Adds the weights of the model, unless a scalar on the device is true. It does not wait for the device.
  private func add(_ model: Model, unless isSkipped: Tensor? = nil) throws {
    try withoutGradient {
      let placement = model.placement(for: "WeightAveraging")
      let old = averagesByPath()
      count += 1
      guard !old.isEmpty else {
        // Later steps write to a copy of the weights.
        averages = (placement.layout, placement.slabs.map(\.values))
        return
      }
      let slabs = placement.slabs.indices.map { index in
        let weights = placement.slabs[index].values
        let average = arranged(old, as: placement, slab: index)
        let next =
          switch kind {
          case .exponential(let decay): decay * average + (1 - decay) * weights
          case .equal: average + (weights - average) / count
          }
        return isSkipped.map { next.replacing(with: average, where: $0) } ?? next
      }
      for slab in slabs { try slab.checkPoison() }
      averages = (placement.layout, slabs)
    }
  }

  /// Returns the averages of a slab of a placement. The average of a parameter that is new there is its weights.
  private func arranged(_ old: [String: Tensor], as placement: Placement, slab: Int) -> Tensor {
    if let averages, averages.layout.matches(placement.layout) { return averages.slabs[slab] }
    let values = placement.slabs[slab].values
    return placement.layout.packed(slab, values.dtype, values.device) { entry in
      old[entry.path].flatMap { $0.shape == entry.shape ? $0 : nil }
        ?? placement.layout.value(entry, in: placement.slabs.map(\.values))
    }
  }

  private func averagesByPath() -> [String: Tensor] {
    guard let averages else { return [:] }
    let values = averages.layout.entries.map { ($0.path, averages.layout.value($0, in: averages.slabs)) }
    return Dictionary(values, uniquingKeysWith: { first, _ in first })
  }

  private func useAverages(_ model: Model) {
    guard training == nil, averages != nil else { return }
    let averages = averagesByPath()
    var weights: [String: Tensor] = [:]
    for (path, parameter) in model.parameters where averages[path] != nil { weights[path] = parameter.currentValue }
    training = weights
    assign(averages, to: model)
  }

  /// Overwrites parameters in place, so that recorded steps remain valid.
  private func assign(_ values: [String: Tensor], to model: Model) {
    for (path, parameter) in model.parameters {
      guard let value = values[path], let slab = parameter.slab else { continue }
      parameter.assign(value.cast(to: slab.values.dtype).moved(to: slab.values.device))
    }
  }

  // MARK: State

  public var stateName: String { "WeightAveraging" }

  public func state() -> ResumableState {
    var state = ResumableState(numbers: ["count": Double(count), "nextEpoch": Double(nextEpoch)])
    for (path, value) in averagesByPath() { state.tensors["average/\(path)"] = value }
    for (path, value) in training ?? [:] { state.tensors["training/\(path)"] = value }
    return state
  }

  public func restore(_ state: ResumableState, _ run: TrainingRun) throws {
    let (count, nextEpoch) = (try state.count("count"), try state.count("nextEpoch"))
    let averages = try weights("average", in: state, of: run.model)
    let training = try weights("training", in: state, of: run.model)
    (self.count, self.nextEpoch) = (count, nextEpoch)
    self.training = training.isEmpty ? nil : training
    guard !averages.isEmpty else { return }
    let placement = run.model.placement(for: "WeightAveraging")
    self.averages = (
      placement.layout, placement.slabs.indices.map { arranged(averages, as: placement, slab: $0) }
    )
  }

  /// Returns the weights in a part of a state, which may contain anything.
  private func weights(_ part: String, in state: ResumableState, of model: Model) throws -> [String: Tensor] {
    let weights = state.part(part)
    for path in weights.tensors.keys.sorted() {
      let shape = model.parameters[path]?.shape
      guard let shape else { throw TrainingError.state(reason: "\(part)/\(path) is of no parameter of the model") }
      _ = try weights.tensor(path, expected: "\(shape)") { $0 == shape }
    }
    return weights.tensors
  }
}
