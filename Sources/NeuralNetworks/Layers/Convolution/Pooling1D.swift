import BackendCore

/// The maximum of each window of a sequence: `[N, C, L]` → `[N, C, L′]`. Padding is never the maximum.
///
/// ```swift
/// MaxPool1D(2)                                     // [N, 32, 100] → [N, 32, 50]
/// ```
///
/// L′ is ⌊(L + padding − window)/stride⌋ + 1. The gradient goes to the first of equal numbers (PyTorch).
public final class MaxPool1D: Layer {
  public let configuration: PoolingConfiguration<Int, Padding1D>
  let settings: WindowSettings

  /// Creates a max pooling layer for sequences.
  /// - Parameters:
  ///   - window: The length of the window.
  ///   - stride: The distance from one window to the next; the length of the window by default.
  ///   - padding: The padding at the ends, at most half a window.
  public convenience init(_ window: Int, stride: Int? = nil, padding: Padding1D = .valid) {
    self.init(configuration: PoolingConfiguration(window: window, stride: stride, padding: padding))
  }

  public init(configuration: PoolingConfiguration<Int, Padding1D>) {
    self.configuration = configuration
    settings = WindowSettings(ofRow: configuration)
  }

  public func prepare(inputShape: [Int]) throws { try settings.checkPooling(layer: "MaxPool1D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    prepareCall(input)
    return settings.poolRow(.maximum, input)
  }

  public var allowsReplay: Bool { true }
}

/// The mean of each window of a sequence: `[N, C, L]` → `[N, C, L′]`.
///
/// ```swift
/// AveragePool1D(2)                                 // [N, 32, 100] → [N, 32, 50]
/// ```
///
/// Padding counts as zeros, as in PyTorch's `AvgPool1d`, unless `countsPadding` is false (Keras).
public final class AveragePool1D: Layer {
  public let configuration: PoolingConfiguration<Int, Padding1D>
  let settings: WindowSettings

  /// Creates an average pooling layer for sequences.
  /// - Parameters:
  ///   - window: The length of the window.
  ///   - stride: The distance from one window to the next; the length of the window by default.
  ///   - padding: The padding at the ends, at most half a window.
  ///   - countsPadding: Whether padding counts as zeros.
  public convenience init(
    _ window: Int, stride: Int? = nil, padding: Padding1D = .valid, countsPadding: Bool = true
  ) {
    self.init(
      configuration: PoolingConfiguration(
        window: window, stride: stride, padding: padding, countsPadding: countsPadding ? nil : false))
  }

  public init(configuration: PoolingConfiguration<Int, Padding1D>) {
    self.configuration = configuration
    settings = WindowSettings(ofRow: configuration)
  }

  public func prepare(inputShape: [Int]) throws { try settings.checkPooling(layer: "AveragePool1D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    prepareCall(input)
    return settings.poolRow(configuration.countsPadding == false ? .mean : .meanWithPadding, input)
  }

  public var allowsReplay: Bool { true }
}

extension MaxPool1D: ConfigurableLayer {}
extension AveragePool1D: ConfigurableLayer {}

extension WindowSettings {
  fileprivate init(ofRow configuration: PoolingConfiguration<Int, Padding1D>) {
    self.init(
      kernel: Extent2D(1, configuration.window), stride: Extent2D(1, configuration.stride ?? configuration.window),
      padding: configuration.padding.ofRow, isRow: true, isCausal: configuration.padding == .causal)
  }

  fileprivate func poolRow(_ op: PoolingOp, _ input: Tensor) -> Tensor {
    let row = input.asRow
    return row.pooled(op, geometry(for: row)).withoutRowAxis
  }
}
