/// One layer of an `Architecture`.
enum LayerDescription: Sendable {
  case layer(any LayerRecipe)
  case container(ContainerDescription)
  case sequential(Architecture)

  init(of layer: any Layer) throws {
    switch layer {
    case let layer as Sequential: self = .sequential(try Architecture(of: layer))
    case let layer as any ContainerLayer: self = .container(try LayerDescription.container(of: layer))
    case let layer as any ConfigurableLayer: self = .layer(LayerDescription.recipe(of: layer))
    default:
      throw ModelError.invalidConfiguration(
        layer: "\(type(of: layer))", reason: "a layer that can be described adopts ConfigurableLayer")
    }
  }

  private static func container<L: ContainerLayer>(of layer: L) throws -> ContainerDescription {
    try ContainerDescription(of: layer)
  }

  /// Creates a description of a configurable layer.
  init(describing layer: some ConfigurableLayer) { self = .layer(LayerDescription.recipe(of: layer)) }

  private static func recipe<L: ConfigurableLayer>(of layer: L) -> any LayerRecipe {
    Recipe<L>(configuration: layer.configuration)
  }

  func makeLayer() -> any Layer {
    switch self {
    case .layer(let recipe): recipe.makeLayer()
    case .container(let container): container.makeLayer()
    case .sequential(let architecture): Sequential(architecture: architecture)
    }
  }
}

/// Creates a layer from its settings.
protocol LayerRecipe: Sendable {
  /// The name of the layer's type.
  var typeName: String { get }
  /// True for a built-in layer, whose settings are next to its name in the description.
  var isBuiltIn: Bool { get }
  var settings: any Encodable { get }
  func makeLayer() -> any Layer
}

private struct Recipe<L: ConfigurableLayer>: LayerRecipe {
  let configuration: L.Configuration

  var typeName: String { "\(L.self)" }
  var isBuiltIn: Bool { LayerDescription.builtIn.contains { $0 == L.self } }
  var settings: any Encodable { configuration }
  func makeLayer() -> any Layer { L(configuration: configuration) }
}

extension LayerDescription: Codable {
  private enum Key: String, CodingKey { case layer, configuration }

  /// The built-in layers.
  fileprivate static var builtIn: [any ConfigurableLayer.Type] {
    [
      Dense.self, Flatten.self, Reshape.self, Activation.self, Dropout.self, Conv2D.self, MaxPool2D.self,
      AveragePool2D.self, GlobalAveragePool2D.self, GlobalMaxPool2D.self, LayerNorm.self, RMSNorm.self, GroupNorm.self,
      BatchNorm.self, SpatialDropout.self, GaussianNoise.self, SelfAttention.self, TransformerEncoderBlock.self,
      PositionalEncoding.self, PositionalEmbedding.self, Embedding.self, SimpleRNN.self, LSTM.self, GRU.self,
      Bidirectional.self, SequenceAverage.self, Conv1D.self, ConvTranspose2D.self, ConvTranspose1D.self, MaxPool1D.self,
      AveragePool1D.self, GlobalAveragePool1D.self, GlobalMaxPool1D.self, AdaptiveAveragePool2D.self,
      AdaptiveMaxPool2D.self, ZeroPadding2D.self, UpSampling2D.self, Normalization.self, Permute.self,
      RepeatVector.self,
      ZeroPadding1D.self, Cropping1D.self, Cropping2D.self, UpSampling1D.self, Resizing.self, CenterCrop.self,
      Rescaling.self, PixelShuffle.self, SeparableConv1D.self, SeparableConv2D.self, PReLU.self, GaussianDropout.self,
      AlphaDropout.self, UnitNormalization.self, Conv3D.self, MaxPool3D.self, AveragePool3D.self,
      GlobalAveragePool3D.self, GlobalMaxPool3D.self, ZeroPadding3D.self, Cropping3D.self, UpSampling3D.self,
      RandomFlip.self, RandomCrop.self, RandomErasing.self, RandomAffine.self, RandomRotation.self, RandomZoom.self,
      RandomTranslation.self, RandomBrightness.self, RandomContrast.self, RandomColorJitter.self,
      RandomGrayscale.self, RandomGaussianBlur.self, CategoryEncoding.self, IntegerLookup.self, Discretization.self,
      SimpleImputer.self, ConvTranspose3D.self, AdaptiveAveragePool1D.self, AdaptiveMaxPool1D.self,
      AdaptiveAveragePool3D.self, AdaptiveMaxPool3D.self, EinsumDense.self, STFTSpectrogram.self,
      MelSpectrogram.self,
    ]
  }

  /// The built-in layers that contain other layers.
  private static var containers: [any ContainerLayer.Type] {
    [Residual.self, Parallel.self, Rematerialized.self, TimeDistributed.self]
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let name = try container.decode(String.self, forKey: .layer)
    if container.contains(.configuration) {
      let custom = decoder.userInfo[.customLayers] as? [any ConfigurableLayer.Type] ?? []
      guard let type = custom.first(where: { "\($0)" == name }) else {
        throw DecodingError.dataCorruptedError(
          forKey: .layer, in: container,
          debugDescription: "there is no layer \"\(name)\"; name its type among the custom layers")
      }
      self = .layer(try LayerDescription.decode(type, from: container.superDecoder(forKey: .configuration)))
    } else if name == "\(Sequential.self)" {
      self = .sequential(try Architecture(from: decoder))
    } else if let type = LayerDescription.containers.first(where: { "\($0)" == name }) {
      self = .container(try LayerDescription.decode(type, from: decoder))
    } else {
      guard let type = LayerDescription.builtIn.first(where: { "\($0)" == name }) else {
        throw DecodingError.dataCorruptedError(
          forKey: .layer, in: container,
          debugDescription: "there is no layer \"\(name)\"\(LayerDescription.suggestion(for: name))")
      }
      self = .layer(try LayerDescription.decode(type, from: decoder))
    }
  }

  /// Returns the names of layers that begin like an unknown one. There are too many layers to list all of them.
  private static func suggestion(for name: String) -> String {
    let start = name.lowercased().prefix(3)
    let names = builtIn.map { "\($0)" } + containers.map { "\($0)" } + ["\(Sequential.self)"]
    let similar = names.filter { !start.isEmpty && $0.lowercased().hasPrefix(start) }
    if similar.isEmpty { return "; the guide to layers lists all of them" }
    return "; similar names are \(similar.joined(separator: ", "))"
  }

  private static func decode<L: ContainerLayer>(_ type: L.Type, from decoder: any Decoder) throws
    -> ContainerDescription
  {
    try ContainerDescription(type, from: decoder)
  }

  private static func decode<L: ConfigurableLayer>(_ type: L.Type, from decoder: any Decoder) throws -> any LayerRecipe
  {
    let settings = try (L.Configuration.self as? any LayerSettings.Type)?.decoded(from: decoder)
    return Recipe<L>(configuration: try settings as? L.Configuration ?? L.Configuration(from: decoder))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .sequential(let architecture):
      try container.encode("\(Sequential.self)", forKey: .layer)
      try architecture.encode(to: encoder)
    case .container(let description):
      try container.encode(description.typeName, forKey: .layer)
      try description.encode(to: encoder)
    case .layer(let recipe):
      try container.encode(recipe.typeName, forKey: .layer)
      if recipe.isBuiltIn {
        try recipe.settings.encode(to: encoder)
      } else {
        try recipe.settings.encode(to: container.superEncoder(forKey: .configuration))
      }
    }
  }
}
