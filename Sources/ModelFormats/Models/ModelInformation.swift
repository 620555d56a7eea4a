import NeuralNetworks

/// Information about a model that is stored in its file along with the layers: the task, the names of the classes, and
/// the training settings.
public struct ModelInformation: Sendable, Hashable, Codable {
  /// The scaling that converts raw inputs, such as the bytes of images, to inputs of the model; nil for none. Tables do
  /// not need it: their scaling is a layer of the model, `Normalization`. (Version 0.1 stored it here.)
  public var inputScaling: InputScaling?
  /// The name of each class, by class index; empty if there are no classes.
  public var classNames: [String]
  /// Classification or regression; nil if it is not stored in the file.
  public var task: LearningTask?
  /// The training settings; nil if they are not stored in the file.
  public var training: TrainingInformation?
  /// The conversion of the columns of a table to inputs of the model; nil for other inputs.
  public var preprocessor: TablePreprocessor?
  /// Further values of a program by name, such as the vocabulary that converts texts to inputs (`JSONValue(encoding:)`).
  public var attachments: [String: JSONValue]

  /// Creates the information; empty by default.
  public init(
    inputScaling: InputScaling? = nil, classNames: [String] = [], task: LearningTask? = nil,
    training: TrainingInformation? = nil, preprocessor: TablePreprocessor? = nil,
    attachments: [String: JSONValue] = [:]
  ) {
    self.inputScaling = inputScaling
    self.classNames = classNames
    self.task = task
    self.training = training
    self.preprocessor = preprocessor
    self.attachments = attachments
  }

  /// Decodes the information. Files of version 0.1 have neither a preprocessor nor attachments.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    inputScaling = try values.decodeIfPresent(InputScaling.self, forKey: .inputScaling)
    classNames = try values.decode([String].self, forKey: .classNames)
    task = try values.decodeIfPresent(LearningTask.self, forKey: .task)
    training = try values.decodeIfPresent(TrainingInformation.self, forKey: .training)
    preprocessor = try values.decodeIfPresent(TablePreprocessor.self, forKey: .preprocessor)
    attachments = try values.decodeIfPresent([String: JSONValue].self, forKey: .attachments) ?? [:]
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(inputScaling, forKey: .inputScaling)
    try values.encode(classNames, forKey: .classNames)
    try values.encodeIfPresent(task, forKey: .task)
    try values.encodeIfPresent(training, forKey: .training)
    try values.encodeIfPresent(preprocessor, forKey: .preprocessor)
    if !attachments.isEmpty { try values.encode(attachments, forKey: .attachments) }
  }

  private enum CodingKeys: String, CodingKey {
    case inputScaling, classNames, task, training, preprocessor, attachments
  }
}

/// The kind of prediction that a model makes.
public enum LearningTask: String, Sendable, Hashable, Codable, CaseIterable {
  /// One of several classes, with one output per class.
  case classification
  /// A number.
  case regression
}

/// The training settings that determine a model and stay the same whenever the training is repeated.
public struct TrainingInformation: Sendable, Hashable, Codable {
  /// The command, without options that only affect saving and display.
  public var command: String
  /// The seed of initial weights, shuffling, and dropout, in decimal digits.
  public var seed: String
  /// The optimizer, such as "adam".
  public var optimizer: String
  /// The learning rate of the first step.
  public var learningRate: Double
  /// The number of passes over the data.
  public var epochs: Int
  /// The number of examples per step.
  public var batchSize: Int

  /// Creates the training settings.
  public init(
    command: String, seed: String, optimizer: String, learningRate: Double, epochs: Int, batchSize: Int
  ) {
    self.command = command
    self.seed = seed
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.epochs = epochs
    self.batchSize = batchSize
  }
}

/// The conversion of raw numbers to model inputs: (raw − shift)·factor, for all inputs or per column.
public struct InputScaling: Sendable, Hashable, Codable {
  /// One number for all columns, or one per column.
  public var shift: [Float]
  /// One number for all columns, or one per column.
  public var factor: [Float]

  /// Creates a scaling with one number for all inputs, or one per input.
  public init(shift: [Float] = [0], factor: [Float] = [1]) {
    self.shift = shift
    self.factor = factor
  }

  /// Maps bytes to 0...1, as in image datasets.
  public static let pixels = InputScaling(factor: [1 / 255])
}
