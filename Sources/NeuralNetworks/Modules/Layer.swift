/// A module that maps one tensor to one tensor. It can be used in `Sequential`, and trained as `Model(layer)`.
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
/// Call inner layers as functions (`first(x, context)`) instead of calling their `forward` method, so that an inner
/// layer can see the shape of its input before it has parameters. `forward` runs without computing numbers when a model
/// is built, and again in training mode when it is built or trained. It can use shapes, but not values. Assignments to
/// parameters during these runs are ignored.
public protocol Layer: Module {
  /// Returns the output for an input with the batch axis first.
  func forward(_ input: Tensor, _ context: Context) -> Tensor

  /// Declares parameters whose shapes depend on the input, and rejects inputs that the layer does not support.
  ///
  /// Implement this only for layers that own such parameters. The default implementation runs `forward` without
  /// computing numbers, so nested layers are prepared in the order of their use.
  /// - Parameter inputShape: The input shape without the batch axis.
  /// - Throws: `ModelError.inputShape` or `.invalidConfiguration`.
  func prepare(inputShape: [Int]) throws

  /// Whether a recording of `forward` can be replayed for other inputs of the same shape. This requires that `forward`
  /// does nothing on the host that depends on the inputs or on the time of the call. The default is false.
  var allowsReplay: Bool { get }
}

/// A size that may vary. Use it in input shapes only.
public let anyLength = -1

extension Layer {
  public func prepare(inputShape: [Int]) throws {
    // During shape inference, the subsequent call prepares the inner layers.
    if LayerThread.current.trace == nil { try ShapeTrace(self).run(self, inputShape: inputShape) }
  }

  public var allowsReplay: Bool { false }

  /// Returns the output for an input with the batch axis first. The first call of a layer that is not built yet builds
  /// it on the input's device, with a separate seed for each layer.
  public func callAsFunction(_ input: Tensor, _ context: Context) -> Tensor {
    let thread = LayerThread.current
    return inPrecision(input, thread) { input in
      if let trace = thread.trace { return trace.call(self, input, context) }
      return called(with: input) {
        let output = forward(input, context)
        thread.observer?(self, input, output)
        return output
      }
    }
  }

  /// Runs `body` as a call of this layer. A layer that is not built yet is built by the call.
  func called<Result>(with input: Tensor, _ body: () -> Result) -> Result {
    let thread = LayerThread.current
    thread.calls.append(self)
    defer { thread.calls.removeLast() }
    if thread.outermost != nil { return body() }
    thread.outermost = OutermostCall(layer: self, input: input)
    defer { thread.outermost = nil }
    return body()
  }

  @available(*, unavailable, message: "pass the context on: layer(x, context)")
  public func callAsFunction(_ input: Tensor) -> Tensor { fatalError("unavailable") }

  /// Infers the shapes of all parameters by running `forward` without computing numbers, then initializes them.
  ///
  /// An initial value is a function of the seed and the parameter's path, with the same bits on every device.
  /// Parameters that already have a value (from a file, for example) keep it and are moved to the device.
  /// - Parameters:
  ///   - inputShape: The shape of one example, without the batch axis, with `anyLength` for sizes that vary.
  ///   - device: The device for the parameters.
  ///   - seed: The seed for the initial values.
  /// - Throws: `ModelError` if a layer rejects its input; `DeviceError`.
  public func build(inputShape: [Int], on device: Device = .cpu, seed: UInt64 = 0) throws {
    try build(inputShape: inputShape, inputDType: nil, on: device, seed: seed, dtype: .float32, trying: true)
  }

  /// Builds the layer with element types for the input and the parameters. By default, the input has the element type
  /// of the parameters.
  /// - Parameter trainingMode: Whether to run `forward` in training mode, too.
  package func build(
    inputShape: [Int], inputDType: DType?, on device: Device, seed: UInt64, dtype: DType,
    trying trainingMode: Bool = false
  ) throws {
    try (self as? Model)?.checkInputs([inputShape])
    try ShapeTrace(self, dtype: dtype).run(self, inputShape: inputShape, dtype: inputDType)
    if trainingMode {
      try TrainingTrace.checkBuilding(self, inputShapes: [inputShape], dtypes: inputDType.map { [$0] }) {
        inputs, context in
        [self(inputs[0], context)]
      }
    }
    (self as? Model)?.traced(inputShapes: [inputShape])
    try drawValues(on: device, seed: seed, dtype: dtype)
  }
}

/// The context of a forward pass: whether the model is being trained, and the source of random numbers. Neither is ever
/// global.
public struct Context: Sendable {
  /// Whether the model is being trained: dropout is active, and statistics are computed from the batch.
  public let isTraining: Bool
  /// The source of random numbers for layers.
  public let random: RandomStream

  /// False if the pass only repeats an earlier one, which already updated the running statistics.
  let movesState: Bool

  /// Creates the context of one pass. Usually, use `.inference` or `.training(_:)` instead.
  public init(isTraining: Bool, random: RandomStream) {
    self.init(isTraining: isTraining, random: random, movesState: true)
  }

  private init(isTraining: Bool, random: RandomStream, movesState: Bool) {
    self.isTraining = isTraining
    self.random = random
    self.movesState = movesState
  }

  /// Returns the context for repeating the work done with this one from now on. It draws the same random numbers.
  func repeated() -> Context { Context(isTraining: isTraining, random: random.copied(), movesState: false) }

  /// The context for inference. Each access restarts the same random stream, so a model that draws random numbers is a
  /// function of its input. Pass a stream to `init(isTraining:random:)` for new random numbers.
  public static var inference: Context { Context(isTraining: false, random: RandomStream(seed: 0)) }

  /// Returns the context for training, with masks and noise from `random`.
  public static func training(_ random: RandomStream) -> Context { Context(isTraining: true, random: random) }
}
