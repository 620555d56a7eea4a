import BackendCore

/// The forward pass of a model for inputs of fixed shapes: recorded once for each thread that is in it at the same time, or
/// eager where a layer does not allow that.
final class ForwardPlan: @unchecked Sendable {
  // The model is only read: it is built, and nobody else can reach it.
  private let model: Model
  private let device: Device
  private let extents: [Shape]
  private let dtypes: [DType]
  private let tokenRanges: [TokenRange]
  private let isRecorded: Bool
  private let idle = IdleList<RecordedFunction>()
  /// The plan for other shapes that was made before.
  let next: ForwardPlan?

  /// - Parameter inputs: What the model has been made ready for.
  init(_ model: Model, for inputs: [Tensor], next: ForwardPlan?) throws {
    self.model = model
    device = model.device
    extents = inputs.map(\.extents)
    dtypes = inputs.map(\.dtype)
    tokenRanges = model.tokenRanges
    self.next = next
    let first = model.allowsReplay ? try ForwardPlan.recorded(model, inputs) : nil
    isRecorded = first != nil
    if let first { idle.put(first) }
  }

  /// True for inputs of the plan's shapes and element types, wherever they are.
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
    guard let function = try function(like: inputs) else { return try model.outputs(for: inputs) }
    defer { idle.put(function) }
    return try function(inputs)
  }

  /// The same for one input and one output.
  func predict(_ input: Tensor) throws -> Tensor {
    for range in tokenRanges { try range.check([input]) }
    let input = input.moved(to: device)
    guard let function = try function(like: [input]) else { return try model.outputs(for: [input])[0] }
    defer { idle.put(function) }
    return try function(input)
  }

  /// A recording that is not in use, made if there is none; nil where the layers have to run.
  private func function(like inputs: @autoclosure () -> [Tensor]) throws -> RecordedFunction? {
    guard isRecorded && !device.isBeingRecorded else { return nil }
    return try idle.take() ?? ForwardPlan.recorded(model, inputs())
  }

  private static func recorded(_ model: Model, _ inputs: [Tensor]) throws -> RecordedFunction? {
    let device = model.device
    return try RecordedFunction.record(on: device, like: inputs.map { $0.moved(to: device) }) {
      model.forward($0, .inference)
    }.function
  }
}
