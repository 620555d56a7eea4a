/// Upsamples images: `[N, C, H, W]` → `[N, C, H·factor, W·factor]`.
///
/// ```swift
/// UpSampling2D(2)                                  // [N, 32, 7, 7] → [N, 32, 14, 14], each number four times
/// UpSampling2D(2, .bilinear)
/// ```
public final class UpSampling2D: Layer {
  /// The factor and the method.
  public let configuration: Configuration

  /// Creates an upsampling layer.
  /// - Parameters:
  ///   - factor: The scale factor of each axis.
  ///   - method: The interpolation method.
  public convenience init(_ factor: Extent2D, _ method: InterpolationMethod = .nearest) {
    self.init(configuration: Configuration(factor: factor, method: method))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    let factor = configuration.factor
    guard factor.height > 0, factor.width > 0 else {
      throw ModelError.invalidConfiguration(
        layer: "UpSampling2D", reason: "a factor of \(factor); both numbers are at least 1")
    }
    guard inputShape.count == 3, !inputShape.contains(0) else {
      throw ModelError.invalidConfiguration(
        layer: "UpSampling2D", reason: "an example is an image [channels, height, width], not \(inputShape)")
    }
    try WindowSettings.checkSize(layer: "UpSampling2D", inputShape + [factor.height, factor.width])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    let factor = configuration.factor
    return input.resized(
      to: [input.shape[2] * factor.height, input.shape[3] * factor.width], method: configuration.method)
  }

  public var allowsReplay: Bool { true }
}

extension UpSampling2D: ConfigurableLayer {
  /// The configuration of an `UpSampling2D` in a model description. The default method is `nearest`.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The scale factors of rows and columns.
    public var factor: Extent2D
    /// The interpolation method.
    public var method = InterpolationMethod.nearest

    static var template: Self { Self(factor: 1) }
    static let required: Set = ["factor"]
  }
}

/// Upsamples sequences: `[N, C, L]` → `[N, C, L·factor]`.
///
/// ```swift
/// UpSampling1D(2)                                  // [N, 32, 50] → [N, 32, 100], each number twice (Keras)
/// UpSampling1D(2, .bilinear)                       // linear interpolation
/// ```
public final class UpSampling1D: Layer {
  /// The factor and the method.
  public let configuration: Configuration

  /// Creates an upsampling layer.
  /// - Parameters:
  ///   - factor: The scale factor.
  ///   - method: The interpolation method.
  public convenience init(_ factor: Int, _ method: InterpolationMethod = .nearest) {
    self.init(configuration: Configuration(factor: factor, method: method))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    guard configuration.factor > 0 else {
      throw ModelError.invalidConfiguration(
        layer: "UpSampling1D", reason: "a factor of \(configuration.factor); it is at least 1")
    }
    guard inputShape.count == 2, !inputShape.contains(0) else {
      throw ModelError.invalidConfiguration(
        layer: "UpSampling1D", reason: "an example is a sequence [channels, length], not \(inputShape)")
    }
    try WindowSettings.checkSize(layer: "UpSampling1D", inputShape + [configuration.factor])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    prepareCall(input)
    return input.resized(to: [input.shape[2] * configuration.factor], method: configuration.method)
  }

  public var allowsReplay: Bool { true }
}

extension UpSampling1D: ConfigurableLayer {
  /// The configuration of an `UpSampling1D` in a model description. The default method is `nearest`.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The scale factor.
    public var factor: Int
    /// The interpolation method.
    public var method = InterpolationMethod.nearest

    static var template: Self { Self(factor: 1) }
    static let required: Set = ["factor"]
  }
}
