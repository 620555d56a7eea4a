import ArgumentParser
import CommandSupport
import ModelFormats
import NeuralNetworks
import Pictures

/// `nn report`.
struct WriteReport: FileCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes an HTML report on a training run, with all pictures included.",
    discussion: """
      nn report --model digits.safetensors --history run.jsonl \\
        --dataset mnist --data data/mnist --out run.html

      The page shows how the model was trained and its graph; with --history also the training time and the training curves. \
      For classes it shows the confusion matrix of the test examples, precision and recall of each class, wrong predictions, \
      and, for inputs of two numbers, the decision boundary; for values the errors, and a chart of predictions and actual \
      values. It is a single file that loads nothing from elsewhere.
      """)

  @OptionGroup var tested: TestedModelOptions

  @Option(
    help: ArgumentHelp("The log of the training, with one JSON object per line.", valueName: "file.jsonl"),
    completion: .file(extensions: ["jsonl"]))
  var history: String?

  @Option(help: ArgumentHelp("The title of the page. (default: the name of the model's file)", valueName: "text"))
  var title: String?

  @Option(
    name: [.long, .customShort("o")], help: ArgumentHelp("The file to write.", valueName: "file.html"),
    completion: .file(extensions: ["html"]))
  var out: String

  var files: NamedFiles {
    var files = NamedFiles()
    tested.addFiles(to: &files)
    files.reads(history, "--history")
    files.writes(out, "--out")
    return files
  }

  func run() throws {
    guard out.hasSuffix(".html") else {
      throw Failure.usage("--out \(out): expected a file that ends with .html")
    }
    let log = try history.map { try History.load(fromLog: $0) }
    let device = try tested.device.resolve()
    let saved = try SavedModel.load(tested.model, on: device.device)
    var page = RunPage(title ?? String(tested.model.split(separator: "/").last ?? ""))
    switch saved.task {
    case .classification:
      let model = try TestedModel(saved, tested.data)
      let accuracy = "\((model.confusion.accuracy * 100).fixed(2)) %"
      try addRun(saved, model.examples, [("test accuracy", accuracy)], log, device, to: &page)
      try add(model, to: &page)
    case .regression:
      let model = try TestedValues(saved, tested.data)
      let errors = model.errors.facts.map { ("test \($0.name)", $0.value) }
      try addRun(saved, model.examples, errors, log, device, to: &page)
      page.add("Predictions", svg: model.picture.svg)
    }
    if let weights = try? WeightSheet(saved.model, limit: 32).sheet.svg {
      page.add("First weights", svg: weights, note: "Orange is above zero, blue below.")
    }
    try OutputFile.write(Array(page.html.utf8), to: out)
  }

  /// The training settings, the results, the curves, and the layers.
  private func addRun(
    _ saved: SavedModel, _ examples: Examples, _ scores: [(String, String)], _ log: History?, _ device: ResolvedDevice,
    to page: inout RunPage
  ) throws {
    let classes = saved.task == .classification ? ", \(saved.classNames.count) classes" : ""
    var facts = [
      ("model", tested.model), ("parameters", "\(try saved.model.summary().parameterCount)"),
      ("data", "\(examples.source), \(examples.test.count) test examples\(classes)"),
    ]
    facts += scores
    facts.append(("tested on", device.text))
    page.add("Run", facts: facts + training(saved, log))
    if let log, let history { page.add("Curves", svg: try HistoryPicture(log).svg(ofLog: history)) }
    page.add("Model", svg: try ModelPicture(saved.model).svg)
  }

  /// The training settings, as far as they are known from the model's file and the log.
  private func training(_ saved: SavedModel, _ log: History?) -> [(String, String)] {
    var facts: [(String, String)] = []
    if let training = saved.training {
      facts += [
        ("command", training.command), ("seed", training.seed), ("optimizer", training.optimizer),
        ("learning rate", "\(training.learningRate)"), ("batch size", "\(training.batchSize)"),
      ]
    }
    if let epochs = log?.epochs.count ?? saved.training?.epochs { facts.append(("epochs", "\(epochs)")) }
    let seconds = log?.epochs.reduce(0) { $0 + $1.seconds } ?? 0
    if seconds > 0 { facts.append(("training time", "\(seconds.fixed(1)) s")) }
    if let date = DateText.ofFile(tested.model) { facts.append(("model saved", date)) }
    facts.append(("report written", DateText.now))
    return facts
  }

  private func add(_ model: TestedModel, to page: inout RunPage) throws {
    page.add(
      "Confusion", svg: model.confusion.svg, note: "Rows are the actual classes, columns the predicted ones.")
    page.add("Classes", header: ["class", "examples", "precision", "recall", "F1"], rows: classes(model))
    if model.hasPlane { page.add("Boundary", svg: try model.boundary()) }
    if model.hasImages, !model.mistakes.isEmpty {
      page.add("Mistakes", svg: try model.mistakeSheet(limit: 32).svg)
    }
  }

  private func classes(_ model: TestedModel) -> [[String]] {
    let confusion = model.confusion
    func text(_ part: Double?) -> String { part.map { $0.fixed(3) } ?? "–" }
    return confusion.classNames.indices.map { index in
      let (precision, recall) = (confusion.precision(index), confusion.recall(index))
      let f1 = precision.flatMap { p in recall.map { r in p + r > 0 ? 2 * p * r / (p + r) : 0 } }
      return [
        confusion.classNames[index], "\(Int(confusion.counts[index].reduce(0, +)))", text(precision), text(recall),
        text(f1),
      ]
    }
  }
}
