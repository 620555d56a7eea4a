import CommandSupport
import ModelFormats
import NeuralNetworks

/// A file that a model is described by.
enum ModelSource {
  /// The model of a `.json` file, whose parameters have no values, or of a `.safetensors` file.
  static func load(_ path: String) throws -> Sequential {
    path.hasSuffix(".json") ? Sequential(architecture: try .load(from: path)) : try .load(from: path)
  }
}
