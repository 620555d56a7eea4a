/// A named, trainable tensor of a module. Before the module is built, it has a shape and an initializer. Afterwards, it
/// has a value.
///
/// ```swift
/// final class Affine: Layer {
///   let weight: Parameter, bias: Parameter
///   init(width: Int) {
///     weight = Parameter([width], .ones)
///     bias = Parameter([width], .zeros)
///   }
///   func forward(_ x: Tensor, _ context: Context) -> Tensor { x * weight.value + bias.value }
/// }
/// ```
public final class Parameter {
  /// The shape, once it is known.
  public internal(set) var shape: [Int]?
  /// The initializer of the value.
  package var initializer: Initializer
  /// A penalty that training adds to the loss.
  package var regularizer: Regularizer?
  /// Whether the parameter is state, which is saved but never trained.
  public let isState: Bool
  /// True if the layer that owns the parameter set its shape independently of the input.
  private let isShapeFixed: Bool
  private var trains: Bool
  /// True for state that is frozen.
  private var isHeld = false

  /// The slab that stores the values; nil until there are values.
  private(set) var slab: ParameterSlab?
  /// The position of the first element in the slab.
  private(set) var offset = 0
  /// The value in integers, instead of a value in a slab; nil for other parameters.
  private(set) var quantized: QuantizedWeight?

  /// Creates a trainable parameter.
  /// - Parameters:
  ///   - shape: The shape if it is known; nil if the layer's `prepare(inputShape:)` declares it.
  ///   - initializer: The initializer.
  public convenience init(_ shape: [Int]? = nil, _ initializer: Initializer = .glorotUniform) {
    self.init(shape, initializer, isState: false)
  }

  private init(_ shape: [Int]?, _ initializer: Initializer, isState: Bool) {
    self.shape = shape
    self.initializer = initializer
    self.isState = isState
    isShapeFixed = shape != nil
    trains = !isState
  }

  deinit { slab?.memberCount -= 1 }

  /// Creates state that is saved but never trained, such as running statistics. Change it with `assign(_:)`.
  public static func state(_ shape: [Int]? = nil, _ initializer: Initializer = .zeros) -> Parameter {
    Parameter(shape, initializer, isState: true)
  }

  /// Whether updates change the parameter. State cannot be made trainable.
  public var isTrainable: Bool {
    get { trains }
    set {
      if newValue && isState {
        ProgrammerError.end("a parameter that is state (shape \(shapeText)) cannot be made trainable")
      }
      trains = newValue
    }
  }

  /// Whether training leaves the value unchanged: a parameter that is not trainable, or state that is frozen by
  /// `freeze(_:statistics:)`.
  public internal(set) var isFrozen: Bool {
    get { isState ? isHeld : !trains }
    set { if isState { isHeld = newValue } else { trains = !newValue } }
  }

  /// Declares the shape. Call it in `prepare(inputShape:)`. The shape may change until there is a value.
  public func declare(shape: [Int]) {
    let isFixed = hasValue || isShapeFixed
    let isTooLarge = SizeLimit.count(shape) == nil
    let isNegative = shape.contains { $0 < 0 }
    if isTooLarge || isNegative || (isFixed && shape != self.shape) {
      let reason =
        isNegative
        ? "a parameter of shape \(shape) cannot be: extents are not negative"
        : isTooLarge
          ? "a parameter of shape \(shape) has more than \(SizeLimit.tensor) numbers"
          : "the input asks for a parameter of shape \(shape), but it has the shape \(shapeText)"
      guard let trace = LayerThread.current.trace else { ProgrammerError.end(reason) }
      trace.fail(ModelError.invalidConfiguration(layer: trace.path(of: self), reason: reason))
      return
    }
    self.shape = shape
  }

