import ModelFormats
import NeuralNetworks
import Testing

/// Layers give the same results as PyTorch's, forward and backward. The numbers come from
/// `Benchmarks/peers/vectors.py`.
@Suite struct PyTorchVectorTests {
  /// A layer of this package, and its PyTorch counterpart.
  struct Pair: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var isTraining = false
    let makeLayer: @Sendable () -> any Layer

    static let convolution = [
      Pair(testDescription: "plain") { Conv2D(4, kernel: 3) },
      Pair(testDescription: "strided") { Conv2D(3, kernel: [3, 2], stride: [2, 3], padding: .explicit(1, 2)) },
      Pair(testDescription: "dilated") { Conv2D(5, kernel: 3, padding: 1, dilation: 2) },
      Pair(testDescription: "grouped") { Conv2D(6, kernel: 3, padding: .same, groups: 2) },
      Pair(testDescription: "depthwise") { Conv2D(3, kernel: 3, stride: 2, groups: 3, useBias: false) },
      Pair(testDescription: "max") { MaxPool2D(3, stride: 2, padding: 1) },
      Pair(testDescription: "average") { AveragePool2D(3, stride: 2, padding: 1) },
      Pair(testDescription: "average_inside") { AveragePool2D(3, stride: 2, padding: 1, countsPadding: false) },
      Pair(testDescription: "sequence") { Conv1D(4, kernel: 4, stride: 2, padding: 1) },
      Pair(testDescription: "sequence_dilated") { Conv1D(6, kernel: 3, padding: .same, dilation: 2, groups: 2) },
      Pair(testDescription: "transposed") {
        ConvTranspose2D(4, kernel: [3, 2], stride: [2, 3], padding: 1, outputPadding: [1, 2])
      },
      Pair(testDescription: "transposed_grouped") {
        ConvTranspose2D(6, kernel: 3, padding: .same, dilation: 2, groups: 2)
      },
      Pair(testDescription: "transposed_sequence") { ConvTranspose1D(2, kernel: 4, stride: 2, padding: .same) },
      Pair(testDescription: "max_sequence") { MaxPool1D(3, stride: 2, padding: 1) },
      Pair(testDescription: "average_sequence") { AveragePool1D(3, stride: 2, padding: 1) },
      Pair(testDescription: "adaptive_average") { AdaptiveAveragePool2D([3, 4]) },
      Pair(testDescription: "adaptive_average_even") { AdaptiveAveragePool2D([2, 3]) },
      Pair(testDescription: "adaptive_max") { AdaptiveMaxPool2D([3, 2]) },
      Pair(testDescription: "padded") { ZeroPadding2D(top: 3, bottom: 0, left: 1, right: 2) },
      Pair(testDescription: "nearest") { UpSampling2D([2, 3]) },
      Pair(testDescription: "bilinear") { UpSampling2D([2, 3], .bilinear) },
    ]

    static let normalization = [
      Pair(testDescription: "layer") { LayerNorm() },
      Pair(testDescription: "root_mean_square") { RMSNorm() },
      Pair(testDescription: "group") { GroupNorm(2) },
      Pair(testDescription: "instance") { GroupNorm(4, epsilon: 1e-3) },
      Pair(testDescription: "batch", isTraining: true) { BatchNorm() },
      Pair(testDescription: "batch_images", isTraining: true) { BatchNorm(momentum: 0.3) },
      Pair(testDescription: "batch_inference") { BatchNorm() },
    ]

    static let attention = [
      Pair(testDescription: "self") { SelfAttention(heads: 2, width: 8) },
      Pair(testDescription: "causal") { SelfAttention(heads: 2, width: 8, isCausal: true) },
      Pair(testDescription: "encoder") { TransformerEncoderBlock(heads: 2, width: 8, hidden: 12, dropout: 0) },
      Pair(testDescription: "encoder_first") {
        TransformerEncoderBlock(heads: 4, width: 8, hidden: 12, activation: .gelu, dropout: 0, normalizesFirst: true)
      },
    ]

    static let decoder = [
      Pair(testDescription: "decoder") {
        SelfDecoder(TransformerDecoderBlock(heads: 2, width: 8, hidden: 12, dropout: 0))
      },
      Pair(testDescription: "decoder_first") {
        SelfDecoder(
          TransformerDecoderBlock(
            heads: 4, width: 8, hidden: 12, activation: .gelu, dropout: 0, normalizesFirst: true, epsilon: 1e-3))
      },
    ]

