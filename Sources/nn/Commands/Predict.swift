import ArgumentParser
import CommandSupport
import Datasets
import HostSystem
import ModelFormats
import NeuralNetworks

/// `nn predict`.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predicts the classes or values of examples with a trained model.",
    discussion: """
      The examples are test examples of a data set, or those of a file: a CSV file of features, IDX images, a picture, or \
      a text.

      nn predict --model digits.safetensors --dataset mnist --data data/mnist \\
        --examples 0,7,100-104
      nn predict --model iris.safetensors --input flowers.csv --json
      nn predict --model pets.safetensors --input cat.jpg

      echo "What a lovely film!" | nn predict --model reviews.safetensors --input -
      """)

  @Option(
    help: ArgumentHelp("A model that was saved by 'nn train --save'.", valueName: "file.safetensors"),
    completion: Completions.models)
  var model: String

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(
    help: ArgumentHelp(
      "Predict for the examples of this file (.csv or IDX, also gzipped, .png, or .jpg; a text, for a model of texts, where - is standard input), which has no labels.",
      valueName: "file"),
    completion: .file())
  var input: String?

  @Option(
    help: ArgumentHelp(
      "Which examples, from 0, as in 0,7,100-104 (default: the first five; with --input all).", valueName: "positions"),
    transform: Positions.init(word:))
  var examples: Positions?

  @OptionGroup(title: "Device") var device: DeviceOptions

  @Flag(help: "Print one JSON object: device, classes, predictions; for values device, task, predictions.")
  var json = false

  func run() throws {
    let device = try self.device.resolve()
    let saved = try SavedModel.load(model, on: device.device)
    let source = try input.map { try unlabeled($0, saved) } ?? labeled(saved)
    let chosen = try choose(source)
    let answers = try answers(chosen, source, saved)
    switch saved.task {
    case .classification: try sayClasses(answers, chosen, source, saved, on: device)
    case .regression: try sayValues(answers, chosen, source, on: device)
    }
  }

  private func sayClasses(
    _ probabilities: [Float], _ chosen: Choice, _ source: Source, _ saved: SavedModel, on device: ResolvedDevice
  ) throws {
    let labels = try source.targets?.scalars(as: Int32.self)
    let predictions = (0..<chosen.count).lazy.map { row -> Prediction in
      let classes = saved.classNames.count, index = chosen[row]
      return Prediction(
        index: index, probabilities: Array(probabilities[row * classes..<(row + 1) * classes]),
        label: labels.map { Int($0[index]) })
    }
    guard json else { return try show(predictions, source, saved) }
    let head: JSONValue = ["device": device.json, "classes": .array(saved.classNames.map { .string($0) })]
    try Console.output(joining: report(head, predictions.map { $0.json(saved.classNames) }))
  }

  private func sayValues(
    _ values: [Float], _ chosen: Choice, _ source: Source, on device: ResolvedDevice
  ) throws {
    let labels = try source.targets?.scalars()
    let predictions = (0..<chosen.count).lazy.map { row -> ValuePrediction in
      ValuePrediction(index: chosen[row], value: values[row], label: labels?[chosen[row]])
    }
    if json {
      let head: JSONValue = ["device": device.json, "task": .string(LearningTask.regression.rawValue)]
      return try Console.output(joining: report(head, predictions.map(\.json)))
    }
    for prediction in predictions { Console.output(prediction.text) }
    guard let labels, chosen.count > 1 else { return }
    let known = (0..<chosen.count).map { labels[chosen[$0]] }
    let errors = RegressionErrors(predicted: values, actual: known)
    Console.output("of these \(known.count): \(errors.text)")
  }

  /// The inputs, and the classes or values if they are known.
  private struct Source {
    let inputs: InputRows
    /// The scaling to apply to the inputs.
    let scaling: InputScaling
    let targets: Tensor?
    let name: String

    /// Some of the examples, scaled for the model.
    func rows(_ indices: [Int]) throws -> Tensor { scaling.applied(to: try inputs.rows(indices)) }
  }

  /// The examples to predict.
  private struct Choice {
    let positions: [Int]?
    let count: Int
    subscript(row: Int) -> Int { positions.map { $0[row] } ?? row }
  }

  /// The class probabilities or the value of each example, in order. Inputs are scaled in batches, because a file may
  /// be large.
  private func answers(_ chosen: Choice, _ source: Source, _ saved: SavedModel) throws -> [Float] {
    let width = max(saved.classNames.count, 1), part = 1024
    do { try HostMemory.check(chosen.count, of: 4 * width) } catch { throw Failure("\(source.name): \(error)") }
    var all: [Float] = []
    all.reserveCapacity(chosen.count * width)
    for start in stride(from: 0, to: chosen.count, by: part) {
      let rows = try source.rows((start..<min(start + part, chosen.count)).map { chosen[$0] })
      switch saved.task {
      case .classification: all += try saved.model.probabilities(of: rows).joined()
      case .regression: all += try saved.model.values(of: rows)
      }
    }
    if let place = all.firstIndex(where: { !$0.isFinite }) {
      throw Failure("\(source.name): the prediction for example \(chosen[place / width]) is not finite")
    }
    return all
  }

  private func labeled(_ saved: SavedModel) throws -> Source {
    let examples = try data.load(.test, for: saved).prepared(for: saved, file: model)
    return Source(
      inputs: .tensor(examples.test.inputs), scaling: .none, targets: examples.test.targets, name: examples.source)
  }

  private func unlabeled(_ path: String, _ saved: SavedModel) throws -> Source {
    try data.columns.checkUnused(with: model)
    let raw = try InputFile(path).read(header: data.header.isThere, for: saved)
    guard raw.shape[0] > 0 else { throw Failure("\(path): expected at least one example, found none") }
    try saved.check(inputShape: Array(raw.shape.dropFirst()), of: path)
    return Source(inputs: raw, scaling: saved.scaling, targets: nil, name: path)
  }

  private func choose(_ source: Source) throws -> Choice {
    let count = source.inputs.shape[0]
    if let bad = examples?.positions.first(where: { $0 >= count }) {
      throw Failure.usage("--examples \(bad): \(source.name) has examples 0 to \(count - 1)")
    }
    if let positions = examples?.positions { return Choice(positions: positions, count: positions.count) }
    return Choice(positions: nil, count: input == nil ? min(5, count) : count)
  }

  /// Returns one JSON object in pieces.
  private func report(_ head: JSONValue, _ predictions: some Sequence<JSONValue>) throws
    -> some Sequence<Result<String, any Error>>
  {
    let begin = try String(head.text().dropLast()) + ",\"predictions\":["
    let pieces = predictions.enumerated().lazy.map { row, prediction in
      Result { try (row > 0 ? "," : "") + prediction.text() }
    }
    return [AnySequence([.success(begin)]), AnySequence(pieces), AnySequence([.success("]}")])].joined()
  }

  private func show(_ predictions: some Sequence<Prediction>, _ source: Source, _ saved: SavedModel) throws {
    let shape = source.inputs.shape
    let isPicture = shape.count == 3 && shape[1] <= 64 && shape[2] <= 64
    var (known, right) = (0, 0)
    for (row, prediction) in predictions.enumerated() {
      let picture =
        isPicture
        ? TextPicture(try source.rows([prediction.index]).scalars(), height: shape[1], width: shape[2]) : nil
      if row > 0 && isPicture { Console.output() }
      for line in prediction.lines(saved.classNames, picture: picture) { Console.output(line) }
      known += prediction.label == nil ? 0 : 1
      right += prediction.label == prediction.best ? 1 : 0
    }
    if known > 1 { Console.output("\(right) of \(known) right") }
  }
}
