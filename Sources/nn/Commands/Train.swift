import ArgumentParser
import CommandSupport
import Files
import ModelFormats
import NeuralNetworks

/// `nn train`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a classifier and tests it.",
    discussion: """
      nn train --dataset mnist --data data/mnist --hidden 128,64 --epochs 5 --save digits.safetensors

      With --json standard output is one object: device, seed, epochs, parameters, train, test, seconds, stepsPerSecond.
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "Take the architecture of this JSON file, in place of --hidden and the like.", valueName: "file.json"))
  var model: String?

  @OptionGroup(title: "Learning") var learning: OptimizerOptions
  @OptionGroup(title: "Device") var device: DeviceOptions

  @Option(help: "Decides the initial weights, the shuffles and what is dropped.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Write the trained model, with all that 'nn predict' needs.", valueName: "file.safetensors"))
  var save: String?

  @Flag(help: "Print one JSON object; progress goes to standard error.")
  var json = false

  func run() throws {
    try save.map(checkWritable)
    let device = try self.device.resolve()
    let examples = try data.load(.trainAndTest, seed: seed)
    guard let train = examples.train else { return }
    let model = try makeModel(for: examples)
    let parameters = try model.summary(inputShape: examples.inputShape).parameterCount
    announce(examples, train.count, parameters, device)
    model.compile(
      optimizer: learning.makeOptimizer(), loss: model.classLoss,
      metrics: [.accuracy], device: device.device)
    let watch = TrainingWatch()
    let start = monotonicSeconds()
    let history = try model.fit(
      train, epochs: learning.epochs, batchSize: learning.batchSize, validation: learning.heldBack.map { .split($0) },
      seed: seed, callbacks: callbacks(watch), progress: json ? .standardError : .standardOutput)
    let seconds = monotonicSeconds() - start
    let report = TrainingReport(
      device: device, seed: seed, epochs: history.epochs.count, parameters: parameters,
      train: history.epochs.last.map(Scoring.init) ?? Scoring(loss: .nan, accuracy: .nan),
      test: Scoring(try model.evaluate(examples.test, batchSize: 256)), seconds: seconds, steps: watch.steps)
    try save.map {
      try SavedModel(model: model, scaling: examples.scaling, classNames: examples.classNames).save(to: $0)
    }
    try show(report, history)
  }

  /// Hours of training are not lost to a folder that is not there.
  private func checkWritable(_ path: String) throws {
    guard !path.isEmpty else { throw Failure.usage("--save: expected the name of a file") }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    guard Folder.isFolder(folder) else { throw Failure("\(path): there is no folder \(folder) to save it in") }
    guard mayWrite(in: folder) else { throw Failure("\(path): no permission to write in the folder \(folder)") }
    guard !Folder.isFolder(path) else { throw Failure("\(path): expected the name of a file, found a folder") }
  }

  private func makeModel(for examples: Examples) throws -> Sequential {
    let classes = examples.classNames.count
    guard let file = model else { return network.makeModel(inputShape: examples.inputShape, classes: classes) }
    let model = Sequential(architecture: try .load(from: file))
    let outputs: [Int]
    do {
      outputs = try model.outputShape(for: examples.inputShape)
    } catch let error as ModelError {
      throw Failure("\(file): \(error)")
    }
    try examples.check(outputs: outputs, file: file)
    return model
  }

  private func callbacks(_ watch: TrainingWatch) -> [any Callback] {
    guard let patience = learning.patience else { return [watch] }
    return [watch, EarlyStopping(monitor: "validation_loss", patience: patience, restoresBestWeights: true)]
  }

  private func announce(_ examples: Examples, _ count: Int, _ parameters: Int, _ device: ResolvedDevice) {
    let lines = [
      "data    \(examples.source): \(count) examples to train on, \(examples.test.count) to test on, "
        + "\(examples.classNames.count) classes",
      "model   \(model ?? network.hidden.description) (\(parameters) parameters)", "device  \(device.text)",
    ]
    for line in lines { if json { Console.error(line) } else { Console.output(line) } }
  }

  private func show(_ report: TrainingReport, _ history: History) throws {
    if json { return try Console.output(report.json) }
    if let reason = history.stopReason { Console.output("stopped after \(report.epochs) epochs: \(reason)") }
    report.lines.forEach { Console.output($0) }
    if let save { Console.output("saved   \(save)") }
  }
}

/// Counts the steps of a training, and ends one that has gone astray.
private final class TrainingWatch: Callback {
  private(set) var steps = 0
  func stepEnded(_ step: Int, _ run: TrainingRun) throws { steps += 1 }
  func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    guard let loss = epoch["loss"], !loss.isFinite else { return }
    throw Failure("the loss of epoch \(epoch.epoch + 1) is not a number: try a smaller --learning-rate")
  }
}
