import BackendCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What a thread is doing with layers: the outermost call in progress, or the inference of shapes.
final class LayerThread {
  /// The inference of shapes that is running.
  var trace: ShapeTrace?
  /// The call of a layer that is not inside another one.
  var outermost: OutermostCall?

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { pointer in
      if let pointer { Unmanaged<LayerThread>.fromOpaque(pointer).release() }
    }
    guard pthread_key_create(&key, release) == 0 else { fatalError("no thread-local storage is left for layers") }
    return key
  }()

  /// That of the calling thread.
  static var current: LayerThread {
    if let pointer = pthread_getspecific(key) {
      return Unmanaged<LayerThread>.fromOpaque(pointer).takeUnretainedValue()
    }
    let thread = LayerThread()
    pthread_setspecific(key, UnsafeRawPointer(Unmanaged.passRetained(thread).toOpaque()))
    return thread
  }

  /// The value of a parameter that has none: shapes alone while shapes are inferred, else what building the outermost layer
  /// gives it.
  func missingValue(of parameter: Parameter) -> Tensor {
    if let trace { return trace.value(of: parameter) }
    if let call = outermost {
      call.buildLayer()
      if let value = parameter.currentValue { return trackedLeaf(LeafKey(parameter), value: value) }
    }
    fatalError(
      "a parameter of shape \(parameter.shapeText) has no value yet; hint: build its module first, with "
        + "build(inputShape:on:seed:), build(on:seed:tracing:), or compile and fit")
  }
}

/// A call of a layer that is not inside another one.
struct OutermostCall {
  let layer: any Layer
  private let input: Shape
  private let inputDType: DType
  private let device: Device

  init(layer: any Layer, input: Tensor) {
    self.layer = layer
    self.input = input.extents
    inputDType = input.dtype
    device = input.device
  }

  /// How many layers have been built by a call: what takes the place of a seed for these, so that two of one shape get
  /// different values.
  private static let builtLayers = Atomic<UInt64>(0)

  /// Builds the layer for the input of the call.
  func buildLayer() {
    let seed = OutermostCall.builtLayers.wrappingAdd(1, ordering: .relaxed).oldValue
    let dtype: DType = inputDType.isFloatingPoint ? inputDType : .float32
    do {
      try withoutGradient {
        try layer.build(
          inputShape: Array(input.array.dropFirst()), inputDType: inputDType, on: device, seed: seed, dtype: dtype)
      }
    } catch {
      fatalError("the first call of a layer could not build it: \(error)")
    }
  }
}
