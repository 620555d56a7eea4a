import ModelFormats
import NeuralNetworks

extension FuzzReader {
  /// A hand-written description, and the model that it describes.
  static let architecture = FuzzReader("architecture") { path in
    let architecture = try Architecture.load(from: path)
    let text = try JSONValue(encoding: architecture).text()
    try architecture.save(to: path)
    require(try JSONValue(encoding: Architecture.load(from: path)).text() == text, "architecture: another came back")
    let model = Sequential(architecture: architecture)
    _ = try model.summary(inputShape: architecture.inputShape ?? [4])
  }
}
