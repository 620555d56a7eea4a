import CommandSupport
import Datasets
import Files
import ModelFormats
import NeuralNetworks
import ZlibCompression

/// Labeled examples and the information about them.
struct Examples {
  /// Inputs in the form for the model, and int32 class indices or float32 values `[count, 1]`; nil if only test data
  /// was requested.
  var train: TensorDataset?
  var test: TensorDataset
  /// The class names; empty for regression.
  let classNames: [String]
  var choice = TaskChoice(task: .classification)
  /// The scaling applied to the raw numbers.
  var scaling: InputScaling
  /// The data source for messages, such as "train.csv".
  let source: String
  /// Whether each column has its own unit; a model scales such columns.
  var isTable = false
  /// The decisions about the columns of a table to train on.
  var preprocessor: TablePreprocessor?
  /// The conversion of texts to inputs; nil for other data.
  var text: TextVectorization?

  var task: LearningTask { choice.task }

  /// The shape of one example, without the batch axis.
  var inputShape: [Int] { Array(test.inputs.shape.dropFirst()) }

  /// The number of outputs of a model for these examples.
  var outputs: Int { task == .regression ? 1 : classNames.count }

  /// Returns the examples with a different scaling, such as the one used in training the model.
  /// - Throws: `Failure` if the scaling is for a different number of columns.
  func rescaled(_ wanted: InputScaling) throws -> Examples {
    guard wanted != scaling else { return self }
    try wanted.check(inputShape, of: source)
    func convert(_ data: TensorDataset) throws -> TensorDataset {
      let rows = data.inputs.shape[0], width = data.inputs.shape.dropFirst().reduce(1, *)
      let step = max(1, (1 << 18) / max(width, 1)) * width
      let inputs = try Tensor(shape: data.inputs.shape, pieceSize: step) { places in
        let part = data.inputs[places.lowerBound / width..<min(places.upperBound / width, rows)]
        return try wanted.applied(to: scaling.removed(from: part)).scalars(as: Float.self)
      }
      return TensorDataset(inputs, data.targets)
    }
    var copy = self
    copy.train = try train.map(convert)
    copy.test = try convert(test)
    copy.scaling = wanted
    return copy
  }

  /// Returns the examples with the scaling of a model.
  /// - Parameter file: The file of the model, for messages.
  /// - Throws: `Failure` if the model is for different inputs, different classes, or a different task.
  func prepared(for saved: SavedModel, file: String) throws -> Examples {
    try saved.check(inputShape: inputShape, of: source)
    try check(outputs: [saved.task == .regression ? 1 : saved.classNames.count], file: file)
    return try rescaled(saved.scaling)
  }

  /// Checks that a model has one output per class, or a single output for a value.
  func check(outputs: [Int], file: String) throws {
    guard outputs == [self.outputs] else {
      let expected =
        task == .regression
        ? "1 output, the value that \(source) asks for" : "\(self.outputs) outputs, one for each class of \(source)"
      throw Failure("\(file): expected \(expected), found \(outputs)")
    }
  }
}

extension TensorDataset {
  /// Returns the first `count` examples, or all if there are fewer.
  func prefix(_ count: Int?) -> TensorDataset {
    guard let count, count < self.count else { return self }
    return TensorDataset(inputs[0..<count], targets[0..<count])
  }
}

extension Tensor {
  /// Some of the rows, gathered in chunks: a table may be large, and the list of row numbers has the same length.
  func rows(at indices: [Int]) throws -> Tensor {
    let width = shape.dropFirst().reduce(1, *)
    let shape = [indices.count] + shape.dropFirst()
    func piece(_ places: Range<Int>) -> Tensor {
      gathered(Tensor(integers: Array(indices[places.lowerBound / width..<places.upperBound / width])), axis: 0)
    }
    let size = Swift.max(1, (1 << 16) / Swift.max(width, 1)) * width
    if dtype == .int32 {
      return try Tensor(shape: shape, pieceSize: size) { try piece($0).scalars(as: Int32.self) }
    }
    return try Tensor(shape: shape, pieceSize: size) { try piece($0).scalars(as: Float.self) }
  }
}

extension TensorDataset {
  /// Identifies the data: "2000 examples, checksum 7f3a09c1".
  func fingerprint() throws -> String {
    let sum = try targets.checksum(after: inputs.checksum(after: 0))
    return "\(count) examples, checksum \(String(sum, radix: 16))"
  }
}

extension Tensor {
  /// The CRC-32 of the bytes of the elements, which are copied in chunks.
  fileprivate func checksum(after seed: UInt32) throws -> UInt32 {
    let elements = reshaped([count]), size = 1 << 18
    var sum = seed
    for start in stride(from: 0, to: count, by: size) {
      let piece = elements[start..<Swift.min(start + size, count)]
      let bytes =
        dtype == .int32
        ? try piece.scalars(as: Int32.self).withUnsafeBytes { Array($0) }
        : try piece.scalars().withUnsafeBytes { Array($0) }
      sum = Compression.crc32(bytes, seed: sum)
    }
    return sum
  }
}
