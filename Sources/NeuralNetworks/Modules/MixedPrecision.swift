import BackendCore

/// The element types in which a model computes, as in Keras' global policies `mixed_bfloat16` and `mixed_float16`.
///
/// In mixed precision, layers compute in a 16-bit type, which takes half the memory. Matrix products of bfloat16 take
/// about half the time on CPUs with AVX512-BF16. Parameters, their gradients as the optimizer sees them, the optimizer's
/// state, and losses remain float32. Operations compute in float32 and round their results.
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
/// `torch.autocast(enabled=False)`). Let a custom layer conform if it adds up many numbers one by one, or subtracts
/// nearly equal large numbers.
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

/// A layer that passes numbers on, so that a layer that prepares data may follow or be inside.
private protocol UnconvertedLayer: Layer {}

extension Flatten: UnconvertedLayer {}
extension Reshape: UnconvertedLayer {}
extension Permute: UnconvertedLayer {}
extension TimeDistributed: UnconvertedLayer {}
extension Parallel: UnconvertedLayer {}

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
    guard let type = thread.computeType, !(self is any UnconvertedLayer) else { return body(input) }
    if let layer = self as? any FullPrecisionLayer {
      let output = thread.computingInFloat32 { body(input.inPrecision(of: nil)) }
      return layer.preparesData ? output : output.inPrecision(of: type)
    }
    return body(input.inPrecision(of: type))
  }
}

extension LayerThread {
  /// The element type in which layers compute, if it is not that of their parameters.
  var computeType: DType? { computesInFloat32 ? nil : precision?.computeType }

  /// Runs `body`, in which layers compute in this precision; nil outside of models.
  func computing<Result>(in precision: Precision?, _ body: () throws -> Result) rethrows -> Result {
    let outer = (self.precision, computesInFloat32)
    (self.precision, computesInFloat32) = (precision, false)
    defer { (self.precision, computesInFloat32) = outer }
    return try body()
  }

  /// Runs `body`, in which layers compute in float32.
  func computingInFloat32<Result>(_ body: () throws -> Result) rethrows -> Result {
    let outer = computesInFloat32
    computesInFloat32 = true
    defer { computesInFloat32 = outer }
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