    static let layers = [
      Pair(testDescription: "reflect") {
        Conv2D(3, kernel: 3, stride: 2, padding: .explicit(2, 1), paddingMode: .reflect)
      },
      Pair(testDescription: "replicate") {
        Conv2D(3, kernel: 3, stride: 2, padding: .explicit(2, 1), paddingMode: .replicate)
      },
      Pair(testDescription: "circular") {
        Conv2D(3, kernel: 3, stride: 2, padding: .explicit(2, 1), paddingMode: .circular)
      },
      Pair(testDescription: "reflect_sequence") {
        Conv1D(3, kernel: 3, padding: 2, dilation: 2, paddingMode: .reflect)
      },
      Pair(testDescription: "causal_sequence") { Conv1D(3, kernel: 3, padding: .causal, dilation: 2) },
      Pair(testDescription: "separable") { SeparableConv2D(4, kernel: [3, 2], stride: 2, depthMultiplier: 2) },
      Pair(testDescription: "separable_sequence") { SeparableConv1D(4, kernel: 3, padding: .same) },
      Pair(testDescription: "slope") { PReLU() },
      Pair(testDescription: "slopes") { PReLU(perChannel: true) },
      Pair(testDescription: "shuffled") { PixelShuffle(2) },
      Pair(testDescription: "resized") { Resizing([5, 3]) },
      Pair(testDescription: "resized_cubic") { Resizing([5, 7], .bicubic) },
      Pair(testDescription: "linear_sequence") { UpSampling1D(3, .bilinear) },
      Pair(testDescription: "volumes") {
        Conv3D(
          4, kernel: [2, 3, 2], stride: [1, 2, 1], padding: .explicit([1, 0, 1]), dilation: [2, 1, 1], groups: 2)
      },
      Pair(testDescription: "volumes_same") { Conv3D(2, kernel: [3, 2, 1], padding: .same) },
      Pair(testDescription: "volumes_max") {
        MaxPool3D([2, 2, 3], stride: [1, 2, 1], padding: .explicit([1, 0, 1]))
      },
      Pair(testDescription: "volumes_average") { AveragePool3D(2, padding: .explicit([0, 1, 1])) },
      Pair(testDescription: "volumes_average_inside") {
        AveragePool3D(2, padding: .explicit([0, 1, 1]), countsPadding: false)
      },
      Pair(testDescription: "unit") { UnitNormalization(axis: 1) },
    ]

    /// `EinsumDense` has no counterpart in PyTorch; these are Keras' formula.
    static let einsum = [
      Pair(testDescription: "steps") { EinsumDense("abc,cd->abd", outputShape: [-1, 4], biasAxes: "d") },
      Pair(testDescription: "last") { EinsumDense("...x,xy->...y", outputShape: [2], biasAxes: "y") },
      Pair(testDescription: "first") { EinsumDense("ab...,bc->ac...", outputShape: [2], biasAxes: "c") },
      Pair(testDescription: "heads") { EinsumDense("abc,cde->abde", outputShape: [-1, 2, 2], biasAxes: "de") },
      Pair(testDescription: "joined") { EinsumDense("abde,dec->abc", outputShape: [2, 2]) },
      Pair(testDescription: "separate") {
        EinsumDense("abc,bcd->abd", outputShape: [-1, 4], biasAxes: "b", activation: .tanh)
      },
      Pair(testDescription: "summed") { EinsumDense("abc, db -> ad", outputShape: [2], biasAxes: "d") },
    ]

