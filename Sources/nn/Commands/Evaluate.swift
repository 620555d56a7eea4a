import HostSystem
import ArgumentParser
import CommandSupport
import ModelFormats
import NeuralNetworks

/// `nn evaluate`.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tests a trained model on the test examples of a data set.",
    discussion: """
      nn evaluate --model digits.safetensors --dataset mnist --data data/mnist
      nn evaluate --model houses.safetensors --dataset csv --data houses.csv \\
        --label price --json

      With --json standard output is one object: device, parameters, test, seconds; for values also task.
      """)

  @Option(
    help: ArgumentHelp("A model that was saved by 'nn train --save'.", valueName: "file.safetensors"),
    completion: Completions.models)
  var model: String

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: ArgumentHelp("The number of examples in a step.", valueName: "count"))
  var batchSize = 256

  @OptionGroup(title: "Device") var device: DeviceOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard batchSize >= 1 else { throw ValidationError("--batch-size \(batchSize): expected at least 1") }
  }

  func run() throws {
    let device = try self.device.resolve()
    let saved = try SavedModel.load(model, on: device.device)
    let examples = try data.load(.test, for: saved).prepared(for: saved, file: model)
    saved.model.compile(
      optimizer: .sgd(), loss: saved.model.loss(for: saved.task), metrics: saved.task.metrics, device: device.device)
    let start = monotonicSeconds()
    let test = try Scoring(saved.task, saved.model.evaluate(examples.test, batchSize: batchSize))
    let seconds = max(monotonicSeconds() - start, 0)
    if json {
      let report = saved.task.named(in: [
        "device": device.json, "parameters": .integer(try saved.model.summary().parameterCount), "test": test.json,
        "seconds": JSONValue(seconds),
      ])
      try Console.output(report)
    } else {
      Console.output("data    \(examples.source): \(examples.test.count) examples")
      Console.output("test    \(test.text)")
      Console.output("time    \(seconds.fixed(2)) s on \(device.text)")
    }
  }
}
