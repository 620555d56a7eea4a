/// Divides each vector by its length: x/max(‖x‖, 1e-12), without parameters (Keras' `UnitNormalization`; PyTorch's
/// `normalize`).
///
/// A vector of zeros stays. The squares of large numbers do not overflow.
public final class UnitNormalization: Layer {
  /// The axis of the vectors. The batch axis is 0, and −1 is the last axis.
  public var axis: Int { configuration.axis }
  /// All settings.
  public let configuration: Configuration

  /// Creates a normalizing layer.
  /// - Parameter axis: The axis of the vectors: any except the batch axis 0. Negative values count from the end.
  public convenience init(axis: Int = -1) { self.init(configuration: Configuration(axis: axis)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    let position = axis < 0 ? inputShape.count + axis : axis - 1
    guard inputShape.indices.contains(position) else {
      throw ModelError.invalidConfiguration(
        layer: "UnitNormalization",
        reason: "axis \(axis) is none of an example of shape \(inputShape) (axis 0 is the batch)")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    prepareCall(input)
    return input.unitNormalized(axis: axis)
  }

  public var allowsReplay: Bool { true }
}

extension UnitNormalization: ConfigurableLayer {
  /// The configuration of a `UnitNormalization` in a model description. The default axis is the last.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The axis of the vectors. The batch axis is 0.
    public var axis = -1

    static var template: Self { Self() }
  }
}
