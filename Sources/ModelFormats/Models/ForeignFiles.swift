// Names that Keras uses for files of models and logs. They do not compile; the error messages state the replacements.
import NeuralNetworks

extension Model {
  @available(*, unavailable, message: "say of which kind the model is: Sequential.load(from:), Graph.load(from:)")
  @_disfavoredOverload
  public static func load(from path: String) throws -> Model { fatalError("unavailable") }
}

// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "write Checkpoints(in: folder, bestBy: \"validation_loss\")")
public func ModelCheckpoint(_ path: String, monitor: String = "", saveBestOnly: Bool = false) -> any Callback {
  fatalError("unavailable")
}
@available(*, unavailable, message: "write TensorBoardLogger(in: folder)")
public typealias TensorBoard = TensorBoardLogger
