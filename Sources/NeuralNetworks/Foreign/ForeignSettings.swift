// Keras and PyTorch notations for the settings of layers. They do not compile; the error messages show the correct
// forms.

extension Dense {
  @available(*, unavailable, message: "the setting is called initializer: Dense(10, initializer: .glorotUniform)")
  public convenience init(
    _ units: Int, activation: ActivationFunction = .linear, useBias: Bool = true, kernelInitializer: Initializer
  ) { fatalError("unavailable") }
  @available(*, unavailable, message: "the setting is called regularizer: Dense(10, regularizer: .l2(1e-4))")
  public convenience init(
    _ units: Int, activation: ActivationFunction = .linear, useBias: Bool = true, kernelRegularizer: Regularizer?
  ) { fatalError("unavailable") }
  @available(*, unavailable, message: "the setting is called useBias: Dense(10, useBias: false)")
  public convenience init(_ units: Int, bias: Bool) { fatalError("unavailable") }
  @available(
    *, unavailable, message: "an activation is a setting, Dense(128, activation: .relu), or a layer, Activation(.relu)"
  )
  public func relu() -> Dense { fatalError("unavailable") }
}

extension Conv2D {
  @available(*, unavailable, message: "the sides of a window are an array, or one number: Conv2D(32, kernel: [3, 3])")
  public convenience init(
    _ filters: Int, kernel: (Int, Int), padding: Padding = .valid, activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(*, unavailable, message: "the size of the window has a label: Conv2D(32, kernel: [3, 3])")
  public convenience init(
    _ filters: Int, _ kernel: (Int, Int), padding: Padding = .valid, activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(*, unavailable, message: "the number of filters has no label: Conv2D(32, kernel: 3)")
  public convenience init(
    filters: Int, kernel: Extent2D, stride: Extent2D = 1, padding: Padding = .valid,
    activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(*, unavailable, message: "the setting is called stride: Conv2D(32, kernel: 3, stride: 2)")
  public convenience init(
    _ filters: Int, kernel: Extent2D, strides: Extent2D, padding: Padding = .valid,
    activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(
    *, unavailable,
    message: "a convolution finds the input channels itself, and the window has a label: Conv2D(32, kernel: 3)"
  )
  public convenience init(
    _ inputs: Int, _ filters: Int, _ kernel: Int, stride: Extent2D = 1, padding: Padding = .valid
  ) { fatalError("unavailable") }
}

extension Conv1D {
  @available(*, unavailable, message: "the size of the window is called kernel: Conv1D(32, kernel: 3)")
  public convenience init(
    _ filters: Int, kernelSize: Int, padding: Padding1D = .valid, activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(
    *, unavailable, message: "the number of filters has no label, and the window is the kernel: Conv1D(32, kernel: 3)"
  )
  public convenience init(
    filters: Int, kernelSize: Int, padding: Padding1D = .valid, activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
  @available(*, unavailable, message: "the size of the window has a label: Conv1D(32, kernel: 3)")
  public convenience init(
    _ filters: Int, _ kernel: Int, padding: Padding1D = .valid, activation: ActivationFunction = .linear
  ) { fatalError("unavailable") }
}

extension MaxPool2D {
  @available(*, unavailable, message: "the sides of a window are an array, or one number: MaxPool2D([2, 2])")
  public convenience init(_ window: (Int, Int)) { fatalError("unavailable") }
  @available(*, unavailable, message: "the setting is called stride: MaxPool2D(2, stride: 2)")
  public convenience init(_ window: Extent2D, strides: Extent2D) { fatalError("unavailable") }
}

extension Embedding {
  @available(*, unavailable, message: "the two numbers have no labels: Embedding(1000, 16), tokens and width")
  public convenience init(inputDim: Int, outputDim: Int) { fatalError("unavailable") }
}

extension LSTM {
  @available(*, unavailable, message: "the number of units has no label: LSTM(32)")
  public convenience init(units: Int, returnSequences: Bool = false) { fatalError("unavailable") }
}

extension GRU {
  @available(*, unavailable, message: "the number of units has no label: GRU(32)")
  public convenience init(units: Int, returnSequences: Bool = false) { fatalError("unavailable") }
}

extension SimpleRNN {
  @available(*, unavailable, message: "the number of units has no label: SimpleRNN(32)")
  public convenience init(units: Int, returnSequences: Bool = false) { fatalError("unavailable") }
}

// swift-format-ignore: AlwaysUseLowerCamelCase
@available(
  *, unavailable,
  message:
    "the shape of the input belongs to the model, Sequential(inputShape: [28, 28]) { … }; in a graph it is Node.input([28, 28])"
)
public func Input(_ shape: [Int]) -> any Layer { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "write Activation(.relu), or Dense(128, activation: .relu)")
public func ReLU() -> any Layer { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "write Activation(.softmax), or Dense(10, activation: .softmax)")
public func Softmax(dim: Int = -1) -> any Layer { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "write Activation(.sigmoid), or Dense(1, activation: .sigmoid)")
public func Sigmoid() -> any Layer { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "write Activation(.tanh), or Dense(10, activation: .tanh)")
public func Tanh() -> any Layer { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "write Activation(.gelu), or Dense(128, activation: .gelu)")
public func GELU() -> any Layer { fatalError("unavailable") }
