/// Adaptive average pooling to a given output length: `[N, C, L]` → `[N, C, l]`, for sequences of any length.
///
/// ```swift
/// AdaptiveAveragePool1D(8)                         // [N, 64, 50] → [N, 64, 8]
/// ```
///
/// Window i of l covers positions ⌊i·L/l⌋ to ⌈(i + 1)·L/l⌉ − 1 (PyTorch).
public final class AdaptiveAveragePool1D: Layer {
  public let configuration: AdaptivePoolingConfiguration<Int>

  /// Creates an adaptive average pooling layer.
  /// - Parameter output: The length of the result, from 1 to 4096.
  public convenience init(_ output: Int) {
    self.init(configuration: AdaptivePoolingConfiguration(output: output))
  }

  public init(configuration: AdaptivePoolingConfiguration<Int>) { self.configuration = configuration }

  private var pooling: AdaptivePooling { AdaptivePooling(output: [configuration.output]) }

  public func prepare(inputShape: [Int]) throws { try pooling.check("AdaptiveAveragePool1D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    prepareCall(input)
    return pooling.pool(.mean, input)
  }

  public var allowsReplay: Bool { true }
}

/// Adaptive max pooling to a given output length: `[N, C, L]` → `[N, C, l]`, for sequences of any length.
///
/// ```swift
/// AdaptiveMaxPool1D(8)                             // [N, 64, 50] → [N, 64, 8]
/// ```
///
/// The windows are the same as in `AdaptiveAveragePool1D`. The gradient goes to the first of equal numbers (PyTorch).
public final class AdaptiveMaxPool1D: Layer {
  public let configuration: AdaptivePoolingConfiguration<Int>

  /// Creates an adaptive max pooling layer.
  /// - Parameter output: The length of the result, from 1 to 4096.
  public convenience init(_ output: Int) {
    self.init(configuration: AdaptivePoolingConfiguration(output: output))
  }

  public init(configuration: AdaptivePoolingConfiguration<Int>) { self.configuration = configuration }

  private var pooling: AdaptivePooling { AdaptivePooling(output: [configuration.output]) }

  public func prepare(inputShape: [Int]) throws { try pooling.check("AdaptiveMaxPool1D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    prepareCall(input)
    return pooling.pool(.maximum, input)
  }

  public var allowsReplay: Bool { true }
}

extension AdaptiveAveragePool1D: ConfigurableLayer {}
extension AdaptiveMaxPool1D: ConfigurableLayer {}
