/// What a `Sequential` is made of, without the values of its parameters: layers and their settings, to write to a file and to
/// make the model again from.
///
/// With a JSON encoder:
/// ```json
/// {"inputShape": [28, 28],
///  "layers": [{"layer": "Flatten"}, {"layer": "Dense", "units": 128, "activation": "relu"}, {"layer": "Dense", "units": 10}]}
/// ```
/// Layers of one's own take part when they adopt `ConfigurableLayer`. To decode them, their types are given to the decoder
/// under `CodingUserInfoKey.customLayers`, activation functions under `.customActivations`.
public struct Architecture: Sendable {
  /// The shape of one example, without the batch axis, where the model knows it.
  public var inputShape: [Int]?
  let layers: [LayerDescription]

  /// The description of a model.
  /// - Throws: `ModelError.invalidConfiguration` for a layer that is neither of this package nor a `ConfigurableLayer`.
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
  /// A model of the layers that are described; its parameters have no values yet.
  public convenience init(architecture: Architecture) {
    self.init(architecture.layers.map { $0.makeLayer() }, inputShape: architecture.inputShape)
  }
}

extension CodingUserInfoKey {
  /// `[any ConfigurableLayer.Type]`: layers of one's own that a decoded `Architecture` may name.
  public static let customLayers = CodingUserInfoKey(rawValue: "NeuralNetworks.customLayers")!
  /// `[ActivationFunction]`: activation functions of one's own that a decoded `Architecture` may name.
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
  /// Throws for a key that is not in the list, or notes each of them, so that a misspelt one is not passed over.
  func refuseUnknownKeys(_ known: [String]) throws {
    let container = try container(keyedBy: AnyKey.self)
    for key in container.allKeys where !known.contains(key.stringValue) {
      try noting(instead: ()) {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container,
          debugDescription: "\"\(key.stringValue)\" is no setting; there are \(known.joined(separator: ", "))")
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
