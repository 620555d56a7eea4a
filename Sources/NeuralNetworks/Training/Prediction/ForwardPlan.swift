import HostSystem
import BackendCore
import Synchronization

/// The forward pass of a model for inputs of fixed shapes: recorded once for each concurrent thread, or eager if a
/// layer does not allow recording.
final class ForwardPlan: @unchecked Sendable {
  // The model is only read: it is built, and nothing else can access it.
  private let model: Model
  private let values: FrozenValues
  private let device: Device
  private let extents: [Shape]
  private let dtypes: [DType]
  private let tokenRanges: [TokenRange]
  private let isRecorded: Bool
  let hasOneOutput: Bool
  private let idle = FreeList<RecordedFunction>()
  /// The previous plan, for other shapes.
  let next: ForwardPlan?

  /// - Parameters:
  ///   - values: The values of the parameters.
  ///   - inputs: The inputs for which the model has been prepared.
  init(_ model: Model, _ values: FrozenValues, for inputs: [Tensor], next: ForwardPlan?) throws {
    self.model = model
    self.values = values
    device = values.device
    extents = inputs.map(\.extents)
    dtypes = inputs.map(\.dtype)
    tokenRanges = model.traced.tokenRanges
    self.next = next
    hasOneOutput = model.outputNames.count == 1
    let first = model.isReplayable ? try ForwardPlan.recorded(model, values, inputs) : nil
    isRecorded = first != nil
    if let first { idle.put(first) }
  }

  /// Returns whether inputs have the plan's shapes and element types, on any device.
  func fits(_ input: Tensor) -> Bool {
    extents.count == 1 && input.extents == extents[0] && input.dtype == dtypes[0]
  }

  func fits(_ inputs: [Tensor]) -> Bool {
    inputs.count == extents.count
      && inputs.indices.allSatisfy { inputs[$0].extents == extents[$0] && inputs[$0].dtype == dtypes[$0] }
  }

  func predict(_ inputs: [Tensor]) throws -> [Tensor] {
    for range in tokenRanges { try range.check(inputs) }
    let inputs = inputs.map { $0.moved(to: device) }
    guard let function = try function(like: inputs) else { return try model.outputs(for: inputs, values) }
    defer { idle.put(function) }
    return try function(inputs)
  }

  /// Predicts for one input and one output.
  func predict(_ input: Tensor) throws -> Tensor {
    for range in tokenRanges { try range.check([input]) }
    let input = input.moved(to: device)
    guard let function = try function(like: [input]) else { return try model.outputs(for: [input], values)[0] }
    defer { idle.put(function) }
    return try function(input)
  }

  /// Returns an unused recording, and creates it if necessary; nil if the layers must run.
  private func function(like inputs: @autoclosure () -> [Tensor]) throws -> RecordedFunction? {
    guard isRecorded && !device.isBeingRecorded else { return nil }
    return try idle.take() ?? ForwardPlan.recorded(model, values, inputs())
  }

  private static func recorded(
    _ model: Model, _ values: FrozenValues, _ inputs: [Tensor]
  ) throws -> RecordedFunction? {
    let device = values.device
    return try RecordedFunction.record(on: device, like: inputs.map { $0.moved(to: device) }) { inputs in
      values.use { model.called(with: inputs, .inference) }
    }.function
  }
}

/// Unused objects, available to any number of threads without a lock: a few slots that are emptied and filled by atomic
/// exchange.
final class FreeList<Element: AnyObject>: @unchecked Sendable {
  private static var slotCount: Int { 32 }
  /// The slots. Each one holds one reference, or nil.
  private let slots = InlineArray<32, Atomic<UnsafeMutableRawPointer?>> { _ in Atomic(nil) }

  deinit { while take() != nil {} }

  /// Removes an object from the list and returns it; nil if the list is empty.
  func take() -> Element? {
    let first = Self.firstSlot
    for step in 0..<Self.slotCount {
      let slot = (first + step) % Self.slotCount
      // Checking before the exchange leaves the cache line with its owner while a slot is empty.
      guard slots[slot].load(ordering: .relaxed) != nil else { continue }
      // Acquires the writes of the thread that put the object here.
      if let pointer = slots[slot].exchange(nil, ordering: .acquiring) {
        return Unmanaged<Element>.fromOpaque(pointer).takeRetainedValue()
      }
    }
    return nil
  }

  /// Keeps an object that is no longer used, or drops it if every slot is full.
  func put(_ element: Element) {
    let pointer = Unmanaged.passRetained(element).toOpaque()
    let first = Self.firstSlot
    for step in 0..<Self.slotCount {
      let slot = (first + step) % Self.slotCount
      let (exchanged, _) = slots[slot].compareExchange(expected: nil, desired: pointer, ordering: .releasing)
      if exchanged { return }
    }
    Unmanaged<Element>.fromOpaque(pointer).release()
  }

  /// The slot at which the calling thread starts its search, to spread threads over the slots.
  private static var firstSlot: Int {
    Int(truncatingIfNeeded: (SystemThread.currentNumber &* 0x9E37_79B9_7F4A_7C15) >> 59)
  }
}