  /// The value, with the parameter's shape, on the device of its model.
  ///
  /// Within a model of mixed precision, layers read it in the type in which they compute, unless it is state.
  ///
  /// Reading the value records it in an active `valueAndGradient(at: model)`. The returned tensor never changes, even
  /// if the parameter changes later. Setting the value calls `assign(_:)`.
  public var value: Tensor {
    get {
      let thread = LayerThread.current
      let value =
        thread.frozenValues?[self, in: thread.computeType] ?? currentValue.map { trackedLeaf(LeafKey(self), value: $0) }
        ?? quantizedValue(in: thread) ?? thread.missingValue(of: self)
      guard let type = thread.computeType, !isState else { return value }
      return value.inPrecision(of: type)
    }
    set { assign(newValue) }
  }

  /// Sets the value without recording a gradient.
  ///
  /// The new value must have the shape, the element type, and the device of the parameter. A parameter without a value
  /// adopts them. If the value carries an error, the parameter carries it afterwards, and reading its numbers throws
  /// the error.
  public func assign(_ value: Tensor) {
    checked {
      if quantized != nil {
        try ProgrammerError.refuse("the value of a quantized parameter (shape \(shapeText)) cannot be changed")
      }
      if let shape, shape != value.shape {
        try ProgrammerError.refuse("a value of shape \(value.shape) was assigned to a parameter of shape \(shape)")
      }
      let trace = LayerThread.current.trace
      guard let slab else {
        shape = value.shape
        if trace?.leavesValue(value) ?? false { return }
        let layout = SlabLayout(packing: [("", self)])
        place(in: ParameterSlab(layout.packed(0, value.dtype, value.device) { _ in value }), at: 0)
        return
      }
      let isElsewhere = value.device != slab.values.device && !(trace != nil && value.device.isShapeOnly)
      if isElsewhere || value.dtype != slab.values.dtype {
        try ProgrammerError.refuse(
          "a \(value.dtype) value on \(value.device) was assigned to a \(slab.values.dtype) parameter on "
            + "\(slab.values.device)", hint: "use .moved(to:) and .cast(to:)")
      }
      if trace?.leavesValue(value) ?? false { return }
      slab.write(value, at: offset)
    }
  }

  // MARK: For this module

  /// The number of elements: 0 while the shape is unknown, and the limit plus one if the shape is too large to count.
  var count: Int {
    guard let shape, !shape.contains(where: { $0 <= 0 }) else { return shape == [] ? 1 : 0 }
    return SizeLimit.count(shape) ?? SizeLimit.tensor + 1
  }

  var shapeText: String { shape.map { "\($0)" } ?? "unknown" }

  /// The value, constant for gradients; nil if there is none yet.
  var currentValue: Tensor? {
    guard let slab, let shape else { return nil }
    return Tensor(viewing: slab.values, offset: offset, shape: shape)
  }

  /// Whether there is a value, in a slab or in integers.
  var hasValue: Bool { slab != nil || quantized != nil }

  /// The numbers that a value in integers represents; nil for other parameters, and during shape inference.
  private func quantizedValue(in thread: LayerThread) -> Tensor? { thread.trace == nil ? quantized?.value : nil }

  /// The value in integers, unless only shapes are inferred.
  var quantizedForComputing: QuantizedWeight? {
    quantized == nil || LayerThread.current.trace != nil ? nil : quantized
  }

  /// Replaces the value by integers. The parameter can no longer be trained, and leaves its slab.
  func quantize(as weight: QuantizedWeight) {
    slab?.memberCount -= 1
    slab = nil
    shape = weight.shape
    quantized = weight
    trains = false
  }

  /// Adopts the settings of another parameter, and its value if that is stored in integers.
  func takeSettings(of other: Parameter) {
    quantized = other.quantized
    shape = other.shape
    initializer = other.initializer
    regularizer = other.regularizer
    isFrozen = other.isFrozen
  }

  /// Moves to a range of a slab that already contains its numbers.
  func place(in slab: ParameterSlab, at offset: Int) {
    self.slab?.memberCount -= 1
    slab.memberCount += 1
    self.slab = slab
    self.offset = offset
  }
}
