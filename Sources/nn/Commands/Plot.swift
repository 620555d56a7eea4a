import ArgumentParser
import CommandSupport
import ModelFormats
import NeuralNetworks
import Pictures

/// `nn plot`.
struct Plot: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws trainings, models and what models say, as SVG.",
    discussion: """
      nn plot run.jsonl --out curves.svg
      nn plot digits.safetensors --out model.svg
      nn plot architecture.json --input-shape 28,28 --out model.dot
      nn plot confusion --model digits.safetensors --dataset mnist --data data/mnist --out confusion.svg
      nn plot mistakes --model digits.safetensors --dataset mnist --data data/mnist --out mistakes.png
      nn plot weights --model digits.safetensors > weights.svg
      nn plot boundary --model moons.safetensors --dataset moons --out boundary.svg

      A file comes first, or one of the names below.
      """,
    subcommands: [PlotFile.self, PlotConfusion.self, PlotWeights.self, PlotMistakes.self, PlotBoundary.self],
    defaultSubcommand: PlotFile.self)
}

/// `nn plot FILE`.
struct PlotFile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "file", abstract: "The curves of a training's log, or a model as a graph. (default)",
    discussion: """
      nn plot run.jsonl --out curves.svg
      nn plot digits.safetensors --out model.svg

      A log has one JSON object a line: {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "validation_loss": 0.6}. A graph can be \
      written as .dot, too.
      """)

  @Argument(
    help: ArgumentHelp(
      "A log (.jsonl), a model (.safetensors) or an architecture (.json).", valueName: "file"))
  var file: String

  @Option(
    help: ArgumentHelp(
      "The shape of one input, for an architecture that does not say it.", valueName: "extents"),
    transform: Extents.init(word:))
  var inputShape: Extents?

  @Option(help: ArgumentHelp("What stands above the curves.", valueName: "text"))
  var title = ""

  @OptionGroup var picture: PictureOptions

  func run() throws {
    if [".safetensors", ".json"].contains(where: file.hasSuffix) {
      let model = try ModelSource.load(file)
      let drawn = try ModelPicture(model, inputShape: model.inputShapes.isEmpty ? inputShape?.extents : nil)
      try picture.write(.init(svg: { drawn.svg }, dot: { drawn.dot }))
    } else if [".jsonl", ".ndjson", ".log"].contains(where: file.hasSuffix) {
      let history = try History.load(fromLog: file)
      guard !history.epochs.isEmpty else { throw Failure("\(file): there is no epoch in it") }
      try picture.write(.init(svg: { HistoryPicture(history, title: title).svg }))
    } else {
      throw Failure.usage(
        "plot \(file): expected a file that ends with .jsonl, .safetensors or .json, or one of confusion, weights, "
          + "mistakes, boundary")
    }
  }
}

/// A model and the examples that it is shown.
struct TestedModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A model that 'nn train --save' wrote.", valueName: "file.safetensors"))
  var model: String

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Device") var device: DeviceOptions

  func test() throws -> TestedModel { try TestedModel(model, data, on: device.resolve().device) }
}

/// `nn plot confusion`.
struct PlotConfusion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confusion", abstract: "Which classes a model takes for which.",
    discussion: "nn plot confusion --model digits.safetensors --dataset mnist --data data/mnist --out confusion.svg")

  @OptionGroup var tested: TestedModelOptions
  @OptionGroup var picture: PictureOptions

  func run() throws {
    let confusion = try tested.test().confusion
    try picture.write(.init(svg: { confusion.svg }))
  }
}

/// `nn plot weights`.
struct PlotWeights: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights", abstract: "What each unit or filter of a model's first layer looks for; also as .png.",
    discussion: "nn plot weights --model digits.safetensors --count 32 --out weights.png")

  @Option(help: ArgumentHelp("A model that 'nn train --save' wrote.", valueName: "file.safetensors"))
  var model: String

  @OptionGroup var limit: CountOptions
  @OptionGroup var picture: PictureOptions

  func run() throws {
    let sheet = try WeightSheet(Sequential.load(from: model), limit: limit.count).sheet
    try picture.write(.init(svg: { sheet.svg }, png: { sheet.bitmap.png }))
  }
}

/// `nn plot mistakes`.
struct PlotMistakes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mistakes", abstract: "The pictures that a model takes for something else; also as .png.",
    discussion: "nn plot mistakes --model digits.safetensors --dataset mnist --data data/mnist --out mistakes.svg")

  @OptionGroup var tested: TestedModelOptions
  @OptionGroup var limit: CountOptions
  @OptionGroup var picture: PictureOptions

  func run() throws {
    let sheet = try tested.test().mistakeSheet(limit: limit.count)
    try picture.write(.init(svg: { sheet.svg }, png: { sheet.bitmap.png }))
  }
}

/// `nn plot boundary`.
struct PlotBoundary: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boundary", abstract: "Which class a model takes each place of the plane for.",
    discussion: "nn plot boundary --model moons.safetensors --dataset moons --out boundary.svg")

  @OptionGroup var tested: TestedModelOptions
  @OptionGroup var picture: PictureOptions

  func run() throws {
    let svg = try tested.test().boundary()
    try picture.write(.init(svg: { svg }))
  }
}

/// How many pictures a sheet has.
struct CountOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many are drawn at most.", valueName: "count"))
  var count = 64

  func validate() throws {
    guard (1...1024).contains(count) else { throw ValidationError("--count \(count): expected 1 to 1024") }
  }
}
