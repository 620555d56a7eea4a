import ArgumentParser
import CommandSupport
import Datasets
import ModelFormats
import NeuralNetworks

/// `nn predict`.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what a trained model takes examples for.",
    discussion: """
      The examples are test examples of a data set, or those of a file: a CSV file of features, or IDX images.

      nn predict --model digits.safetensors --dataset mnist --data data/mnist --examples 0,7,100-104
      nn predict --model iris.safetensors --input flowers.csv --json
      """)

  @Option(help: ArgumentHelp("A model that 'nn train --save' wrote.", valueName: "file.safetensors"))
  var model: String

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(
    help: ArgumentHelp(
      "Predict for the examples of this file (.csv or IDX, also gzipped), which has no labels.", valueName: "file"))
  var input: String?

  @Option(
    help: ArgumentHelp(
      "Which examples, from 0, as in 0,7,100-104 (default: the first five; with --input all).", valueName: "positions"),
    transform: Positions.init(word:))
  var examples: Positions?

  @OptionGroup(title: "Device") var device: DeviceOptions

  @Flag(help: "Print one JSON object: device, classes, predictions.")
  var json = false

  func run() throws {
    let device = try self.device.resolve()
    let saved = try SavedModel.load(model, on: device.device)
    let source = try input.map { try unlabelled($0, saved) } ?? labelled(saved)
    let chosen = try choose(source)
    let rows = source.inputs.gathered(Tensor(integers: chosen), axis: 0)
    let probabilities = try saved.model.probabilities(of: rows)
    if let row = probabilities.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
      throw Failure("\(source.name): what the model says of example \(chosen[row]) is not finite")
    }
    let predictions = chosen.enumerated().map { row, index in
      Prediction(index: index, probabilities: probabilities[row], label: source.labels.map { Int($0[index]) })
    }
    if json { return try Console.output(report(device, saved, predictions)) }
    try show(predictions, rows, saved)
  }

  /// Inputs scaled for the model, and the labels where there are any.
  private struct Source {
    let inputs: Tensor
    let labels: [Int32]?
    let name: String
  }

  private func labelled(_ saved: SavedModel) throws -> Source {
    let examples = try data.load(.test, classNames: saved.classNames).prepared(for: saved, file: model)
    let labels = try examples.test.targets.scalars(as: Int32.self)
    return Source(inputs: examples.test.inputs, labels: labels, name: examples.source)
  }

  private func unlabelled(_ path: String, _ saved: SavedModel) throws -> Source {
    let raw = try InputFile(path).read()
    guard raw.shape[0] > 0 else { throw Failure("\(path): expected at least one example, found none") }
    try saved.check(inputShape: Array(raw.shape.dropFirst()), of: path)
    return Source(inputs: saved.scaling.applied(to: raw), labels: nil, name: path)
  }

  private func choose(_ source: Source) throws -> [Int] {
    let count = source.inputs.shape[0]
    let chosen = examples?.positions ?? Array(0..<(input == nil ? min(5, count) : count))
    if let bad = chosen.first(where: { $0 >= count }) {
      throw Failure.usage("--examples \(bad): \(source.name) has examples 0 to \(count - 1)")
    }
    return chosen
  }

  private func report(_ device: ResolvedDevice, _ saved: SavedModel, _ predictions: [Prediction]) -> JSONValue {
    [
      "device": device.json, "classes": .array(saved.classNames.map { .string($0) }),
      "predictions": .array(predictions.map { $0.json(saved.classNames) }),
    ]
  }

  private func show(_ predictions: [Prediction], _ rows: Tensor, _ saved: SavedModel) throws {
    let isPicture = rows.rank == 3 && rows.shape[1] <= 64 && rows.shape[2] <= 64
    for (row, prediction) in predictions.enumerated() {
      let picture =
        isPicture ? TextPicture(try rows[row].scalars(), height: rows.shape[1], width: rows.shape[2]) : nil
      if row > 0 && isPicture { Console.output() }
      for line in prediction.lines(saved.classNames, picture: picture) { Console.output(line) }
    }
    let known = predictions.filter { $0.label != nil }
    guard known.count > 1 else { return }
    Console.output("\(known.count { $0.label == $0.best }) of \(known.count) right")
  }
}
