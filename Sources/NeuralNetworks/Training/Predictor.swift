import Synchronization

/// A model given away for inference: nobody can change it any more, and any number of tasks may call it at once.
///
/// ```swift
/// let predictor = Predictor(try Sequential.load(from: "model.safetensors", on: .best()))
/// let answer = try predictor.predict(images)
/// ```
///
/// It takes the model, and with it whatever can reach it; a later use of the model does not compile.
///
/// The first call with inputs of a shape records the forward pass; further calls repeat it without a lock and without
/// memory but for the result, each thread in buffers of its own. Shapes beyond the first thirty-two, and models with a layer
/// whose `allowsReplay` is false, run the layers each time.
public final class Predictor: @unchecked Sendable {
  // The model is reached through this object alone. It changes only while `building` is locked; after that it is only read.
  private let model: Model
  /// The number of plans, under the lock under which they are made.
  private let building = Mutex(0)
  /// The latest of the plans, each of which holds the one before: they live as long as this object.
  private let latest = Atomic<UnsafeMutableRawPointer?>(nil)
  /// Inputs of ever new shapes must not fill the memory.
  private static let mostPlans = 32

  /// - Parameter model: Is built by the first prediction, if it is not built yet.
  public init(_ model: sending Model) { self.model = model }

  deinit {
    if let pointer = latest.load(ordering: .acquiring) { Unmanaged<ForwardPlan>.fromOpaque(pointer).release() }
  }

  /// What the model gives for inputs `[N, …]`, all at once, on the model's device. Inputs on another device are copied.
  /// - Throws: `ModelError.inputShape`; `TrainingError.emptyData`; `DeviceError`.
  public func predict(_ inputs: Tensor) throws -> Tensor {
    if let plan = knownPlan(where: { $0.fits(inputs) }) { return try plan.predict(inputs) }
    return try predictAnew([inputs])[0]
  }

  /// What a model with several inputs or outputs gives: one tensor for each output.
  public func predict(_ inputs: [Tensor]) throws -> [Tensor] {
    if let plan = knownPlan(where: { $0.fits(inputs) }) { return try plan.predict(inputs) }
    return try predictAnew(inputs)
  }

  private func knownPlan(where fits: (ForwardPlan) -> Bool) -> ForwardPlan? {
    // Plans are complete before they are stored here, and never go.
    guard let pointer = latest.load(ordering: .acquiring) else { return nil }
    var plan: ForwardPlan? = Unmanaged<ForwardPlan>.fromOpaque(pointer).takeUnretainedValue()
    while let candidate = plan, !fits(candidate) { plan = candidate.next }
    return plan
  }

  /// Inputs of shapes that have no plan: checks them, and makes one while there is room. Without one the layers run, in as
  /// many threads as ask for it.
  private func predictAnew(_ inputs: [Tensor]) throws -> [Tensor] {
    let plan = try building.withLock { count -> ForwardPlan? in
      // Another thread may have been faster.
      if let plan = knownPlan(where: { $0.fits(inputs) }) { return plan }
      _ = try model.prepared(forPredicting: inputs)
      guard count < Self.mostPlans else { return nil }
      let before = latest.load(ordering: .relaxed).map { Unmanaged<ForwardPlan>.fromOpaque($0).takeUnretainedValue() }
      let plan = try ForwardPlan(model, for: inputs, next: before)
      count += 1
      let pointer = Unmanaged.passRetained(plan).toOpaque()
      // The plan holds the one before, whose own reference here is given up.
      if let old = latest.exchange(pointer, ordering: .releasing) { Unmanaged<ForwardPlan>.fromOpaque(old).release() }
      return plan
    }
    return try plan?.predict(inputs) ?? model.outputs(for: inputs)
  }
}
