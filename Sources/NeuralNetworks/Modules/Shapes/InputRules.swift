import BackendCore

/// The element type of a layer's input.
enum InputElements: Sendable { case floatingPoint, integers, any }

/// A layer whose input must have a certain element type. Other types are rejected during shape inference, before an
/// operation sees them.
protocol TypedInputLayer: Layer {
  var inputElements: InputElements { get }
}

extension TypedInputLayer {
  var inputElements: InputElements { .floatingPoint }
}

extension Dense: TypedInputLayer {}
extension EinsumDense: TypedInputLayer {}
extension Conv1D: TypedInputLayer {}
extension Conv2D: TypedInputLayer {}
extension ConvTranspose1D: TypedInputLayer {}
extension ConvTranspose2D: TypedInputLayer {}
extension ConvTranspose3D: TypedInputLayer {}
extension MaxPool1D: TypedInputLayer {}
extension MaxPool2D: TypedInputLayer {}
extension AveragePool1D: TypedInputLayer {}
extension AveragePool2D: TypedInputLayer {}
extension AdaptiveMaxPool2D: TypedInputLayer {}
extension AdaptiveAveragePool2D: TypedInputLayer {}
extension AdaptiveMaxPool1D: TypedInputLayer {}
extension AdaptiveAveragePool1D: TypedInputLayer {}
extension AdaptiveMaxPool3D: TypedInputLayer {}
extension AdaptiveAveragePool3D: TypedInputLayer {}
extension GlobalMaxPool1D: TypedInputLayer {}
extension GlobalMaxPool2D: TypedInputLayer {}
extension GlobalAveragePool1D: TypedInputLayer {}
extension GlobalAveragePool2D: TypedInputLayer {}
extension BatchNorm: TypedInputLayer {}
extension GroupNorm: TypedInputLayer {}
extension LayerNorm: TypedInputLayer {}
extension RMSNorm: TypedInputLayer {}
extension Dropout: TypedInputLayer {}
extension SpatialDropout: TypedInputLayer {}
extension GaussianNoise: TypedInputLayer {}
extension LSTM: TypedInputLayer {}
extension GRU: TypedInputLayer {}
extension SimpleRNN: TypedInputLayer {}
extension Bidirectional: TypedInputLayer {}
extension SequenceAverage: TypedInputLayer {}
extension SelfAttention: TypedInputLayer {}
extension TransformerEncoderBlock: TypedInputLayer {}
extension PositionalEmbedding: TypedInputLayer {}
extension PositionalEncoding: TypedInputLayer {}
extension Normalization: TypedInputLayer {}
extension UnitNormalization: TypedInputLayer {}
extension Rescaling: TypedInputLayer {}
extension SeparableConv1D: TypedInputLayer {}
extension Conv3D: TypedInputLayer {}
extension MaxPool3D: TypedInputLayer {}
extension AveragePool3D: TypedInputLayer {}
extension GlobalMaxPool3D: TypedInputLayer {}
extension GlobalAveragePool3D: TypedInputLayer {}
extension SeparableConv2D: TypedInputLayer {}
extension PReLU: TypedInputLayer {}
extension GaussianDropout: TypedInputLayer {}
extension AlphaDropout: TypedInputLayer {}
extension RandomFlip: TypedInputLayer {}
extension RandomCrop: TypedInputLayer {}
extension RandomErasing: TypedInputLayer {}
extension RandomAffine: TypedInputLayer {}
extension RandomRotation: TypedInputLayer {}
extension RandomZoom: TypedInputLayer {}
extension RandomTranslation: TypedInputLayer {}
extension RandomBrightness: TypedInputLayer {}
extension RandomContrast: TypedInputLayer {}
extension RandomColorJitter: TypedInputLayer {}
extension RandomGrayscale: TypedInputLayer {}
extension RandomGaussianBlur: TypedInputLayer {}
extension STFTSpectrogram: TypedInputLayer {}
extension MelSpectrogram: TypedInputLayer {}
extension SimpleImputer: TypedInputLayer {}
extension Discretization: TypedInputLayer {}
extension Embedding: TypedInputLayer { var inputElements: InputElements { .integers } }
extension CategoryEncoding: TypedInputLayer { var inputElements: InputElements { .integers } }
extension IntegerLookup: TypedInputLayer { var inputElements: InputElements { .integers } }

extension Activation: TypedInputLayer {
  /// A custom function may start with a conversion.
  var inputElements: InputElements { function.isLinear || !function.isBuiltIn ? .any : .floatingPoint }
}

extension InterpolationMethod {
  /// The elements that can be interpolated. The nearest number is only moved.
  fileprivate var inputElements: InputElements { self == .nearest ? .any : .floatingPoint }
}

extension UpSampling1D: TypedInputLayer {
  var inputElements: InputElements { configuration.method.inputElements }
}

extension UpSampling2D: TypedInputLayer {
  var inputElements: InputElements { configuration.method.inputElements }
}

extension Resizing: TypedInputLayer {
  var inputElements: InputElements { configuration.method.inputElements }
}

/// The axes of a layer's input.
enum InputAxes {
  case images, volumes, sequences, steps, vectors, channels, positions

  /// The supported numbers of axes.
  var ranks: ClosedRange<Int> {
    switch self {
    case .images: 4...4
    case .volumes: 5...5
    case .sequences, .steps, .vectors: 3...3
    case .channels: 2...8
    case .positions: 3...8
    }
  }

