// Keras and PyTorch names of layers and settings. They do not compile; the error messages give the correct names.
// Because the compiler knows their types, each of them in a model causes only one error.

extension Dense {
  @available(*, unavailable, message: "the number of units has no label: Dense(128, activation: .relu)")
  public convenience init(units: Int, activation: ActivationFunction = .linear) { fatalError("unavailable") }
  @available(
    *, unavailable, message: "the shape of the input belongs to the model: Sequential(inputShape: [784]) { … }"
  )
  public convenience init(_ units: Int, activation: ActivationFunction = .linear, inputShape: [Int]) {
    fatalError("unavailable")
  }
  @available(*, unavailable, message: "a Dense is told its outputs alone, and finds the inputs itself: Dense(128)")
  public convenience init(_ inputs: Int, _ outputs: Int) { fatalError("unavailable") }
}

extension Conv2D {
  @available(*, unavailable, message: "the size of the window is called kernel: Conv2D(32, kernel: 3)")
  public convenience init(
    _ filters: Int, kernelSize: Extent2D, stride: Extent2D = 1, padding: Padding = .valid,
    activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(
    *, unavailable, message: "the number of filters has no label, and the window is the kernel: Conv2D(32, kernel: 3)"
  )
  public convenience init(
    filters: Int, kernelSize: Extent2D, padding: Padding = .valid, activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(*, unavailable, message: "the size of the window has a label: Conv2D(32, kernel: 3)")
  public convenience init(
    _ filters: Int, _ kernel: Int, padding: Padding = .valid, activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(
    *, unavailable, message: "the shape of the input belongs to the model: Sequential(inputShape: [1, 28, 28]) { … }"
  )
  public convenience init(_ filters: Int, kernel: Extent2D, activation: ActivationFunction = .linear, inputShape: [Int])
  { fatalError("unavailable") }
}

extension MaxPool2D {
  @available(*, unavailable, message: "the size of the window has no label: MaxPool2D(2)")
  public convenience init(poolSize: Extent2D, stride: Extent2D? = nil, padding: Padding = .valid) {
    fatalError("unavailable")
  }
}

extension AveragePool2D {
  @available(*, unavailable, message: "the size of the window has no label: AveragePool2D(2)")
  public convenience init(poolSize: Extent2D, stride: Extent2D? = nil, padding: Padding = .valid) {
    fatalError("unavailable")
  }
}

extension Flatten {
  @available(
    *, unavailable, message: "the shape of the input belongs to the model: Sequential(inputShape: [28, 28]) { … }"
  )
  public convenience init(inputShape: [Int]) { fatalError("unavailable") }
}

extension Dropout {
  @available(*, unavailable, message: "the probability has no label: Dropout(0.5)")
  public convenience init(rate: Double) { fatalError("unavailable") }
  @available(*, unavailable, message: "the probability has no label: Dropout(0.5)")
  public convenience init(p: Double) { fatalError("unavailable") }
}

extension LSTM {
  @available(*, unavailable, message: "the setting is called returnsSequence: LSTM(32, returnsSequence: true)")
  public convenience init(_ units: Int, returnSequences: Bool) { fatalError("unavailable") }
}

extension GRU {
  @available(*, unavailable, message: "the setting is called returnsSequence: GRU(32, returnsSequence: true)")
  public convenience init(_ units: Int, returnSequences: Bool) { fatalError("unavailable") }
}

extension SimpleRNN {
  @available(*, unavailable, message: "the setting is called returnsSequence: SimpleRNN(32, returnsSequence: true)")
  public convenience init(_ units: Int, returnSequences: Bool) { fatalError("unavailable") }
}

extension Embedding {
  @available(
    *, unavailable,
    message: "a token can be padding: Embedding(8000, 64, padding: 0), and then LSTM(32, masksZeros: true)"
  )
  public convenience init(_ tokens: Int, _ width: Int, maskZero: Bool) { fatalError("unavailable") }
}

@available(*, unavailable, renamed: "BatchNorm")
public typealias BatchNormalization = BatchNorm
@available(*, unavailable, renamed: "BatchNorm")
public typealias BatchNorm2d = BatchNorm
@available(*, unavailable, renamed: "LayerNorm")
public typealias LayerNormalization = LayerNorm
@available(*, unavailable, renamed: "MaxPool1D")
public typealias MaxPooling1D = MaxPool1D
@available(*, unavailable, renamed: "MaxPool1D")
public typealias MaxPool1d = MaxPool1D
@available(*, unavailable, renamed: "AveragePool1D")
public typealias AveragePooling1D = AveragePool1D
@available(*, unavailable, renamed: "AveragePool1D")
public typealias AvgPool1d = AveragePool1D
@available(
  *, unavailable,
  message: "write GlobalAveragePool1D() after Conv1D, and SequenceAverage() after Embedding and recurrent layers"
)
public typealias GlobalAveragePooling1D = GlobalAveragePool1D
@available(*, unavailable, renamed: "GlobalMaxPool1D")
public typealias GlobalMaxPooling1D = GlobalMaxPool1D
@available(*, unavailable, renamed: "Conv1D")
public typealias Conv1d = Conv1D
@available(*, unavailable, renamed: "MaxPool2D")
public typealias MaxPooling2D = MaxPool2D
@available(*, unavailable, renamed: "MaxPool2D")
public typealias MaxPool2d = MaxPool2D
@available(*, unavailable, renamed: "AveragePool2D")
public typealias AveragePooling2D = AveragePool2D
@available(*, unavailable, renamed: "AveragePool2D")
public typealias AvgPool2d = AveragePool2D
@available(*, unavailable, renamed: "GlobalAveragePool2D")
public typealias GlobalAveragePooling2D = GlobalAveragePool2D
@available(*, unavailable, renamed: "GlobalMaxPool2D")
public typealias GlobalMaxPooling2D = GlobalMaxPool2D
@available(*, unavailable, renamed: "Conv2D")
public typealias Conv2d = Conv2D
@available(*, unavailable, renamed: "MaxPool3D")
public typealias MaxPooling3D = MaxPool3D
@available(*, unavailable, renamed: "MaxPool3D")
public typealias MaxPool3d = MaxPool3D
@available(*, unavailable, renamed: "AveragePool3D")
public typealias AveragePooling3D = AveragePool3D
@available(*, unavailable, renamed: "AveragePool3D")
public typealias AvgPool3d = AveragePool3D
@available(*, unavailable, renamed: "GlobalAveragePool3D")
public typealias GlobalAveragePooling3D = GlobalAveragePool3D
@available(*, unavailable, renamed: "GlobalMaxPool3D")
public typealias GlobalMaxPooling3D = GlobalMaxPool3D
@available(*, unavailable, renamed: "Conv3D")
public typealias Conv3d = Conv3D
@available(*, unavailable, renamed: "Dense")
public typealias Linear = Dense
@available(*, unavailable, renamed: "ConvTranspose2D")
public typealias Conv2DTranspose = ConvTranspose2D
@available(*, unavailable, renamed: "ConvTranspose3D")
public typealias Conv3DTranspose = ConvTranspose3D
@available(*, unavailable, renamed: "ConvTranspose1D")
public typealias Conv1DTranspose = ConvTranspose1D
@available(
  *, unavailable,
  message: "a depthwise convolution has one group per channel: Conv2D(32, kernel: 3, groups: 32)"
)
public typealias DepthwiseConv2D = Conv2D
@available(
  *, unavailable,
  message: "a depthwise convolution has one group per channel: Conv1D(32, kernel: 3, groups: 32)"
)
public typealias DepthwiseConv1D = Conv1D
@available(*, unavailable, renamed: "ZeroPadding2D")
public typealias ZeroPad2d = ZeroPadding2D
@available(*, unavailable, renamed: "ZeroPadding1D")
public typealias ZeroPad1d = ZeroPadding1D
@available(
  *, unavailable,
  message: "padding modes belong to convolutions: Conv2D(32, kernel: 3, padding: 1, paddingMode: .reflect)"
)
public typealias ReflectionPad2d = ZeroPadding2D
@available(*, unavailable, message: "write UpSampling2D(2, .bilinear), or Resizing([224, 224]) for a given size")
public typealias Upsample = UpSampling2D
@available(*, unavailable, message: "write MultiHeadAttention(heads: 8, width: 64, keyValueHeads: 2)")
public typealias GroupedQueryAttention = MultiHeadAttention
@available(*, unavailable, renamed: "TransformerEncoderBlock")
public typealias TransformerEncoderLayer = TransformerEncoderBlock
@available(*, unavailable, renamed: "TransformerDecoderBlock")
public typealias TransformerDecoderLayer = TransformerDecoderBlock
