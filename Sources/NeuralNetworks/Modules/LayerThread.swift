import HostSystem
import BackendCore
import Synchronization

/// The layer state of a thread: the calls in progress, or the running shape inference.
final class LayerThread {
  /// The shape inference in progress.
  var trace: ShapeTrace?
  /// The call of a layer that is not inside another one.
  var outermost: OutermostCall?
  /// The parameter values of a prediction; nil for the current values.
  var frozenValues: FrozenValues?
  /// The precision of the model that is being called; nil outside of models.
  var precision: Precision?
  /// Whether the layer that is being called computes in float32 all the same.
  var computesInFloat32 = false
  /// Receives each layer that is called, its input, and its output; nil for none.
  var observer: ((any Layer, Tensor, Tensor) -> Void)?
  /// The modules being called, outermost first.
  var calls: [any Module] = []
  /// The current location, for messages.
  private var place: CallPlace?

  private init() {
    let place = CallPlace { [unowned self] in
      if let trace { return trace.place }
      return calls.last.map { located($0, at: ModuleWalk(calls[0]).paths[ObjectIdentifier($0)] ?? "") }
    }
    self.place = place
    CallPlace.ofThread.value = place
  }

  private static let ofThread = ThreadObject { LayerThread() }

  /// The state of the calling thread.
  static var current: LayerThread { ofThread.value }

  /// Returns a substitute for the missing value of a parameter: only a shape during shape inference, otherwise the
  /// value that it gets when the outermost layer is built.
  func missingValue(of parameter: Parameter) -> Tensor {
    checked {
      if let trace { return trace.value(of: parameter) }
      if let call = outermost {
        call.buildLayer()
        if let value = parameter.currentValue { return trackedLeaf(LeafKey(parameter), value: value) }
      }
      try ProgrammerError.refuse(
        "a parameter of shape \(parameter.shapeText) has no value yet",
        hint: "build its module first, with build(inputShape:on:seed:), build(on:seed:tracing:), or compile and fit")
    }
  }
}

/// A call of a layer that is not inside another one.
struct OutermostCall {
  let layer: any Layer
  private let input: Shape
  private let inputDType: DType
  /// Whether the device computes with numbers of the input's type.
  private let isComputed: Bool
  private let device: Device

  init(layer: any Layer, input: Tensor) {
    self.layer = layer
    self.input = input.extents
    inputDType = input.dtype
    isComputed = input.hasFloatingPointArithmetic
    device = input.device
  }

  /// The number of layers built by a call. It replaces a seed for these layers, so two with the same shape get
  /// different values.
  private static let builtLayers = Atomic<UInt64>(0)

  /// Builds the layer for the input of the call.
  func buildLayer() {
    let seed = OutermostCall.builtLayers.wrappingAdd(1, ordering: .relaxed).oldValue
    let dtype: DType = isComputed ? inputDType : .float32
    do {
      try withoutGradient {
        try layer.build(
          inputShape: Array(input.array.dropFirst()), inputDType: inputDType, on: device, seed: seed, dtype: dtype)
      }
    } catch {
      ProgrammerError.end("the first call of a layer could not build it: \(error)")
    }
  }
}

/// Returns the name of a module in messages, its path and its type: "2.query (Dense)".
func located(_ module: any Module, at path: String) -> String {
  (path.isEmpty ? "\(type(of: module))" : "\(path) (\(type(of: module)))").onOneLine
}
