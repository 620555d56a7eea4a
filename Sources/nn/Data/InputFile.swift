import CommandSupport
import Datasets
import ImageFiles
import ModelFormats
import NeuralNetworks

/// A file of inputs without labels.
struct InputFile {
  let path: String

  init(_ path: String) { self.path = path }

  /// Reads the raw numbers, one example per row.
  /// - Parameters:
  ///   - header: Whether the first line of a table contains the column names; nil to detect it.
  ///   - model: Determines the size and the channels of a picture, and the words of a text.
  func read(header: Bool?, for model: SavedModel) throws -> InputRows {
    if model.text != nil { return .tensor(try model.readText(path)) }
    if Image.endings.contains(Image.ending(of: path)) { return .tensor(try PictureForm(of: model).read(path)) }
    let name = path.hasSuffix(".gz") ? String(path.dropLast(3)) : path
    if name.hasSuffix(".csv") || name.hasSuffix(".tsv") || name.hasSuffix(".txt") {
      guard let preprocessor = model.preprocessor else {
        return .tensor(try CSV.features(path, header: header).values)
      }
      var options = CSV.FrameOptions()
      options.header = header
      return .tensor(try preprocessor.inputs(of: try CSV.frame(path, for: preprocessor, options: options)))
    }
    let file = try IDX(path)
    guard file.shape.count >= 2 else {
      throw DataError.malformed(
        file: path, offset: 3, expected: "examples [count, …], or a name that ends in .csv, .png, or .jpg",
        found: "the shape \(file.shape)")
    }
    return .file(file)
  }
}

/// Examples that are read in parts.
enum InputRows {
  case tensor(Tensor)
  /// An IDX file, which takes a quarter of the memory if its elements are bytes: they are converted when requested.
  case file(IDX)

  /// The shape, starting with the number of examples.
  var shape: [Int] {
    switch self {
    case .tensor(let tensor): tensor.shape
    case .file(let file): file.shape
    }
  }

  func rows(_ indices: [Int]) throws -> Tensor {
    switch self {
    case .tensor(let tensor): return tensor.gathered(Tensor(integers: indices), axis: 0)
    case .file(let file):
      let width = shape.dropFirst().reduce(1, *)
      let numbers = try indices.flatMap { try file.floats(in: $0 * width..<($0 + 1) * width) }
      return Tensor(numbers, shape: [indices.count] + shape.dropFirst())
    }
  }
}

extension InputScaling {
  /// The scaling that leaves inputs unchanged.
  static let none = InputScaling()

  /// Whether the scaling can be applied and reversed.
  var isValid: Bool {
    let columns = max(shift.count, factor.count)
    return [shift, factor].allSatisfy { $0.count == columns || $0.count == 1 } && shift.allSatisfy(\.isFinite)
      && factor.allSatisfy { $0.isFinite && $0 != 0 }
  }

  /// Checks that the scaling matches inputs of this shape.
  /// - Parameter source: The source of the inputs, for messages.
  func check(_ inputShape: [Int], of source: String) throws {
    let columns = max(shift.count, factor.count)
    guard columns == 1 || inputShape == [columns] else {
      throw Failure(
        "\(source): expected \(columns) columns, as the model was trained on, found the shape \(inputShape)")
    }
  }

  /// Inputs that are not scaled can be of any element type.
  func applied(to raw: Tensor) -> Tensor {
    self == .none ? raw : (raw - Self.tensor(shift)) * Self.tensor(factor)
  }

  /// Restores the raw numbers.
  func removed(from scaled: Tensor) -> Tensor { scaled / Self.tensor(factor) + Self.tensor(shift) }

  private static func tensor(_ numbers: [Float]) -> Tensor { numbers.count == 1 ? Tensor(numbers[0]) : Tensor(numbers) }
}
