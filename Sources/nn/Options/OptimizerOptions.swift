import ArgumentParser
import CommandSupport
import NeuralNetworks

enum OptimizerName: String, ExpressibleByArgument, CaseIterable {
  case sgd, rmsprop, adagrad, adadelta, adam
  case adamW = "adamw"
  case adamax, nadam, radam, lion, muon, adafactor, rprop, asgd, lamb

  /// The default learning rate of PyTorch, except for SGD, which uses 0.01 as in Keras (PyTorch: 0.001), and for Lion
  /// and Lamb, which PyTorch does not have.
  var defaultLearningRate: Double {
    switch self {
    case .adadelta: 1
    case .sgd, .rmsprop, .adagrad, .adafactor, .rprop, .asgd: 0.01
    case .adamax, .nadam: 0.002
    case .adam, .adamW, .radam, .muon, .lamb: 0.001
    case .lion: 1e-4
    }
  }

  func make(learningRate: Double) -> Optimizer {
    switch self {
    case .sgd: .sgd(learningRate: learningRate)
    case .rmsprop: .rmsProp(learningRate: learningRate)
    case .adagrad: .adagrad(learningRate: learningRate)
    case .adam: .adam(learningRate: learningRate)
    case .adamW: .adamW(learningRate: learningRate)
    case .adadelta: .adadelta(learningRate: learningRate)
    case .adamax: .adamax(learningRate: learningRate)
    case .nadam: .nadam(learningRate: learningRate)
    case .radam: .radam(learningRate: learningRate)
    case .lion: .lion(learningRate: learningRate)
    case .muon: .muon(learningRate: learningRate)
    case .adafactor: .adafactor(learningRate: learningRate)
    case .rprop: .rprop(learningRate: learningRate)
    case .asgd: .asgd(learningRate: learningRate)
    case .lamb: .lamb(learningRate: learningRate)
    }
  }
}

/// Keras' names.
extension Precision: ExpressibleByArgument {}

/// The training options.
struct OptimizerOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The optimizer.", valueName: "name"))
  var optimizer: OptimizerName = .adam

  @Option(
    help: ArgumentHelp(
      "The step size (default: 0.01 for sgd, rmsprop, adagrad, adafactor, rprop, and asgd; 0.001 for adam, adamw, radam, "
        + "muon, and lamb; 0.002 for adamax and nadam; 0.0001 for lion; 1 for adadelta).", valueName: "rate"))
  var learningRate: Double?

  @Option(help: ArgumentHelp("The number of passes over the data.", valueName: "count"))
  var epochs = 5

  @Option(help: ArgumentHelp("The number of examples in a step.", valueName: "count"))
  var batchSize = 32

  @Option(
    help: ArgumentHelp(
      "The type in which layers compute. Mixed precision halves the memory for activations; weights remain float32.",
      valueName: "type"))
  var precision: Precision = .float32

  @Option(
    help: ArgumentHelp("The fraction of the training data that is held back for validation.", valueName: "part"))
  var validation: Double?

  @Option(
    help: ArgumentHelp(
      "Stop after this many epochs without a better validation loss, and keep the best weights (holds back 0.1).",
      valueName: "epochs"))
  var patience: Int?

  @Option(
    help: ArgumentHelp(
      "Divide the learning rate by 10 after more than this many epochs without a better validation loss (holds back 0.1).",
      valueName: "epochs"))
  var reduceOnPlateau: Int?

  func validate() throws {
    if let rate = learningRate, !(rate > 0 && rate.isFinite) {
      throw ValidationError("--learning-rate \(rate): expected a number above 0")
    }
    guard epochs >= 1 else { throw ValidationError("--epochs \(epochs): expected at least 1") }
    guard batchSize >= 1 else { throw ValidationError("--batch-size \(batchSize): expected at least 1") }
    if let part = validation, !(part >= 0 && part < 1) {
      throw ValidationError("--validation \(part): expected 0 to below 1")
    }
    if let patience, patience < 1 { throw ValidationError("--patience \(patience): expected at least 1") }
    if let reduceOnPlateau, reduceOnPlateau < 0 {
      throw ValidationError("--reduce-on-plateau \(reduceOnPlateau): expected at least 0")
    }
    if validation == 0 {
      if patience != nil { throw ValidationError("--patience needs a --validation above 0") }
      if reduceOnPlateau != nil { throw ValidationError("--reduce-on-plateau needs a --validation above 0") }
    }
  }

  func makeOptimizer() -> Optimizer { optimizer.make(learningRate: rate) }

  /// The learning rate of the first step.
  var rate: Double { learningRate ?? optimizer.defaultLearningRate }

  /// The callbacks that monitor the validation loss.
  var callbacks: [any Callback] {
    var callbacks: [any Callback] = []
    if let patience {
      callbacks.append(EarlyStopping(monitor: "validation_loss", patience: patience, restoresBestWeights: true))
    }
    if let reduceOnPlateau {
      callbacks.append(ReduceLearningRateOnPlateau(monitor: "validation_loss", patience: reduceOnPlateau))
    }
    return callbacks
  }

  /// The settings that determine the course of a run, as text.
  var settings: [String: String] {
    var settings = [
      "optimizer": "\(optimizer.rawValue), learning rate \(rate)", "validation": "\(heldBack ?? 0)",
      "patience": patience.map(String.init) ?? "none",
      "reduce on plateau": reduceOnPlateau.map(String.init) ?? "none",
    ]
    if precision != .float32 { settings["precision"] = precision.rawValue }
    return settings
  }

  /// The fraction of the training data held back for validation; nil for none.
  var heldBack: Double? {
    let part = validation ?? (patience == nil && reduceOnPlateau == nil ? 0 : 0.1)
    return part > 0 ? part : nil
  }
}