    static let extents = [
      Pair(testDescription: "transposed") {
        ConvTranspose3D(
          6, kernel: [2, 3, 2], stride: [2, 1, 3], padding: .explicit([1, 0, 1]), outputPadding: [1, 0, 2],
          dilation: [1, 2, 1], groups: 2)
      },
      Pair(testDescription: "transposed_same") {
        ConvTranspose3D(3, kernel: [4, 3, 1], stride: [2, 1, 3], padding: .same)
      },
      Pair(testDescription: "transposed_same_odd") {
        ConvTranspose3D(3, kernel: [3, 2, 5], stride: 2, padding: .same, useBias: false)
      },
      Pair(testDescription: "average_sequence") { AdaptiveAveragePool1D(4) },
      Pair(testDescription: "average_sequence_even") { AdaptiveAveragePool1D(3) },
      Pair(testDescription: "average_sequence_longer") { AdaptiveAveragePool1D(5) },
      Pair(testDescription: "average_volumes") { AdaptiveAveragePool3D([2, 3, 4]) },
      Pair(testDescription: "average_volumes_even") { AdaptiveAveragePool3D([2, 1, 3]) },
      Pair(testDescription: "max_sequence") { AdaptiveMaxPool1D(4) },
      Pair(testDescription: "max_sequence_even") { AdaptiveMaxPool1D(3) },
      Pair(testDescription: "max_sequence_longer") { AdaptiveMaxPool1D(5) },
      Pair(testDescription: "max_volumes") { AdaptiveMaxPool3D([2, 3, 4]) },
      Pair(testDescription: "max_volumes_even") { AdaptiveMaxPool3D([2, 1, 3]) },
    ]
  }

  @Test(arguments: TestDevices.all, Pair.convolution)
  func convolution(_ device: Device, _ pair: Pair) throws {
    try compare(pair, with: "convolution", on: device)
  }

  @Test(arguments: TestDevices.all, Pair.normalization)
  func normalization(_ device: Device, _ pair: Pair) throws {
    try compare(pair, with: "normalization", on: device)
  }

  @Test(arguments: TestDevices.all, Pair.attention)
  func attention(_ device: Device, _ pair: Pair) throws {
    try compare(pair, with: "attention", on: device)
  }

  /// A decoder block that attends to the first three positions of its own input.
  final class SelfDecoder: Layer {
    let block: TransformerDecoderBlock

    init(_ block: TransformerDecoderBlock) { self.block = block }

    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      block(input, memory: input[.all, ..<3], context)
    }
  }

  @Test(arguments: TestDevices.all, Pair.decoder)
  func decoder(_ device: Device, _ pair: Pair) throws {
    try compare(pair, with: "decoder", on: device)
  }

  @Test(arguments: TestDevices.all, Pair.layers)
  func layers(_ device: Device, _ pair: Pair) throws {
    try compare(pair, with: "layers", on: device)
  }

  @Test(arguments: TestDevices.all, Pair.einsum)
  func einsum(_ device: Device, _ pair: Pair) throws {
    try compare(pair, with: "einsum", on: device)
  }

  @Test(arguments: TestDevices.all, Pair.extents)
  func extents(_ device: Device, _ pair: Pair) throws {
    try compare(pair, with: "extents", on: device)
  }

  /// The stored results with a name.
  static func vectors(_ file: String) throws -> Safetensors {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return try Safetensors("/\(folder)/Vectors/\(file).safetensors")
  }

  /// Layers within a model of mixed precision: the differences are some roundings to 16 bits.
  @Test(
    arguments: TestDevices.all,
    [
      ("convolution", Pair.convolution), ("normalization", Pair.normalization), ("attention", Pair.attention),
      ("decoder", Pair.decoder), ("layers", Pair.layers), ("einsum", Pair.einsum), ("extents", Pair.extents),
    ])
  func mixedPrecision(_ device: Device, _ group: (file: String, pairs: [Pair])) throws {
    for pair in group.pairs {
      for precision in [Precision.mixedBFloat16, .mixedFloat16] {
        try compare(pair, with: group.file, on: device, precision)
      }
    }
  }

  func compare(
    _ pair: Pair, with file: String, on device: Device, _ precision: Precision = .float32
  ) throws {
    let vectors = try Self.vectors(file)
    func vector(_ name: String) throws -> Tensor {
      try #require(try vectors.tensor("\(pair.testDescription).\(name)", on: device), "\(name)")
    }
    let layer = Model(pair.makeLayer())
    let input = try vector("input")
    try layer.build(inputShape: Array(input.shape.dropFirst()), on: device)
    layer.precision = precision
    func expectClose(_ found: Tensor, _ expected: Tensor, _ location: SourceLocation = #_sourceLocation) throws {
      try self.expectClose(found, expected, precision, "\(pair.testDescription)", location)
    }
    for (path, parameter) in layer.parameters { parameter.assign(try vector(path)) }
    let weights = try vector("output_gradient")
    let context = pair.isTraining ? Context.training(RandomStream(seed: 1)) : .inference
    let (_, inputGradient) = valueAndGradient(at: input) { (layer($0, context) * weights).sum() }
    for (path, parameter) in layer.parameters where parameter.isState {
      try expectClose(parameter.value, try vector("\(path)_after"))
    }
    var output = Tensor(0)
    let (_, gradients) = valueAndGradient(at: layer) { layer in
      output = layer(input, context)
      return (output * weights).sum()
    }
    try expectClose(output, try vector("output"))
    if precision != .float32, !pair.isTraining, let copy = try? layer.copy() {
      #expect(try Predictor(copy).predict(input).scalars() == output.scalars(), "\(pair.testDescription)")
    }
    // Numbers that become equal in 16 bits may have another maximum.
    let isMaximum = pair.testDescription.contains("max")
    if precision == .float32 || !isMaximum { try expectClose(inputGradient, try vector("input_gradient")) }
    for path in gradients.paths {
      try expectClose(try #require(gradients[path]), try vector("\(path)_gradient"))
    }
  }

  /// Sums of a few dozen products of numbers below 1.
  private func expectClose(
    _ found: Tensor, _ expected: Tensor, _ precision: Precision, _ name: String, _ location: SourceLocation
  ) throws {
    #expect(found.shape == expected.shape && found.dtype == .float32, "\(name)", sourceLocation: location)
    let difference = try (found - expected).magnitude().max().item()
    // PyTorch's own sums of larger numbers, such as the gradients of biases, are no more exact than this.
    let largest = try expected.magnitude().max().item()
    let unit = precision == .float32 ? 0 : precision == .mixedFloat16 ? 0x1p-11 : 0x1p-8
    // Gradients that cancel to zero keep the roundings of their terms.
    let bound = 2e-5 + 1e-6 * largest + 16 * unit * max(largest, 0.125)
    #expect(difference < bound, "\(name), \(precision)", sourceLocation: location)
  }
}
