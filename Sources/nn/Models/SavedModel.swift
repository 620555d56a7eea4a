import CommandSupport
import ModelFormats
import NeuralNetworks

/// A classifier and what belongs to it in its file: how inputs are scaled, and what the classes are called.
struct SavedModel {
  let model: Sequential
  let scaling: InputScaling
  let classNames: [String]

  /// Writes architecture, weights, scaling and names; the file appears when it is whole.
  func save(to path: String) throws {
    try model.save(to: path, information: ModelInformation(inputScaling: scaling, classNames: classNames))
  }

  /// Reads what `save` wrote. Without scaling in the file inputs go in as they are, and classes without names are called 0,
  /// 1, 2 ….
  /// - Throws: `FormatError`; `Failure` for a scaling or names that do not fit the model.
  static func load(_ path: String, on device: Device) throws -> SavedModel {
    let model = try Sequential.load(from: path, on: device)
    let information = try ModelInformation.load(from: path)
    let outputs = try model.inputShapes.first.map { try model.outputShape(for: $0) } ?? []
    guard outputs.count == 1 else {
      throw Failure("\(path): expected a model with an output for each class, found outputs of the shape \(outputs)")
    }
    let names = information.classNames.isEmpty ? (0..<outputs[0]).map(String.init) : information.classNames
    guard names.count == outputs[0] else {
      throw Failure("\(path): expected \(outputs[0]) class names, one for each output, found \(names.count)")
    }
    let scaling = information.inputScaling ?? .none
    guard scaling.isValid else {
      throw Failure("\(path): expected an input scaling of finite numbers, with factors other than 0")
    }
    return SavedModel(model: model, scaling: scaling, classNames: names)
  }

  /// Checks that inputs of this shape can be scaled and taken by the model.
  func check(inputShape: [Int], of source: String) throws {
    try scaling.check(inputShape, of: source)
    let expected = model.inputShapes.first ?? inputShape
    guard expected == inputShape else {
      throw Failure("\(source): expected inputs of the shape \(expected), as the model takes them, found \(inputShape)")
    }
  }
}
