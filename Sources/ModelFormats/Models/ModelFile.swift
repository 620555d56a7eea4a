import Files
import NeuralNetworks

/// The metadata of a model file.
enum ModelFile {
  static let architecture = "architecture"
  /// The metadata key of the description of a `Graph`, used instead of the architecture.
  static let graph = "graph"
  static let information = "information"

  /// Returns the metadata for a model.
  /// - Throws: `ModelError.invalidConfiguration` for layers that cannot be described.
  static func metadata(of model: Model, _ information: ModelInformation) throws -> [String: String] {
    var metadata = [
      "format": "swift-nn model 1", ModelFile.information: try JSONValue(encoding: information).text(),
    ]
    if let graph = model.network as? Graph {
      metadata[ModelFile.graph] = try JSONValue(encoding: GraphArchitecture(of: graph)).text()
    } else {
      metadata[architecture] = try JSONValue(encoding: Architecture(of: model)).text()
    }
    return metadata
  }

  static func architecture(
    _ file: Safetensors, custom: [any ConfigurableLayer.Type], activations: [ActivationFunction]
  ) throws -> Architecture {
    try decode(
      text(file, architecture, ifInstead: graph, "it holds a Graph: load it with Graph.load(from:)"),
      "the architecture", file.path, custom, activations)
  }

  static func graph(
    _ file: Safetensors, custom: [any ConfigurableLayer.Type], activations: [ActivationFunction]
  ) throws -> GraphArchitecture {
    try decode(
      text(file, graph, ifInstead: architecture, "it holds no Graph: load it with Sequential.load(from:)"), "the graph",
      file.path, custom, activations)
  }

  /// Returns the description of a model for a key. Throws an error with advice if it is missing or of a different kind.
  private static func text(
    _ file: Safetensors, _ key: String, ifInstead other: String, _ advice: String
  ) throws -> String {
    if let text = file.metadata[key] { return text }
    throw FormatError.malformed(
      path: file.path,
      reason: file.metadata[other] == nil
        ? "it holds weights without an architecture: load it with loadWeights(from:)" : advice)
  }

  static func information(_ file: Safetensors) throws -> ModelInformation {
    guard let text = file.metadata[information] else { return ModelInformation() }
    return try decode(text, "the information", file.path, [], [])
  }

  /// Reads a value from a JSON file.
  static func read<Value: Decodable>(
    _ path: String, _ what: String, _ custom: [any ConfigurableLayer.Type], _ activations: [ActivationFunction]
  ) throws -> Value {
    let bytes = try withFileErrors { () throws(FileError) in try FileReader.read(path, limit: 64 << 20) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FormatError.malformed(path: path, reason: "it is not UTF-8 text")
    }
    return try decode(text, what, path, custom, activations)
  }

  /// Writes a value as human-readable, editable JSON.
  static func write(_ value: some Encodable, to path: String) throws {
    let text = try JSONValue(encoding: value).text(pretty: true) + "\n"
    try withFileErrors { () throws(FileError) in try FileWriter.write(Array(text.utf8), to: path) }
  }

  /// Decodes a value from JSON text of a file.
  static func decode<Value: Decodable>(
    _ text: String, _ what: String, _ path: String, _ custom: [any ConfigurableLayer.Type],
    _ activations: [ActivationFunction]
  ) throws -> Value {
    do {
      return try JSONValue(parsing: text).decode(
        userInfo: [.customLayers: custom, .customActivations: activations, .faults: DecodingFaults()])
    } catch let error as JSONError {
      throw FormatError.malformed(path: path, reason: "\(what), \(error)")
    } catch let error as ModelError {
      throw FormatError.malformed(path: path, reason: "\(what), \(error)")
    }
  }
}

