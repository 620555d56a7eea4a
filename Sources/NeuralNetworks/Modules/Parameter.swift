/// A named, trainable tensor of a module. It holds a shape and an initializer until the module is built, and has a value
/// from then on.
///
/// ```swift
/// final class Affine: Layer {
///   let gain: Parameter, shift: Parameter
///   init(width: Int) {
///     gain = Parameter([width], .ones)
///     shift = Parameter([width], .zeros)
///   }
///   func forward(_ x: Tensor, _ context: Context) -> Tensor { x * gain.value + shift.value }
/// }
/// ```
public final class Parameter {
  /// The shape, once it is known.
  public internal(set) var shape: [Int]?
  /// What the first value is drawn with.
  package var initializer: Initializer
  /// A penalty that training adds to the loss.
  package var regularizer: Regularizer?
  /// True for state that is saved and never trained.
  public let isState: Bool
  /// True when the shape was given by the layer that owns it, whatever the input.
  private let isShapeFixed: Bool
  private var trains: Bool

  /// Where the numbers are, once there are some: they belong to the slab.
  private(set) var slab: ParameterSlab?
  /// The first element in the slab.
  private(set) var offset = 0

  /// A trainable parameter.
  /// - Parameters:
  ///   - shape: Where it is known now; nil when the layer's `prepare(inputShape:)` declares it.
  ///   - initializer: What the first value is drawn with.
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

  /// State that is saved but never trained, such as running statistics; changed by `assign(_:)`.
  public static func state(_ shape: [Int]? = nil, _ initializer: Initializer = .zeros) -> Parameter {
    Parameter(shape, initializer, isState: true)
  }

  /// True when updates change it. State cannot be made trainable.
  public var isTrainable: Bool {
    get { trains }
    set {
      if newValue && isState { fatalError("a parameter that is state (shape \(shapeText)) cannot be made trainable") }
      trains = newValue
    }
  }

  /// Gives the shape, from `prepare(inputShape:)`: it may change until there is a value.
  public func declare(shape: [Int]) {
    let isFixed = slab != nil || isShapeFixed
    let isTooLarge = SizeLimit.count(shape) == nil
    if isTooLarge || (isFixed && shape != self.shape) {
      let reason =
        isTooLarge
        ? "a parameter of shape \(shape) has more than \(SizeLimit.tensor) numbers"
        : "the input asks for a parameter of shape \(shape), but it has the shape \(shapeText)"
      guard let trace = LayerThread.current.trace else { fatalError(reason) }
      trace.fail(ModelError.invalidConfiguration(layer: trace.path(of: self), reason: reason))
      return
    }
    self.shape = shape
  }

  /// The value: of the parameter's shape, on the device of its model.
  ///
  /// Reading enters it on an active `valueAndGradient(at: model)`. The tensor that is read never changes, whatever happens to
  /// the parameter afterwards. Setting is `assign(_:)`.
  public var value: Tensor {
    get {
      if let currentValue { return trackedLeaf(LeafKey(self), value: currentValue) }
      return LayerThread.current.missingValue(of: self)
    }
    set { assign(newValue) }
  }

  /// Sets the value, outside of every gradient.
  ///
  /// The shape, the element type and the device of the new value are those of the parameter; a parameter without a value
  /// takes them over. An error that the value carries is the parameter's from then on, and is thrown when it is read.
  public func assign(_ value: Tensor) {
    if let shape, shape != value.shape {
      fatalError("a value of shape \(value.shape) was assigned to a parameter of shape \(shape)")
    }
    guard let slab else {
      shape = value.shape
      let layout = SlabLayout(packing: [("", self)])
      place(in: ParameterSlab(layout.packed(0, value.dtype, value.device) { _ in value }), at: 0)
      return
    }
    if value.device != slab.values.device || value.dtype != slab.values.dtype {
      fatalError(
        "a \(value.dtype) value on \(value.device) was assigned to a \(slab.values.dtype) parameter on "
          + "\(slab.values.device); hint: use .moved(to:) and .cast(to:)")
    }
    slab.write(value, at: offset)
  }

  // MARK: For this module

  /// The number of elements; 0 as long as the shape is not known.
  var count: Int { shape?.reduce(1, *) ?? 0 }

  var shapeText: String { shape.map { "\($0)" } ?? "unknown" }

  /// The value, constant for gradients; nil when there is none yet.
  var currentValue: Tensor? {
    guard let slab, let shape else { return nil }
    return Tensor(viewing: slab.values, offset: offset, shape: shape)
  }

  /// Moves to a range of a slab, where its numbers are already.
  func place(in slab: ParameterSlab, at offset: Int) {
    self.slab?.memberCount -= 1
    slab.memberCount += 1
    self.slab = slab
    self.offset = offset
  }
}
