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

  @Option(help: ArgumentHelp("A model file (.safetensors), or an architecture (.json).", valueName: "file"))
  var model: String?

  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(
    help: ArgumentHelp("The shape of one input, as in 784. (default: 28,28)", valueName: "extents"),
    transform: Extents.init(word:))
  var inputShape = Extents(extents: [28, 28])

  @Option(help: ArgumentHelp("How many classes there are.", valueName: "count"))
  var classes = 10

  @Flag(help: "Print one JSON object: layers, parameters.")
  var json = false

  func validate() throws {
    guard classes >= 1 else { throw ValidationError("--classes \(classes): expected at least 1") }
    try network.check(besideModel: model)
  }

  func run() throws {
    let model = try makeModel()
    let summary = try model.summary(inputShape: model.inputShapes.isEmpty ? inputShape.extents : nil)
    if json { try Console.output(summary.json) } else { Console.output(summary.description) }
  }

  private func makeModel() throws -> Sequential {
    guard let model else { return network.makeModel(inputShape: inputShape.extents, classes: classes) }
    return try ModelSource.load(model)
  }
}

extension Summary {
  /// `{"layers": [{"name", "layer", "outputShape", "parameters"}], "parameters"}`.
  fileprivate var json: JSONValue {
    let layers = rows.map { row -> JSONValue in
      [
        "name": .string(row.name), "layer": .string(row.layer),
        "outputShape": row.outputShape.map { .array($0.map(JSONValue.integer)) } ?? .null,
        "parameters": .integer(row.parameterCount),
      ]
    }
    return ["layers": .array(layers), "parameters": .integer(parameterCount)]
  }
}
