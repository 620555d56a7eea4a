import BackendCore

/// The element types in which a model computes, as in Keras' global policies `mixed_bfloat16` and `mixed_float16`.
///
/// In mixed precision, layers compute in a 16-bit type, which takes half the memory, and twice the rate or more on
/// processors with instructions for it. Parameters, their gradients as the optimizer sees them, the optimizer's state, and
/// losses remain float32. Each operation computes in float32 and rounds its result once.
///
/// ```swift
/// model.compile(optimizer: .adam(), loss: .crossEntropy(), precision: .mixedBFloat16)
/// ```
public enum Precision: String, Sendable, Hashable, CaseIterable, Codable {
  /// Everything is float32.
  case float32
  /// Layers compute in bfloat16, which has the range of float32 and 8 significant bits.
  case mixedBFloat16 = "mixed_bfloat16"
  /// Layers compute in float16, which has 11 significant bits and numbers from 6e-8 to 65504. Gradients below that range
  /// become zero, so that the loss must be scaled: see `LossScaling`.
  case mixedFloat16 = "mixed_float16"

  /// The element type in which layers compute; nil for that of their parameters.
  var computeType: DType? {
    switch self {
    case .float32: nil
    case .mixedBFloat16: .bfloat16
    case .mixedFloat16: .float16
    }
  }
}

/// A layer that computes in float32 within a model of mixed precision (Keras' `dtype="float32"` of a layer; PyTorch's
/// `torch.autocast(enabled=False)`). Let a custom layer conform if it adds up many numbers one by one, or needs large
/// numbers that differ little.
public protocol FullPrecisionLayer: Layer {
  /// Whether the result remains float32, because the layer prepares data for the first layer that computes in 16 bits.
  /// The default is false.
  var preparesData: Bool { get }
}

extension FullPrecisionLayer {
  public var preparesData: Bool { false }
}

/// A layer that prepares data, whose numbers 16 bits may not represent: pixels, identifiers, times.
protocol PreparationLayer: FullPrecisionLayer {}

extension PreparationLayer {
  public var preparesData: Bool { true }
}

// Statistics over many numbers, and angles.
extension BatchNorm: FullPrecisionLayer {}
extension GroupNorm: FullPrecisionLayer {}
extension UnitNormalization: FullPrecisionLayer {}
extension PositionalEncoding: FullPrecisionLayer {}

extension Normalization: PreparationLayer {}
extension Rescaling: PreparationLayer {}
extension Resizing: PreparationLayer {}
extension CenterCrop: PreparationLayer {}
extension CategoryEncoding: PreparationLayer {}
extension Discretization: PreparationLayer {}
extension IntegerLookup: PreparationLayer {}
extension SimpleImputer: PreparationLayer {}
extension STFTSpectrogram: PreparationLayer {}
extension MelSpectrogram: PreparationLayer {}

extension Layer {
  /// Returns the output of a call in the precision of the model in which it happens. This is the outermost model, and may
  /// be this layer.
  /// - Parameter body: The call, with the input in the type in which the layer computes.
  func inPrecision(_ input: Tensor, _ thread: LayerThread, _ body: (Tensor) -> Tensor) -> Tensor {
    if let model = self as? Model {
      if thread.precision != nil { return body(input) }
      return thread.computing(in: model.precision) { body(input) }.inPrecision(of: nil)
    }
    guard let type = thread.computeType else { return body(input) }
    if let layer = self as? any FullPrecisionLayer {
      let output = thread.computing(in: .float32) { body(input.inPrecision(of: nil)) }
      return layer.preparesData ? output : output.inPrecision(of: type)
    }
    return body(input.inPrecision(of: type))
  }
}

extension LayerThread {
  /// The element type in which layers compute, if it is not that of their parameters.
  var computeType: DType? { precision?.computeType }

  /// Runs `body`, in which layers compute in this precision.
  func computing<Result>(in precision: Precision, _ body: () throws -> Result) rethrows -> Result {
    let outer = self.precision
    self.precision = precision
    defer { self.precision = outer }
    return try body()
  }
}

extension Tensor {
  /// Returns float32 numbers as numbers of the type in which layers compute, or numbers of 16 bits as float32 if it is
  /// nil. Other element types do not change.
  func inPrecision(of type: DType?) -> Tensor {
    guard let type else { return dtype.isHalf ? cast(to: .float32) : self }
    return dtype.isFloatingPoint ? cast(to: type) : self
  }

  /// Returns numbers of the type in which layers compute on this thread; this tensor outside of mixed precision.
  func inPrecision(with thread: LayerThread) -> Tensor { thread.computeType.map { inPrecision(of: $0) } ?? self }
}
