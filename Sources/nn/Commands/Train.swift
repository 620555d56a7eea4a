import ZlibCompression
import HostSystem
import ArgumentParser
import CommandSupport
import Files
import ModelFormats
import NeuralNetworks

/// `nn train`.
struct Train: FileCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a network to predict classes or values, and tests it.",
    discussion: """
      nn train --dataset mnist --data data/mnist --hidden 128,64 \\
        --epochs 5 --save digits.safetensors
      nn train --dataset csv --data houses.csv --label price \\
        --save houses.safetensors

      nn train --dataset images --data pets --flip \\
        --augment rotation,hue=0.1 --epochs 20 --save pets.safetensors
      nn train --dataset texts --data reviews --save reviews.safetensors

      A long run can save checkpoints, and continues with --resume as if it had never been interrupted:

      nn train --dataset mnist --data data/mnist --epochs 50 \\
        --checkpoints runs/one --log runs/one.jsonl

      Ctrl-C ends it after the current step, saves it, and explains how to resume it (exit code 130); a second Ctrl-C ends it \
      immediately. With --resume, all settings must be the same except --epochs, --device, --save, --log, --tensorboard, \
      --keep, and --every-steps.

      A table (--dataset csv) needs no preparation. Its columns may have numbers, categories, or dates, and values may be \
      missing; the program prints its decision for each column and saves it with the model, which scales numbers itself. A label that is a value is learned with \
      the squared error and measured by MAE, RMSE, and R²; the loss is in units of the variance of the training values.

      With --json standard output is one object: device, seed, epochs, parameters, train, test, seconds, stepsPerSecond; for \
      values also task.
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "Use the architecture in this JSON file instead of --hidden, --activation, and --dropout.", valueName: "file.json"
    ),
    completion: .file(extensions: ["json"]))
  var model: String?

  @OptionGroup(title: "Learning") var learning: OptimizerOptions
  @OptionGroup(title: "Variation") var augmentation: AugmentationOptions
  @OptionGroup(title: "Run") var keeping: RunOptions
  @OptionGroup(title: "Device") var device: DeviceOptions

  @Option(help: "The random seed of the initial weights, the order of the examples, and dropout.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Save the trained model with everything that 'nn predict' needs.", valueName: "file.safetensors"),
    completion: Completions.models)
  var save: String?

  @Flag(help: "Stop at the first step whose gradients are not finite, and name the operation with the first NaN.")
  var checkFinite = false

  @Flag(help: "Print one JSON object; progress goes to standard error.")
  var json = false

  var files: NamedFiles {
    var files = NamedFiles()
    data.addFiles(to: &files)
    files.reads(model, "--model")
    for log in keeping.log { files.writes(log.path, "--log") }
    files.writes(save, "--save")
    return files
  }

  func validate() throws {
    try network.check(withModel: model)
    try files.check()
  }

  func run() throws {
    let pipe = try save.flatMap(checkWritable)
    let device = try self.device.resolve()
    let examples = try data.load(.trainAndTest, seed: seed)
    guard let train = examples.train else { return }
    let model = try makeModel(for: examples)
    let parameters = try model.summary(inputShape: examples.inputShape).parameterCount
    announce(examples, train.count, parameters, device)
    model.compile(
      optimizer: learning.makeOptimizer(), loss: model.loss(for: examples.task, inputShape: examples.inputShape),
      metrics: examples.task.metrics, device: device.device, precision: learning.precision)
    let watch = TrainingWatch()
    let start = monotonicSeconds()
    let finder = TerminateOnNonFinite()
    let callbacks: [any Callback] =
      [watch, StopOnInterruption()] + (checkFinite ? [finder] : []) + learning.callbacks
      + (try keeping.callbacks(settings: settings(train, model, of: examples)))
    let (history, seconds) = try Interruption.watched {
      let history = try savingWhatIsTrained(model, of: examples, watch) {
        try model.fit(
          augmentation.applied(
            to: train, isTable: examples.isTable, classes: examples.classNames.count, seed: seed),
          epochs: learning.epochs, batchSize: learning.batchSize, validation: learning.heldBack.map { .split($0) },
          seed: seed,
          callbacks: callbacks, progress: json ? .standardError : .standardOutput)
      }
      let seconds = max(monotonicSeconds() - start, 0)
      if let finding = finder.finding { throw Failure("\(finding): try a smaller --learning-rate") }
      if history.stopReason == StopOnInterruption.reason && history.epochs.count < learning.epochs {
        throw interruption(after: history)
      }
      // The model is saved first, so that a signal received while it is tested loses nothing.
      try withExtendedLifetime(pipe) { try save.map { try write(model, of: examples, to: $0) } }
      return (history, seconds)
    }
    let report = TrainingReport(
      device: device, seed: seed, epochs: history.epochs.count, parameters: parameters, task: examples.task,
      train: Scoring(examples.task) { history.epochs.last?[$0] },
      test: try Scoring(examples.task, model.evaluate(examples.test, batchSize: 256)), seconds: seconds,
      steps: watch.steps)
    try show(report)
  }

  /// Checks that a path is writable before hours of training.
  /// - Returns: A pipe, which stays open until the model is written so that its reader waits; nil for a file.
  private func checkWritable(_ path: String) throws -> FileWriter? {
    guard !path.isEmpty else { throw Failure.usage("--save: expected the name of a file") }
    let writer = try withFileFailures { () throws(FileError) in try FileWriter(path) }
    return writer.isStream ? writer : nil
  }

  private func write(_ model: Sequential, of examples: Examples, to path: String) throws {
    try SavedModel(
      model: model, task: examples.task, scaling: examples.scaling, classNames: examples.classNames,
      training: information, preprocessor: examples.preprocessor, text: examples.text
    ).save(to: path)
  }

  /// Trains the model. If training ends because a log or a checkpoint cannot be written, the model is saved in its
  /// current state.
  private func savingWhatIsTrained(
    _ model: Sequential, of examples: Examples, _ watch: TrainingWatch, _ training: () throws -> History
  ) throws -> History {
    do { return try training() } catch let error as FormatError {
      let isFinite = try? model.parameters.allSatisfy { try $0.parameter.value.isAllFinite() }
      guard let save, watch.steps > 0, isFinite == true, (try? write(model, of: examples, to: save)) != nil else {
        throw error
      }
      throw Failure("\(error); the model after \(watch.steps) steps is saved in \(save)")
    }
  }

  /// The training settings for the model's file.
  private var information: TrainingInformation {
    TrainingInformation(
      command: TrainingCommand.text(CommandWords.arguments[...]), seed: "\(seed)",
      optimizer: learning.optimizer.rawValue, learningRate: learning.rate, epochs: learning.epochs,
      batchSize: learning.batchSize)
  }

  private func makeModel(for examples: Examples) throws -> Sequential {
    let network = try makeNetwork(for: examples)
    return examples.isTable ? try network.scaled(for: examples, noise: augmentation.noise) : network
  }

  private func makeNetwork(for examples: Examples) throws -> Sequential {
    guard let file = model else {
      return network.makeModel(
        inputShape: examples.inputShape, outputs: examples.outputs, tokens: examples.text?.vocabulary.count)
    }
    let model = Sequential(architecture: try .load(from: file))
    let outputs = try ModelSource.naming(file) { try model.outputShape(for: examples.inputShape) }
    try examples.check(outputs: outputs, file: file)
    return model
  }

  /// The settings that must not change when a run is resumed. Checkpoints already contain the seed, the batch size, and
  /// the number of examples.
  private func settings(_ train: TensorDataset, _ model: Sequential, of examples: Examples) throws -> [String: String] {
    var settings = learning.settings
    settings["data"] = "\(examples.source), \(try train.fingerprint())"
    let architecture = try JSONValue(encoding: Architecture(of: model)).text()
    let sum = Compression.crc32(Array(architecture.utf8))
    settings["model"] = "\(self.model ?? network.text(examples)), checksum \(String(sum, radix: 16))"
    settings["variation"] = augmentation.text
    return settings
  }

  /// The progress of the run, and instructions for resuming it.
  private func interruption(after history: History) -> Failure {
    let place = "interrupted in epoch \(history.epochs.count + 1) of \(learning.epochs)"
    guard let folder = keeping.checkpoints else {
      return Failure("\(place); nothing is saved: only a run with --checkpoints can be resumed", .interrupted)
    }
    return Failure(
      "\(place); the run is saved in \(folder): the same command with --resume continues it", .interrupted)
  }

  private func announce(_ examples: Examples, _ count: Int, _ parameters: Int, _ device: ResolvedDevice) {
    let classes = examples.task == .classification ? ", \(examples.classNames.count) classes" : ""
    let lines =
      ["data    \(examples.source): \(count) examples to train on, \(examples.test.count) to test on\(classes)"]
      + (examples.isTable ? ["task    \(examples.choice.text)"] : []) + decisions(examples.preprocessor)
      + (examples.text.map { ["words   \($0.vocabulary.count - 2), the first \($0.outputShape[0]) of a text"] } ?? [])
      + ["model   \(model ?? network.text(examples)) (\(parameters) parameters)", "device  \(device.text)"]
    for line in lines { if json { Console.error(line) } else { Console.output(line) } }
  }

  /// The decisions about the columns of a table; of the first ones, if there are many.
  private func decisions(_ preprocessor: TablePreprocessor?) -> [String] {
    guard let preprocessor else { return [] }
    let most = 50, lines = preprocessor.decisions.prefix(most).map { "column  \($0)" }
    let rest = preprocessor.columns.count - most
    return lines + (rest > 0 ? ["column  … and \(rest) more"] : [])
  }

  private func show(_ report: TrainingReport) throws {
    if json { return try Console.output(report.json) }
    report.lines.forEach { Console.output($0) }
    if let save { Console.output("saved   \(save)") }
  }
}

/// Counts the steps of a training run, and stops it if it diverges.
private final class TrainingWatch: Callback {
  private(set) var steps = 0
  func stepEnded(_ step: Int, _ run: TrainingRun) throws { steps += 1 }
  func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    guard let loss = epoch["loss"], !loss.isFinite else { return }
    throw Failure(
      "the loss of epoch \(epoch.epoch + 1) is not a number: try a smaller --learning-rate, or --check-finite")
  }
}
