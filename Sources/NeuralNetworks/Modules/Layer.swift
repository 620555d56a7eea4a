/// A module from one tensor to one tensor: may stand in `Sequential`, and be trained as `Model(layer)`.
///
/// ```swift
/// final class Block: Layer {
///   let first = Dense(64, activation: .gelu), second = Dense(64), dropout = Dropout(0.1)
///   func forward(_ x: Tensor, _ context: Context) -> Tensor {
///     x + second(dropout(first(x, context), context), context)
///   }
/// }
/// ```
///
/// Inner layers are called (`first(x, context)`), not asked for `forward`: the call is what lets an inner layer see the shape
/// of its input before it has parameters. `forward` runs once without numbers when a model is built; it may look at shapes,
/// but not at values.
public protocol Layer: Module {
  /// The output for an input with the batch axis first.
  func forward(_ input: Tensor, _ context: Context) -> Tensor

  /// Declares parameters whose shapes depend on the input, and refuses inputs that the layer cannot take.
  ///
  /// Only layers that own such parameters write it. The default runs `forward` without numbers, so that nested layers are
  /// prepared in the order of their use.
  /// - Parameter inputShape: The shape without the batch axis.
  /// - Throws: `ModelError.inputShape` or `.invalidConfiguration`.
  func prepare(inputShape: [Int]) throws

  /// True when a recording of `forward` may be replayed for other inputs of the same shape: it does nothing on the host that
  /// depends on the inputs or on the time of the call. False unless a layer says otherwise.
  var allowsReplay: Bool { get }
}

/// An extent that may vary, in input shapes only.
public let anyLength = -1

extension Layer {
  public func prepare(inputShape: [Int]) throws {
    // Within a trace the call that follows prepares the inner layers.
    if LayerThread.current.trace == nil { try ShapeTrace(self).run(self, inputShape: inputShape) }
  }

  public var allowsReplay: Bool { false }

  /// The output for an input with the batch axis first. A layer that is not built yet is built by its first call, on the
  /// input's device, from a seed of its own.
  public func callAsFunction(_ input: Tensor, _ context: Context) -> Tensor {
    let thread = LayerThread.current
    if let trace = thread.trace { return trace.call(self, input, context) }
    return called(with: input) { forward(input, context) }
  }

  /// Runs `body` as a call of this layer, which builds it if it is not built yet.
  func called<Result>(with input: Tensor, _ body: () -> Result) -> Result {
    let thread = LayerThread.current
    if thread.outermost != nil { return body() }
    thread.outermost = OutermostCall(layer: self, input: input)
    defer { thread.outermost = nil }
    return body()
  }

  @available(*, unavailable, message: "pass the context on: layer(x, context)")
  public func callAsFunction(_ input: Tensor) -> Tensor { fatalError("unavailable") }

  /// Finds out the shapes of all parameters by running `forward` without numbers, then draws their values.
  ///
  /// A value is a function of the seed and the parameter's path, the same bits on each device. Parameters that have a value
  /// already (from a file, say) keep it and are moved to the device.
  /// - Parameters:
  ///   - inputShape: The shape of one example, without the batch axis; `anyLength` where it varies.
  ///   - device: Where the parameters will be.
  ///   - seed: What they are drawn from.
  /// - Throws: `ModelError` when a layer refuses its input, `DeviceError`.
  public func build(inputShape: [Int], on device: Device = .cpu, seed: UInt64 = 0) throws {
    try build(inputShape: inputShape, inputDType: nil, on: device, seed: seed, dtype: .float32)
  }

  /// The same with the element types of input and parameters; the input has that of the parameters where none is given.
  package func build(inputShape: [Int], inputDType: DType?, on device: Device, seed: UInt64, dtype: DType) throws {
    try (self as? Model)?.checkInputs([inputShape])
    try ShapeTrace(self, dtype: dtype).run(self, inputShape: inputShape, dtype: inputDType)
    (self as? Model)?.traced(inputShapes: [inputShape])
    try drawValues(on: device, seed: seed, dtype: dtype)
  }
}
