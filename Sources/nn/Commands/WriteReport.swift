import ArgumentParser
import CommandSupport
import ModelFormats
import NeuralNetworks
import Pictures

/// `nn report`.
struct WriteReport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes one HTML page on a training, with all pictures in it.",
    discussion: """
      nn report --model digits.safetensors --history run.jsonl --dataset mnist --data data/mnist --out run.html

      The page has the curves of the training (with --history), the model as a graph, and for the test examples of the data \
      set the confusion matrix, precision and recall of each class, what was taken for something else, and, for inputs of \
      two numbers, the decision boundary. It is one file that fetches nothing.
      """)

  @OptionGroup var tested: TestedModelOptions

  @Option(help: ArgumentHelp("The log of the training, a JSON object a line.", valueName: "file.jsonl"))
  var history: String?

  @Option(help: ArgumentHelp("What stands above. (default: the name of the model's file)", valueName: "text"))
  var title: String?

  @Option(name: [.long, .customShort("o")], help: ArgumentHelp("The file to write.", valueName: "file.html"))
  var out: String

  func run() throws {
    guard out.hasSuffix(".html") else {
      throw Failure.usage("--out \(out): expected a file that ends with .html")
    }
    let log = try history.map { try History.load(fromLog: $0) }
    let device = try tested.device.resolve()
    let model = try TestedModel(tested.model, tested.data, on: device.device)
    var page = RunPage(title ?? String(tested.model.split(separator: "/").last ?? ""))
    page.add("Run", facts: try facts(model, log, device))
    if let log { page.add("Curves", svg: HistoryPicture(log).svg) }
    page.add("Model", svg: try ModelPicture(model.saved.model).svg)
    page.add(
      "Confusion", svg: model.confusion.svg, note: "Rows are what examples are, columns what they were taken for.")
    page.add("Classes", header: ["class", "examples", "precision", "recall", "F1"], rows: classes(model))
    if model.hasPlane { page.add("Boundary", svg: try model.boundary()) }
    if model.hasImages, !model.mistakes.isEmpty {
      page.add("Mistakes", svg: try model.mistakeSheet(limit: 32).svg)
    }
    if let weights = try? WeightSheet(model.saved.model, limit: 32).sheet.svg {
      page.add("First weights", svg: weights, note: "Orange is above zero, blue below.")
    }
    try OutputFile.write(Array(page.html.utf8), to: out)
  }

  private func facts(_ model: TestedModel, _ log: History?, _ device: ResolvedDevice) throws -> [(String, String)] {
    let summary = try model.saved.model.summary()
    var facts = [
      ("model", tested.model), ("parameters", "\(summary.parameterCount)"),
      (
        "data", "\(model.examples.source), \(model.labels.count) test examples, \(model.saved.classNames.count) classes"
      ),
      ("test accuracy", "\((model.confusion.accuracy * 100).fixed(2)) %"), ("tested on", device.text),
    ]
    guard let log else { return facts }
    facts.append(("epochs", "\(log.epochs.count)"))
    let seconds = log.epochs.reduce(0) { $0 + $1.seconds }
    if seconds > 0 { facts.append(("training", "\(seconds.fixed(1)) s")) }
    return facts
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
