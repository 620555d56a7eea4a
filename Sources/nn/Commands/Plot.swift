import ArgumentParser
import CommandSupport
import HostSystem
import ModelFormats
import NeuralNetworks
import Pictures

/// `nn plot`.
struct Plot: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws training curves, models, and predictions as SVG.",
    discussion: """
      nn plot run.jsonl --out curves.svg
      nn plot digits.safetensors --out model.svg
      nn plot architecture.json --input-shape 28,28 --out model.dot
      nn plot confusion --model digits.safetensors \\
        --dataset mnist --data data/mnist --out confusion.svg
      nn plot mistakes --model digits.safetensors \\
        --dataset mnist --data data/mnist --out mistakes.png
      nn plot weights --model digits.safetensors > weights.svg
      nn plot boundary --model moons.safetensors --dataset moons --out boundary.svg

      The first argument is a file, or one of the names below. Each takes:

      -o, --out <file>        The file to write, in the format of its extension:
                              .svg, and .dot or .png where possible. By default
                              SVG goes to standard output.

      See also 'nn plot file --help' and 'nn plot confusion --help'.
      """,
    subcommands: [PlotFile.self, PlotConfusion.self, PlotWeights.self, PlotMistakes.self, PlotBoundary.self],
    defaultSubcommand: PlotFile.self)
}

/// A command that draws a picture.
protocol PictureCommand: FileCommand {
  var picture: PictureOptions { get }
  /// Adds the files that are read.
  func addFiles(to files: inout NamedFiles)
}

extension PictureCommand {
  var files: NamedFiles {
    var files = NamedFiles()
    addFiles(to: &files)
    files.writes(picture.out, "--out")
    return files
  }
}

/// A command that draws a model's predictions for examples.
protocol TestCommand: PictureCommand {
  var tested: TestedModelOptions { get }
}

extension TestCommand {
  func addFiles(to files: inout NamedFiles) { tested.addFiles(to: &files) }
}

/// `nn plot FILE`.
struct PlotFile: PictureCommand {
  static let configuration = CommandConfiguration(
    commandName: "file", abstract: "The curves of a training's log, or a model as a graph. (default)",
    discussion: """
      nn plot run.jsonl --out curves.svg
      nn plot digits.safetensors --out model.svg

      A log has one JSON object per line: {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "validation_loss": 0.6}. A graph can also \
      be written as .dot.
      """)

  @Argument(
    help: ArgumentHelp(
      "A log (.jsonl), a model (.safetensors) or an architecture (.json).", valueName: "file"),
    completion: Completions.plotted)
  var file: String

  @Option(
    help: ArgumentHelp(
      "The shape of one input, for an architecture without one.", valueName: "extents"),
    transform: Extents.init(word:))
  var inputShape: Extents?

  @Option(help: ArgumentHelp("The title above the curves.", valueName: "text"))
  var title = ""

  @OptionGroup var picture: PictureOptions

  func addFiles(to files: inout NamedFiles) { files.reads(file, "the picture's source") }

  func run() throws {
    // A PyTorch or GGUF file is rejected with advice.
    if [".safetensors", ".json", ".pt", ".pth", ".gguf"].contains(where: file.hasSuffix) {
      let model = try ModelSource.load(file)
      if model.inputShapes.isEmpty && inputShape == nil {
        throw Failure.usage("\(file): expected --input-shape, because the file has none")
      }
      let drawn = try ModelSource.naming(file) {
        try ModelPicture(model, inputShape: model.inputShapes.isEmpty ? inputShape?.extents : nil)
      }
      try picture.write(.init(svg: { drawn.svg }, dot: { drawn.dot }))
    } else if [".jsonl", ".ndjson", ".log"].contains(where: file.hasSuffix) {
      let history = try History.load(fromLog: file)
      guard !history.epochs.isEmpty else { throw Failure("\(file): it contains no epochs") }
      try picture.write(.init(svg: { try HistoryPicture(history, title: title).svg(ofLog: file) }))
    } else {
      throw Failure.usage(
        "plot \(file): expected a file that ends with .jsonl, .safetensors or .json, or one of confusion, weights, "
          + "mistakes, boundary")
    }
  }
}

