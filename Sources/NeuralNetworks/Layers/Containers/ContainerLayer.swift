/// A layer that contains other layers and can be written to a model description together with them.
protocol ContainerLayer: Layer, SendableMetatype {
  associatedtype Settings: Codable & Sendable
  /// The contained layers.
  var layers: [any Layer] { get }
  /// The other settings of the container, next to "layer" and "layers" in the description.
  var settings: Settings { get }
  init(layers: [any Layer], settings: Settings)
}

extension ContainerLayer {
  public var allowsReplay: Bool { layers.allSatisfy(\.allowsReplay) }
}

/// A container in an `Architecture`.
struct ContainerDescription: Sendable {
  /// The keys of a container's entry, apart from its settings.
  static let keys = ["layer", "layers"]

  let typeName: String
  let layers: [LayerDescription]
  let settings: any Encodable & Sendable
  private let make: @Sendable ([any Layer]) -> any Layer

  private enum Key: String, CodingKey { case layers }

  init<L: ContainerLayer>(of layer: L) throws {
    self.init(L.self, try layer.layers.map { try LayerDescription(of: $0) }, layer.settings)
  }

  init<L: ContainerLayer>(_ type: L.Type, from decoder: any Decoder) throws {
    let layers = try decoder.container(keyedBy: Key.self).decodeLayers(forKey: .layers)
    let settings = try (L.Settings.self as? any LayerSettings.Type)?.decoded(
      from: decoder, nextTo: ContainerDescription.keys)
    self.init(type, layers, try settings as? L.Settings ?? L.Settings(from: decoder))
  }

  private init<L: ContainerLayer>(_ type: L.Type, _ layers: [LayerDescription], _ settings: L.Settings) {
    typeName = "\(type)"
    self.layers = layers
    self.settings = settings
    make = { L(layers: $0, settings: settings) }
  }

  func makeLayer() -> any Layer { make(layers.map { $0.makeLayer() }) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(layers, forKey: .layers)
    try settings.encode(to: encoder)
  }
}

extension [any Layer] {
  /// Returns the output of the layers, applied in order.
  func applied(to input: Tensor, _ context: Context) -> Tensor { reduce(input) { $1($0, context) } }
}
