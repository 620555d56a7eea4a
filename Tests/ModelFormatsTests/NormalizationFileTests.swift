import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

/// A model that scales its inputs and outputs itself takes raw numbers wherever it is loaded.
@Suite struct NormalizationFileTests {
  @Test func theStatisticsAreInTheFile() throws {
    let folder = try TemporaryFolder()
    let raw = Tensor([10, 0.1, 20, 0.3, 60, 0.2], shape: [3, 2]), targets = Tensor([100, 200, 600], shape: [3, 1])
    let (input, output) = (Normalization(), Normalization(axis: nil, isInverted: true))
    try input.adapt(to: raw)
    try output.adapt(to: targets)
    let model = Sequential(inputShape: [2]) {
      input
      Dense(1, initializer: .ones)
      output
    }
    try model.build(inputShape: [2], seed: 1)
    let path = folder("model.safetensors")
    let training = TrainingInformation(
      command: "nn train", seed: "18446744073709551615", optimizer: "adam", learningRate: 0.001, epochs: 5,
      batchSize: 32)
    try model.save(to: path, information: ModelInformation(task: .regression, training: training))
    let loaded = try Sequential.load(from: path)
    // NumPy: ((x - x.mean(0))/x.std(0)).sum(1)*t.std() + t.mean()
    let expected = [-164.5751, 464.5751, 600]
    for (found, expected) in zip(try loaded.predict(raw).scalars(as: Double.self), expected) {
      #expect(abs(found - expected) < 1e-2, "\(found), expected \(expected)")
    }
    #expect(
      try Safetensors(path).names.sorted() == [
        "0.mean", "0.standardDeviation", "1.bias", "1.weight", "2.mean", "2.standardDeviation",
      ])
    let information = try ModelInformation.load(from: path)
    #expect(information.task == .regression && information.training == training && information.inputScaling == nil)
  }

  @Test func settingsAreWrittenWhereTheyAreNotUsual() throws {
    for (layer, text) in [
      (Normalization(), "{\"layer\":\"Normalization\"}"),
      (Normalization(axis: nil, isInverted: true), "{\"layer\":\"Normalization\",\"axis\":null,\"isInverted\":true}"),
      (Normalization(axis: 1), "{\"layer\":\"Normalization\",\"axis\":1}"),
    ] {
      let written = try JSONValue(encoding: Architecture(of: Sequential([layer]))).text()
      #expect(written == "{\"layers\":[\(text)]}")
      let read: Architecture = try JSONValue(parsing: written).decode()
      let again = try #require(Sequential(architecture: read)[0] as? Normalization)
      #expect(again.axis == layer.axis && again.isInverted == layer.isInverted)
    }
  }

  /// The contents of a file of version 0.1: no task, no training, the scaling next to the model.
  @Test func informationOfVersion01IsRead() throws {
    let folder = try TemporaryFolder()
    let model = Sequential(inputShape: [2]) { Dense(2) }
    try model.build(inputShape: [2])
    let path = folder("old.safetensors")
    let text = "{\"inputScaling\":{\"shift\":[1,2],\"factor\":[3,4]},\"classNames\":[\"a\",\"b\"]}"
    try model.saveWeights(
      to: path,
      metadata: [
        "format": "swift-nn model 1", "information": text,
        "architecture": "{\"inputShape\":[2],\"layers\":[{\"layer\":\"Dense\",\"units\":2}]}",
      ])
    #expect(
      try ModelInformation.load(from: path)
        == ModelInformation(inputScaling: InputScaling(shift: [1, 2], factor: [3, 4]), classNames: ["a", "b"]))
    #expect(try Sequential.load(from: path).inputShapes == [[2]])
  }

  @Test func graphsAreDescribedInFiles() throws {
    let folder = try TemporaryFolder()
    let image = Node.input([4])
    let graph = Graph(inputs: ["image": image], outputs: ["kind": Dense(3)(Dense(2, activation: .relu)(image))])
    let path = folder("graph.json")
    try GraphArchitecture(of: graph).save(to: path)
    #expect(try Graph(architecture: .load(from: path)).summary().parameterCount == graph.summary().parameterCount)
    #expect(throws: FormatError.self) { try GraphArchitecture.load(from: folder("missing.json")) }
  }
}
