import Files
import NeuralNetworks

/// The text that a model's file holds beside its weights.
enum ModelFile {
  static let architecture = "architecture"
  /// In place of the architecture where the model is a `Graph`.
  static let graph = "graph"
  static let information = "information"

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

  /// The description of a model under a key; an error that says what to do where another one stands there, or none.
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

  /// A value from JSON text in a file.
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
  /// Writes the architecture and the weights to one safetensors file, which `Sequential.load` or `Graph.load` makes the model
  /// again from.
  /// The file appears under its name when it is whole.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - information: the scaling of the inputs and the names of the classes, for those who use the model.
  /// - Throws: `ModelError.notBuilt` if parameters have no values yet; `ModelError.invalidConfiguration` for a layer that is
  ///   neither of this package nor a `ConfigurableLayer`, or a model that is neither `Sequential` nor a `Graph`: such models
  ///   are saved with `saveWeights(to:)`; `FormatError`; `DeviceError`.
  public func save(to path: String, information: ModelInformation = ModelInformation()) throws {
    try Safetensors.saveChecked(storedWeights(), metadata: ModelFile.metadata(of: self, information), to: path)
  }
}

extension Sequential {
  /// Makes a model from a file that `save(to:)` wrote, or from a checkpoint of `Sequential`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - device: where the parameters will be.
  ///   - custom: layers of your own that the model contains.
  ///   - activations: activation functions of your own that its layers have.
  /// - Throws: `FormatError` if the file is damaged, holds no architecture, or names an unknown layer; `DeviceError`.
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
  /// Makes a graph from a file that `save(to:)` wrote, or from a checkpoint of a `Graph`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - device: where the parameters will be.
  ///   - custom: layers of your own that the graph contains.
  ///   - activations: activation functions of your own that its layers have.
  /// - Throws: `FormatError` if the file is damaged, holds no graph, or names an unknown layer; `DeviceError`.
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
  /// What a file that `Model.save` wrote holds beside the model; empty for a file of weights alone.
  ///
  /// - Throws: `FormatError`.
  public static func load(from path: String) throws -> ModelInformation {
    try ModelFile.information(Safetensors(path))
  }
}

extension Architecture {
  /// Reads an architecture from a JSON file, as `save(to:)` writes it and as people do by hand.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - custom: layers of your own that it may name.
  ///   - activations: activation functions of your own that it may name.
  /// - Throws: `FormatError`, with the line and the column of what is no JSON, and the path to what makes no sense.
  public static func load(
    from path: String, custom: [any ConfigurableLayer.Type] = [], activations: [ActivationFunction] = []
  ) throws -> Architecture {
    let bytes = try withFileErrors { () throws(FileError) in try FileReader.read(path, limit: 64 << 20) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FormatError.malformed(path: path, reason: "it is not UTF-8 text")
    }
    return try ModelFile.decode(text, "the architecture", path, custom, activations)
  }

  /// Writes the architecture as JSON that people can read and change.
  ///
  /// - Throws: `FormatError`.
  public func save(to path: String) throws {
    let text = try JSONValue(encoding: self).text(pretty: true) + "\n"
    try withFileErrors { () throws(FileError) in try FileWriter.write(Array(text.utf8), to: path) }
  }
}
