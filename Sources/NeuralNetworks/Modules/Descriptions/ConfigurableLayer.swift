/// A custom layer that can be saved in a model description and created from it.
///
/// ```swift
/// final class Padded: ConfigurableLayer {
///   struct Configuration: Codable, Sendable { var width: Int }
///   let configuration: Configuration
///   init(configuration: Configuration) { self.configuration = configuration }
///   func forward(_ x: Tensor, _ context: Context) -> Tensor { x.padded([(0, 0), (configuration.width, 0)]) }
/// }
/// ```
///
/// The description refers to the layer by its type name.
public protocol ConfigurableLayer: Layer {
  /// The settings of the layer, without parameter values.
  associatedtype Configuration: Codable & Sendable
  /// The settings that recreate this layer.
  var configuration: Configuration { get }
  /// Creates a layer with these settings. Its parameters have no values yet.
  init(configuration: Configuration)
}
