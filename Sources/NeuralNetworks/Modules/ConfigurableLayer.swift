/// A layer of one's own that can be written to a description of a model and made again from it.
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
/// The description names the layer by its type.
public protocol ConfigurableLayer: Layer {
  /// What the layer is made from; without values of parameters.
  associatedtype Configuration: Codable & Sendable
  /// What would make this layer again.
  var configuration: Configuration { get }
  init(configuration: Configuration)
}
