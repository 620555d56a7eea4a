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

      A run that may take long is saved as it goes, and goes on with --resume as if it had never ended:

      nn train --dataset mnist --data data/mnist --epochs 50 --checkpoints runs/one --log runs/one.jsonl

      Ctrl-C ends it after the step, saves it, and says how to go on (exit code 130); a second one ends it at once. With \
      --resume every setting but --epochs, --device, --save, --log, --tensorboard, --keep and --every-steps stays as it was.

      With --json standard output is one object: device, seed, epochs, parameters, train, test, seconds, stepsPerSecond.
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "Take the architecture of this JSON file, in place of --hidden and the like.", valueName: "file.json"))
  var model: String?

  @OptionGroup(title: "Learning") var learning: OptimizerOptions
  @OptionGroup(title: "Variation") var augmentation: AugmentationOptions
  @OptionGroup(title: "Run") var keeping: RunOptions
  @OptionGroup(title: "Device") var device: DeviceOptions

  @Option(help: "Decides the initial weights, the shuffles and what is dropped.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Write the trained model, with all that 'nn predict' needs.", valueName: "file.safetensors"))
  var save: String?

  @Flag(help: "Stop at the first step whose gradients are not finite, and say which operation gave the first NaN.")
  var checkFinite = false

  @Flag(help: "Print one JSON object; progress goes to standard error.")
  var json = false

  func validate() throws { try network.check(besideModel: model) }

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
    let finder = TerminateOnNonFinite()
    let callbacks: [any Callback] =
      [watch, StopOnInterruption()] + (checkFinite ? [finder] : []) + learning.callbacks
      + (try keeping.callbacks(settings: settings(train, model, of: examples)))
    Interruption.begin()
    let history = try model.fit(
      augmentation.applied(to: train, seed: seed), epochs: learning.epochs, batchSize: learning.batchSize,
      validation: learning.heldBack.map { .split($0) }, seed: seed, callbacks: callbacks,
      progress: json ? .standardError : .standardOutput)
    Interruption.end()
    if let finding = finder.finding { throw Failure("\(finding): try a smaller --learning-rate") }
    if history.stopReason == StopOnInterruption.reason && history.epochs.count < learning.epochs {
      throw interruption(after: history)
    }
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

  /// What must be the same when a run goes on; seed, batch size and number of examples are known to checkpoints anyway.
  private func settings(_ train: TensorDataset, _ model: Sequential, of examples: Examples) throws -> [String: String] {
    var settings = learning.settings
    settings["data"] = "\(examples.source), \(try train.fingerprint())"
    let architecture = try JSONValue(encoding: Architecture(of: model)).text()
    let sum = Compression.crc32(Array(architecture.utf8))
    settings["model"] = "\(self.model ?? network.layers.description), checksum \(String(sum, radix: 16))"
    settings["variation"] = augmentation.text
    return settings
  }

  /// Where the run stands, and how it goes on.
  private func interruption(after history: History) -> Failure {
    let place = "interrupted in epoch \(history.epochs.count + 1) of \(learning.epochs)"
    guard let folder = keeping.checkpoints else {
      return Failure("\(place); nothing is kept: a run with --checkpoints can go on", .interrupted)
    }
    return Failure(
      "\(place); the run is saved in \(folder): the same command with --resume goes on", .interrupted)
  }

  private func announce(_ examples: Examples, _ count: Int, _ parameters: Int, _ device: ResolvedDevice) {
    let lines = [
      "data    \(examples.source): \(count) examples to train on, \(examples.test.count) to test on, "
        + "\(examples.classNames.count) classes",
      "model   \(model ?? network.layers.description) (\(parameters) parameters)", "device  \(device.text)",
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
    throw Failure(
      "the loss of epoch \(epoch.epoch + 1) is not a number: try a smaller --learning-rate, or --check-finite")
  }
}
