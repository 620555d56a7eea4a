import CommandSupport
import Datasets
import Files
import ModelFormats
import NeuralNetworks

/// A model with the contents of its file: the task, the scaling of raw inputs, and the names of the classes.
struct SavedModel {
  let model: Model
  let task: LearningTask
  let scaling: InputScaling
  /// The class names; empty for regression.
  let classNames: [String]
  var training: TrainingInformation?
  /// The conversion of the columns of a table to inputs; nil for models that take numbers alone.
  var preprocessor: TablePreprocessor?
  /// The conversion of texts to inputs; nil for a model of other inputs.
  var text: TextVectorization?
  /// The name of the file, for messages.
  var file = ""

  /// Writes architecture, weights, task, scaling, and names. The file appears at its path only after it is complete.
  func save(to path: String) throws {
    try model.save(
      to: path,
      information: ModelInformation(
        inputScaling: scaling == .none ? nil : scaling, classNames: classNames, task: task, training: training,
        preprocessor: preprocessor,
        attachments: try text.map { [SavedModel.textName: try JSONValue(encoding: $0)] } ?? [:]))
  }

  /// The name of the attachment with the conversion of texts.
  private static let textName = "text"

  /// Reads the conversion of texts to inputs.
  private static func text(_ information: ModelInformation, _ path: String) throws -> TextVectorization? {
    guard let value = information.attachments[textName] else { return nil }
    do { return try value.decode(TextVectorization.self) } catch {
      throw Failure("\(path): expected a vocabulary and the settings for texts: \(error)")
    }
  }

  /// Reads a file written by `save`. Without a stored scaling, inputs are not scaled; unnamed classes are called 0, 1,
  /// 2, and so on; a model with one output and no stored task predicts values.
  /// - Throws: `FormatError`; `Failure` for a scaling or names that do not fit the model.
  static func load(_ path: String, on device: Device) throws -> SavedModel {
    let model = try ModelSource.load(path, on: device)
    guard model.inputShapes.count <= 1, model.outputNames.count == 1 else {
      throw Failure(
        "\(path): expected a model with one input and one output, found \(model.inputShapes.count) inputs and "
          + "\(model.outputNames.count) outputs")
    }
    let information = try ModelInformation.load(from: path)
    let outputs: [Int]
    do { outputs = try model.inputShapes.first.map { try model.outputShape(for: $0) } ?? [] } catch let error
      as ModelError
    {
      throw Failure("\(path): \(error)")
    }
    guard outputs.count == 1, outputs[0] != anyLength else {
      throw Failure("\(path): expected a model with an output for each class, found outputs of the shape \(outputs)")
    }
    let scaling = information.inputScaling ?? .none
    guard scaling.isValid else {
      throw Failure("\(path): expected an input scaling of finite numbers, with factors other than 0")
    }
    let isValue = outputs[0] == 1 && information.classNames.isEmpty
    let task = information.task ?? (isValue ? .regression : .classification)
    return SavedModel(
      model: model, task: task, scaling: scaling,
      classNames: try classNames(information.classNames, task, outputs: outputs[0], path),
      training: information.training, preprocessor: information.preprocessor, text: try text(information, path),
      file: path)
  }

  private static func classNames(_ known: [String], _ task: LearningTask, outputs: Int, _ path: String) throws
    -> [String]
  {
    if task == .regression {
      guard outputs == 1, known.isEmpty else {
        throw Failure("\(path): expected one output and no classes, as for values, found \(outputs) and \(known.count)")
      }
      return []
    }
    let names = known.isEmpty ? (0..<outputs).map(String.init) : known
    guard names.count == outputs else {
      throw Failure("\(path): expected \(outputs) class names, one for each output, found \(names.count)")
    }
    return names
  }

  /// Checks that inputs of this shape can be scaled and are accepted by the model.
  func check(inputShape: [Int], of source: String) throws {
    try scaling.check(inputShape, of: source)
    do { try model.checkInputs([inputShape]) } catch ModelError.inputShape(_, let expected, _) {
      throw Failure(
        "\(source): expected inputs of the shape \(ModelError.text(expected)), as the model takes them, found \(inputShape)"
      )
    }
  }

  /// Checks that a data set supports the task of the model.
  func check(task wanted: TaskOption, of dataset: DatasetName) throws {
    if let wanted = wanted.task, wanted != task {
      throw Failure.usage("--task \(wanted.rawValue): \(file) is a model of \(task.rawValue)")
    }
    if task == .regression && dataset != .csv {
      throw Failure("\(file): it predicts values, and \(dataset.rawValue) has classes; values are in --dataset csv")
    }
  }

  /// Checks that the model is a classifier.
  func requireClasses() throws {
    if task == .regression { throw Failure("\(file): expected a model with classes, found one that predicts values") }
  }
}

/// A file that describes a model.
enum ModelSource {
  /// The model of a `.json` file, whose parameters have no values, or of a `.safetensors` file: a chain of layers or a
  /// graph.
  static func load(_ path: String, on device: Device = .cpu) throws -> Model {
    if path.hasSuffix(".json") {
      return try isGraph(json: path)
        ? Graph(architecture: try .load(from: path)) : Sequential(architecture: try .load(from: path))
    }
    return try Safetensors(path).metadata["graph"] == nil
      ? Sequential.load(from: path, on: device) : Graph.load(from: path, on: device)
  }

  /// Whether the file describes a graph, which has nodes.
  private static func isGraph(json path: String) throws -> Bool {
    // Errors in the file are reported when it is read as an architecture.
    guard let bytes = try? FileReader.read(path, limit: 64 << 20) else { return false }
    return (try? JSONValue(parsing: bytes))?["nodes"] != nil
  }

  /// Runs `body` with the model of a file. Errors of the model then name the file.
  static func naming<Value>(_ path: String?, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as ModelError {
      throw Failure(path.map { "\($0): \(error)" } ?? "\(error)")
    }
  }
}

extension Sequential {
  /// The layers of this model with the additional layers for a table: one that scales its columns based on the training
  /// examples and, for regression, one that converts the output to the unit of the values. They are part of the model,
  /// so it takes raw numbers wherever it is loaded. A `Normalization` at the start or end of the model is used instead.
  /// - Parameter noise: The standard deviation of the noise added to the scaled columns in training; nil for none.
  func scaled(for examples: Examples, noise: Double?) throws -> Sequential {
    guard let train = examples.train else { return self }
    var layers = layers
    let first = layers.first as? Normalization
    let input = first.flatMap { $0.isInverted ? nil : $0 } ?? Normalization()
    if input !== first { layers.insert(input, at: 0) }
    try input.adapt(to: train.inputs, features: examples.preprocessor?.scaledFeatures)
    if let noise { layers.insert(GaussianNoise(noise), at: 1) }
    if examples.task == .regression {
      let last = layers.last as? Normalization
      let output = last.flatMap { $0.isInverted ? $0 : nil } ?? Normalization(isInverted: true)
      if output !== last { layers.append(output) }
      try output.adapt(to: train.targets)
    }
    return Sequential(layers, inputShape: examples.inputShape)
  }
}
