import ArgumentParser
import CommandSupport
import ModelFormats
import NeuralNetworks

/// `nn summary`.
struct Summarize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary", abstract: "Shows the layers of a model, their output shapes and parameter counts.",
    discussion: """
      nn summary --hidden 256,128 --input-shape 784
      nn summary --model digits.safetensors --json
      nn summary --model architecture.json
      """)

  @Option(
    help: ArgumentHelp("A model file (.safetensors), or an architecture (.json).", valueName: "file"),
    completion: Completions.described)
  var model: String?

  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(
    help: ArgumentHelp("The shape of one input, as in 784. (default: 28,28)", valueName: "extents"),
    transform: Extents.init(word:))
  var inputShape = Extents(extents: [28, 28])

  @Option(help: ArgumentHelp("The number of classes.", valueName: "count"))
  var classes = 10

  @Flag(help: "Print one JSON object: layers, parameters.")
  var json = false

  func validate() throws {
    guard classes >= 1 else { throw ValidationError("--classes \(classes): expected at least 1") }
    try network.check(withModel: model)
  }

  func run() throws {
    let summary = try ModelSource.naming(model) {
      let model = try makeModel()
      return try model.summary(inputShape: model.inputShapes.isEmpty ? inputShape.extents : nil)
    }
    if json { try Console.output(summary.json) } else { Console.output(text: summary.description) }
  }

  private func makeModel() throws -> Model {
    guard let model else { return network.makeModel(inputShape: inputShape.extents, outputs: classes) }
    return try ModelSource.load(model)
  }
}

extension Summary {
  /// `{"layers": [{"name", "layer", "activation", "outputShape", "parameters", "from"}], "parameters"}`; "from"
  /// contains the inputs of a graph layer.
  fileprivate var json: JSONValue {
    let layers = rows.map { row -> JSONValue in
      [
        "name": .string(row.name), "layer": .string(row.layer), "activation": JSONValue(row.activation),
        "outputShape": row.outputShape.map { .array($0.map(JSONValue.integer)) } ?? .null,
        "parameters": .integer(row.parameterCount), "from": .array(row.connections.map(JSONValue.string)),
      ]
    }
    return ["layers": .array(layers), "parameters": .integer(parameterCount)]
  }
}
