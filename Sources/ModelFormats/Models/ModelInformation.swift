import NeuralNetworks

/// What belongs to a model beside its layers, and is kept in its file: how inputs were scaled when it learned, and what its
/// classes are called.
public struct ModelInformation: Sendable, Hashable, Codable {
  /// Nil: inputs go in as they are.
  public var inputScaling: InputScaling?
  /// What each class index stands for; empty where there are no classes.
  public var classNames: [String]

  /// What is stored beside the weights; by default nothing.
  public init(inputScaling: InputScaling? = nil, classNames: [String] = []) {
    self.inputScaling = inputScaling
    self.classNames = classNames
  }
}

/// How raw numbers become inputs of a model: (raw − shift)·factor, alike for all or for each column.
public struct InputScaling: Sendable, Hashable, Codable {
  /// One number for all, or one for each column.
  public var shift: [Float]
  /// One number for all, or one for each column.
  public var factor: [Float]

  /// One number for all inputs, or one for each.
  public init(shift: [Float] = [0], factor: [Float] = [1]) {
    self.shift = shift
    self.factor = factor
  }

  /// Bytes become 0...1, as in image datasets.
  public static let pixels = InputScaling(factor: [1 / 255])
}