extension HistoryPicture {
  /// The picture, if there is memory for it: a log can have any number of names, each with a chart.
  func svg(ofLog path: String) throws -> String {
    do { try HostMemory.check(memory) } catch { throw Failure("\(path): \(error)") }
    return svg
  }
}

/// A model and the examples to test it with.
struct TestedModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A model that was saved by 'nn train --save'.", valueName: "file.safetensors"),
    completion: Completions.models)
  var model: String

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Device") var device: DeviceOptions

  func addFiles(to files: inout NamedFiles) {
    files.reads(model, "--model")
    data.addFiles(to: &files)
  }

  func test() throws -> TestedModel { try TestedModel(SavedModel.load(model, on: device.resolve().device), data) }
}

/// `nn plot confusion`.
struct PlotConfusion: TestCommand {
  static let configuration = CommandConfiguration(
    commandName: "confusion", abstract: "The actual and the predicted classes of the test examples.",
    discussion: """
      nn plot confusion --model digits.safetensors \\
        --dataset mnist --data data/mnist --out confusion.svg
      """)

  @OptionGroup var tested: TestedModelOptions
  @OptionGroup var picture: PictureOptions

  func run() throws {
    let confusion = try tested.test().confusion
    try picture.write(.init(svg: { confusion.svg }))
  }
}

/// `nn plot weights`.
struct PlotWeights: PictureCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights", abstract: "The weights of the units or filters of a model's first layer; also as .png.",
    discussion: "nn plot weights --model digits.safetensors --count 32 --out weights.png")

  @Option(
    help: ArgumentHelp("A model that was saved by 'nn train --save'.", valueName: "file.safetensors"),
    completion: Completions.models)
  var model: String

  @OptionGroup var limit: CountOptions
  @OptionGroup var picture: PictureOptions

  func addFiles(to files: inout NamedFiles) { files.reads(model, "--model") }

  func run() throws {
    let sheet = try WeightSheet(ModelSource.load(model), limit: limit.count).sheet
    try picture.write(.init(svg: { sheet.svg }, png: { sheet.bitmap.png }))
  }
}

/// `nn plot mistakes`.
struct PlotMistakes: TestCommand {
  static let configuration = CommandConfiguration(
    commandName: "mistakes", abstract: "The test images that a model predicts wrongly; also as .png.",
    discussion: """
      nn plot mistakes --model digits.safetensors \\
        --dataset mnist --data data/mnist --out mistakes.svg
      """)

  @OptionGroup var tested: TestedModelOptions
  @OptionGroup var limit: CountOptions
  @OptionGroup var picture: PictureOptions

  func run() throws {
    let sheet = try tested.test().mistakeSheet(limit: limit.count)
    try picture.write(.init(svg: { sheet.svg }, png: { sheet.bitmap.png }))
  }
}

/// `nn plot boundary`.
struct PlotBoundary: TestCommand {
  static let configuration = CommandConfiguration(
    commandName: "boundary", abstract: "The class that a model predicts at each point of the plane.",
    discussion: "nn plot boundary --model moons.safetensors --dataset moons --out boundary.svg")

  @OptionGroup var tested: TestedModelOptions
  @OptionGroup var picture: PictureOptions

  func run() throws {
    let svg = try tested.test().boundary()
    try picture.write(.init(svg: { svg }))
  }
}

/// The number of images on a sheet.
struct CountOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The maximum number of images.", valueName: "count"))
  var count = 64

  func validate() throws {
    guard (1...1024).contains(count) else { throw ValidationError("--count \(count): expected 1 to 1024") }
  }
}
