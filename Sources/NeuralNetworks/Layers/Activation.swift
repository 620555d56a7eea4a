/// An activation function as a separate layer.
public final class Activation: Layer {
  /// The function, applied to each element or, like softmax, along the last axis. The shape does not change.
  public var function: ActivationFunction { configuration.function }
  /// All settings.
  public let configuration: Configuration

  /// Creates an activation layer.
  /// - Parameter function: The activation function.
  public convenience init(_ function: ActivationFunction) {
    self.init(configuration: Configuration(function: function))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {}

  public func forward(_ input: Tensor, _ context: Context) -> Tensor { function(input) }

  public var allowsReplay: Bool { function.allowsReplay }
}

extension Activation: ConfigurableLayer {
  /// The configuration of an `Activation` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The activation function.
    public var function: ActivationFunction

    static var template: Self { Self(function: .linear) }
    static let required: Set = ["function"]
  }
}

/// A layer followed by an activation, which other frameworks count as a separate layer.
package protocol ActivatedLayer: Layer {
  var activation: ActivationFunction { get }
}

extension Dense: ActivatedLayer {}
extension EinsumDense: ActivatedLayer {}
extension Conv2D: ActivatedLayer {}

extension Conv1D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.activation }
}

extension ConvTranspose1D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.convolution.activation }
}

extension ConvTranspose2D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.convolution.activation }
}

extension ConvTranspose3D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.convolution.activation }
}

extension Conv3D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.activation }
}

extension SeparableConv1D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.activation }
}

extension SeparableConv2D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.activation }
}