extension Model {
  /// Writes the architecture and the weights to one safetensors file, from which `Sequential.load` or `Graph.load`
  /// restores the model. The file appears at its path only after it is complete. Weights of a quantized model stay in
  /// integers.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - information: Information for users of the model, such as the scaling of inputs and the names of the classes.
  /// - Throws: `ModelError.notBuilt` if parameters have no values yet; `ModelError.invalidConfiguration` for a layer
  ///   that is neither part of this package nor a `ConfigurableLayer`, or a model that is neither a `Sequential` nor a
  ///   `Graph` (save such models with `saveWeights(to:)`); `FormatError`; `DeviceError`.
  public func save(to path: String, information: ModelInformation = ModelInformation()) throws {
    let weights = try storedWeights()
    var metadata = try ModelFile.metadata(of: self, information).merging(weights.metadata) { $1 }
    // Version 1 has no weights in integers.
    if !weights.metadata.isEmpty { metadata["format"] = "swift-nn model 2" }
    try Safetensors.saveChecked(weights.tensors, metadata: metadata, to: path)
  }
}

extension Sequential {
  /// Loads a model from a file written by `save(to:)`, or from a checkpoint of a `Sequential`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - device: The device for the parameters.
  ///   - custom: The custom layers of the model.
  ///   - activations: The custom activation functions of its layers.
  /// - Throws: `FormatError` if the file is damaged, contains no architecture, or names an unknown layer;
  ///   `DeviceError`.
  public static func load(
    from path: String, on device: Device = .cpu, custom: [any ConfigurableLayer.Type] = [],
    activations: [ActivationFunction] = []
  ) throws -> sending Sequential {
    let file = try Safetensors(path)
    let architecture = try ModelFile.architecture(file, custom: custom, activations: activations)
    let model = Sequential(architecture: architecture)
    if let inputShape = architecture.inputShape {
      do { _ = try model.summary(inputShape: inputShape) } catch let error as ModelError {
        throw FormatError.malformed(path: path, reason: "the architecture makes no sense: \(error)")
      }
    }
    try model.loadWeights(from: file, [], on: device)
    return model
  }
}

extension Graph {
  /// Loads a graph from a file written by `save(to:)`, or from a checkpoint of a `Graph`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - device: The device for the parameters.
  ///   - custom: The custom layers of the graph.
  ///   - activations: The custom activation functions of its layers.
  /// - Throws: `FormatError` if the file is damaged, contains no graph, or names an unknown layer; `DeviceError`.
  public static func load(
    from path: String, on device: Device = .cpu, custom: [any ConfigurableLayer.Type] = [],
    activations: [ActivationFunction] = []
  ) throws -> sending Graph {
    let file = try Safetensors(path)
    let graph = Graph(architecture: try ModelFile.graph(file, custom: custom, activations: activations))
    do { _ = try graph.summary() } catch let error as ModelError {
      throw FormatError.malformed(path: path, reason: "the graph makes no sense: \(error)")
    }
    try graph.loadWeights(from: file, [], on: device)
    return graph
  }
}

extension ModelInformation {
  /// Loads the information from a file written by `Model.save`; empty for a file that contains only weights.
  ///
  /// - Throws: `FormatError`.
  public static func load(from path: String) throws -> ModelInformation {
    try ModelFile.information(Safetensors(path))
  }
}

extension Architecture {
  /// Reads an architecture from a JSON file, written by `save(to:)` or by hand.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - custom: The custom layers that the file may name.
  ///   - activations: The custom activation functions that the file may name.
  /// - Throws: `FormatError`, with the line and the column of the invalid JSON, or the path of the invalid value.
  public static func load(
    from path: String, custom: [any ConfigurableLayer.Type] = [], activations: [ActivationFunction] = []
  ) throws -> Architecture {
    try ModelFile.read(path, "the architecture", custom, activations)
  }

  /// Writes the architecture as human-readable, editable JSON.
  ///
  /// - Throws: `FormatError`.
  public func save(to path: String) throws { try ModelFile.write(self, to: path) }
}

extension GraphArchitecture {
  /// Reads the description of a graph from a JSON file, written by `save(to:)` or by hand.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - custom: The custom layers that the file may name.
  ///   - activations: The custom activation functions that the file may name.
  /// - Throws: `FormatError`, with the line and the column of the invalid JSON, or the path of the invalid value.
  public static func load(
    from path: String, custom: [any ConfigurableLayer.Type] = [], activations: [ActivationFunction] = []
  ) throws -> GraphArchitecture {
    try ModelFile.read(path, "the graph", custom, activations)
  }

  /// Writes the description as human-readable, editable JSON.
  ///
  /// - Throws: `FormatError`.
  public func save(to path: String) throws { try ModelFile.write(self, to: path) }
}
