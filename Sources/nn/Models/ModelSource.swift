import CommandSupport
import Files
import ModelFormats
import NeuralNetworks

/// A file that describes a model.
enum ModelSource {
  /// The model of a `.json` file, whose parameters have no values, or of a `.safetensors` file: a chain of layers or a
  /// graph.
  static func load(_ path: String, on device: Device = .cpu) throws -> Model {
    if path.hasSuffix(".json") {
      return try isGraph(json: path)
        ? Graph(architecture: try .load(from: path)) : Sequential(architecture: try .load(from: path))
    }
    return try Safetensors(path).metadata["graph"] == nil
      ? Sequential.load(from: path, on: device) : Graph.load(from: path, on: device)
  }

  /// Whether the file describes a graph, which has nodes.
  private static func isGraph(json path: String) throws -> Bool {
    // Errors in the file are reported when it is read as an architecture.
    guard let bytes = try? FileReader.read(path, limit: 64 << 20) else { return false }
    return (try? JSONValue(parsing: bytes))?["nodes"] != nil
  }

  /// Runs `body` with the model of a file. Errors of the model then name the file.
  static func naming<Value>(_ path: String?, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as ModelError {
      throw Failure(path.map { "\($0): \(error)" } ?? "\(error)")
    }
  }
}
