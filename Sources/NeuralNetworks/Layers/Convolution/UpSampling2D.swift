/// Upsamples images: `[N, C, H, W]` → `[N, C, H·factor, W·factor]`.
///
/// ```swift
/// UpSampling2D(2)                                  // [N, 32, 7, 7] → [N, 32, 14, 14], each number four times
/// UpSampling2D(2, .bilinear)
/// ```
public final class UpSampling2D: Layer {
  /// The interpolation method.
  public enum Method: String, Codable, Sendable, Hashable {
    /// Nearest neighbor: each number is repeated.
    case nearest
    /// Bilinear interpolation of the four nearest numbers, which are at the centers of their pixels
    /// (`align_corners=False` in PyTorch).
    case bilinear
  }

  /// The factor and the method.
  public let configuration: Configuration

  /// Creates an upsampling layer.
  /// - Parameters:
  ///   - factor: The scale factor of each axis.
  ///   - method: The interpolation method.
  public convenience init(_ factor: Extent2D, _ method: Method = .nearest) {
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
    // During shape inference, no matrices are created.
    switch LayerThread.current.trace == nil ? configuration.method : .nearest {
    case .nearest: return input.repeated(factor.height, axis: 2).repeated(factor.width, axis: 3)
    case .bilinear:
      let (height, width) = (input.shape[2], input.shape[3])
      let rows = input.constant(Self.weights(height, factor.height), shape: [height * factor.height, height])
      let columns = input.constant(Self.weights(width, factor.width), shape: [width * factor.width, width])
      return rows.matmul(input.matmul(columns, transposingRight: true))
    }
  }

  /// Returns the weight of each number of an axis in each number of the larger axis: `[extent·factor, extent]`.
  private static func weights(_ extent: Int, _ factor: Int) -> [Float] {
    var weights = [Float](repeating: 0, count: extent * factor * extent)
    for place in 0..<extent * factor {
      let position = max(0, (Float(place) + 0.5) / Float(factor) - 0.5)
      let first = min(Int(position), extent - 1)
      let share = position - Float(first)
      weights[place * extent + first] += 1 - share
      weights[place * extent + min(first + 1, extent - 1)] += share
    }
    return weights
  }

  public var allowsReplay: Bool { true }
}

extension UpSampling2D: ConfigurableLayer {
  /// The configuration of an `UpSampling2D` in a model description. The default method is `nearest`.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The scale factors of rows and columns.
    public var factor: Extent2D
    /// The interpolation method.
    public var method = Method.nearest

    static var template: Self { Self(factor: 1) }
    static let required: Set = ["factor"]
  }
}
