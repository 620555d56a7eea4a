/// A layer whose weight can be stored in integers.
protocol QuantizableLayer: Layer {
  /// The parameter that is quantized.
  var quantizableWeight: Parameter { get }
  /// Whether the layer multiplies its input with the weight as a matrix `[inputs, units]`, so that the input can be
  /// quantized, too.
  static var multipliesMatrix: Bool { get }
}

extension QuantizableLayer {
  static var multipliesMatrix: Bool { false }
}

extension Dense: QuantizableLayer {
  var quantizableWeight: Parameter { weight }
  static var multipliesMatrix: Bool { true }
}
extension Conv1D: QuantizableLayer { var quantizableWeight: Parameter { weight } }
extension Conv2D: QuantizableLayer { var quantizableWeight: Parameter { weight } }
extension Conv3D: QuantizableLayer { var quantizableWeight: Parameter { weight } }
extension Embedding: QuantizableLayer { var quantizableWeight: Parameter { weight } }