  /// Returns the axes as text, with the size of one axis if it is known: "[N, 3, H, W]".
  func text(_ axis: Int, _ extent: Int?) -> String {
    var names =
      switch self {
      case .images: ["N", "C", "H", "W"]
      case .volumes: ["N", "C", "D", "H", "W"]
      case .sequences: ["N", "C", "L"]
      case .steps: ["N", "steps", "features"]
      case .vectors: ["N", "length", "width"]
      case .channels: ["N", "C", "…"]
      case .positions: ["N", "C", "positions…"]
      }
    if let extent { names[axis] = "\(extent)" }
    return "[\(names.joined(separator: ", "))]"
  }
}

extension Layer {
  /// Ends the program unless the input of a call has these axes and, if `extent` is known, this size along `axis`.
  @inline(__always)
  func check(_ input: Tensor, _ axes: InputAxes, extent: Int? = nil, at axis: Int = 1) {
    let rank = input.extents.rank
    if rank < axes.ranks.lowerBound || rank > axes.ranks.upperBound { refuse(input, axes, extent, at: axis) }
    if let extent, input.extents[axis] != extent { refuse(input, axes, extent, at: axis) }
  }

  @inline(never)
  private func refuse(_ input: Tensor, _ axes: InputAxes, _ extent: Int?, at axis: Int) -> Never {
    let isExample = input.rank == axes.ranks.lowerBound - 1
    ProgrammerError.end(
      "\(type(of: self)): the input has the shape \(input.shape), expected \(axes.text(axis, extent))",
      hint: isExample ? "one example needs a batch axis, as in x.expanded(axis: 0)" : nil)
  }
}

extension Layer {
  /// Rejects, in a direct call, the inputs that `prepare` rejects. Only layers without parameters need this; layers
  /// with parameters are built first.
  func prepareCall(_ input: Tensor) {
    if LayerThread.current.trace != nil { return }
    do {
      try prepare(inputShape: Array(input.shape.dropFirst()))
    } catch {
      ProgrammerError.end("\(error)")
    }
  }
}

extension Parameter {
  /// The size of an axis; nil until the parameter has a value.
  func knownExtent(_ axis: Int) -> Int? { slab == nil ? nil : shape?[axis] }
}

/// An input of a model that an `Embedding` looks up, and the number of its valid tokens.
struct TokenRange: Sendable {
  /// The layer, with its path.
  let layer: String
  /// The index of the input.
  let input: Int
  let tokens: Int

  /// Returns the first token out of range, and the index of its example. Waits for the tensor.
  func firstOutOfRange(in tensor: Tensor) throws -> (example: Int, value: Int)? {
    guard tensor.dtype.isInteger, tensor.count > 0 else { return nil }
    let range = 0..<tokens
    // Some devices do not find the extremes of int64.
    if tensor.dtype != .int64, range.contains(try tensor.min().item(as: Int.self)),
      range.contains(try tensor.max().item(as: Int.self))
    {
      return nil
    }
    let perExample = max(tensor.count / max(tensor.shape.first ?? 1, 1), 1)
    for (index, token) in try tensor.scalars(as: Int.self).enumerated() where !range.contains(token) {
      return (index / perExample, token)
    }
    return nil
  }

  /// Checks the tokens in the inputs of a model. `example` maps a row to the example number for messages.
  /// - Throws: `ModelError.token`.
  func check(_ inputs: [Tensor], _ example: (Int) -> Int = { $0 }) throws {
    if let found = try firstOutOfRange(in: inputs[input]) {
      throw ModelError.token(layer: layer, example: example(found.example), value: found.value, tokens: tokens)
    }
  }
}

/// Suggestions for common mistakes in the shapes of inputs.
enum InputHint {
  /// Returns the likely mistake if an example has an unexpected shape; nil if none is likely.
  static func text(expected: [Int], found: [Int]) -> String? {
    if expected.count == 3, found.count == 3 {
      let isTurned = DataChecks.fits([found[2], found[0], found[1]], expected)
      let seemsTurned = looksLikeChannelsLast(found) && !looksLikeChannelsLast(expected)
      return isTurned || seemsTurned ? channelsFirst(found) : nil
    }
    if expected.count == 3, expected[0] == 1, DataChecks.fits(found, Array(expected.dropFirst())) {
      return
        "the axis of channels is missing: x.expanded(axis: 1), or Reshape([1, \(found[0]), \(found[1])]) as the first layer"
    }
    if expected.count == 1, found.count > 1, expected[0] == found.reduce(1, *) {
      return "put Flatten() first, or give x.reshaped([-1, \(expected[0])])"
    }
    return nil
  }

  /// Returns whether the last axis of an example's shape looks like one, three, or four channels.
  static func looksLikeChannelsLast(_ shape: [Int]) -> Bool {
    shape.count == 3 && [1, 3, 4].contains(shape[2]) && shape[0] > 4 && shape[1] > 4
  }

  static func channelsFirst(_ found: [Int]) -> String {
    "images are channels first, [channels, height, width]; \(found) looks like channels last: x.permuted([0, 3, 1, 2])"
  }
}

extension Model {
  /// Returns a warning if the first layer treats the inputs as images with many channels although the last axis looks
  /// like the channels; nil otherwise.
  func layoutWarning() -> String? {
    guard let sequential = network as? Sequential, let shape = inputShapes.first else { return nil }
    var first = sequential.layers.first
    while let inner = first as? Sequential { first = inner.layers.first }
    let window =
      switch first {
      case let layer as Conv2D: layer.settings
      case let layer as MaxPool2D: layer.settings
      case let layer as AveragePool2D: layer.settings
      default: nil as WindowSettings?
      }
    // A window that is one column wide is meant for signals along the rows, with any number of columns.
    guard let window, window.kernel.width > 1, InputHint.looksLikeChannelsLast(shape) else { return nil }
    return InputHint.channelsFirst(shape)
  }
}
