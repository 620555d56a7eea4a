/// The layers and settings of a `Sequential`, without parameter values. It can be written to a file and used to create
/// the model again.
///
/// With a JSON encoder:
/// ```json
/// {"inputShape": [28, 28],
///  "layers": [{"layer": "Flatten"}, {"layer": "Dense", "units": 128, "activation": "relu"}, {"layer": "Dense", "units": 10}]}
/// ```
/// Custom layers are supported if they conform to `ConfigurableLayer`. To decode them, pass their types to the decoder
/// as `CodingUserInfoKey.customLayers`, and custom activation functions as `.customActivations`.
public struct Architecture: Sendable {
  /// The shape of one example, without the batch axis, if the model knows it.
  public var inputShape: [Int]?
  let layers: [LayerDescription]

  /// Creates a description of a model.
  /// - Throws: `ModelError.invalidConfiguration` for a layer that is neither built-in nor a `ConfigurableLayer`.
  public init(of model: Model) throws {
    guard let sequential = model.network as? Sequential else {
      throw ModelError.invalidConfiguration(
        layer: model.displayName, reason: "a model that can be described is Sequential; its layers are described")
    }
    inputShape = model.inputShapes.first
    layers = try sequential.layers.enumerated().map { index, layer in
      do {
        return try LayerDescription(of: layer)
      } catch ModelError.invalidConfiguration(let inner, let reason) {
        throw ModelError.invalidConfiguration(layer: "\(index).\(inner)", reason: reason)
      }
    }
  }
}

extension Sequential {
  /// Creates a model with the described layers. Its parameters have no values yet.
  public convenience init(architecture: Architecture) {
    self.init(architecture.layers.map { $0.makeLayer() }, inputShape: architecture.inputShape)
  }
}

extension CodingUserInfoKey {
  /// `[any ConfigurableLayer.Type]`: custom layers that a decoded `Architecture` may name.
  public static let customLayers = CodingUserInfoKey(rawValue: "NeuralNetworks.customLayers")!
  /// `[ActivationFunction]`: custom activation functions that a decoded `Architecture` may name.
  public static let customActivations = CodingUserInfoKey(rawValue: "NeuralNetworks.customActivations")!
}

extension Architecture: Codable {
  private enum Key: String, CodingKey, CaseIterable { case inputShape, layers }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(Key.allCases.map(\.rawValue) + ["layer"])
    let container = try decoder.container(keyedBy: Key.self)
    inputShape = try decoder.noting(instead: nil) { try container.decodeIfPresent([Int].self, forKey: .inputShape) }
    layers = try container.decodeLayers(forKey: .layers)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encodeIfPresent(inputShape, forKey: .inputShape)
    try container.encode(layers, forKey: .layers)
  }
}

extension Decoder {
  /// Throws for unknown keys, or records each of them, so that a misspelled key is not ignored.
  func refuseUnknownKeys(_ known: [String]) throws {
    let container = try container(keyedBy: AnyKey.self)
    for key in container.allKeys where !known.contains(key.stringValue) {
      try noting(instead: ()) {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container,
          debugDescription: "\"\(key.stringValue)\" is not a setting; there are \(known.joined(separator: ", "))")
      }
    }
  }
}

/// Any key of an object.
private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
