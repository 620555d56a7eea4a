import CommandSupport
import Datasets
import ImageFiles
import ModelFormats
import NeuralNetworks

/// Folders of PNG and JPEG files as examples.
extension DataOptions {
  /// The default height and width of the inputs.
  static let defaultImageSize = 64

  /// Loads pictures.
  func pictures(_ part: Part, model: SavedModel?, seed: UInt64) throws -> Examples {
    let path = data ?? ""
    let form = try form(of: model)
    let parts = try classFolders(part, of: "pictures", model: model, seed: seed) { try form.folder($0, classNames: $1) }
    return Examples(
      train: try parts.train.map { try form.tensors($0, path) }, test: try form.tensors(parts.test, path),
      classNames: parts.classNames, scaling: .pixels, source: path)
  }

  /// The form of the inputs: that of a model, or as requested.
  private func form(of model: SavedModel?) throws -> PictureForm {
    guard let model else {
      let sides = imageSize?.extents ?? [DataOptions.defaultImageSize]
      return PictureForm(inputShape: [gray ? 1 : 3, sides[0], sides[sides.count - 1]])
    }
    if imageSize != nil || gray {
      throw Failure.usage("\(imageSize != nil ? "--image-size" : "--gray"): --model determines the inputs")
    }
    return try PictureForm(of: model)
  }
}

/// The shape of inputs made from pictures: `[channels, height, width]`, or `[height, width]` for gray.
struct PictureForm {
  let inputShape: [Int]
  private var height: Int { inputShape[inputShape.count - 2] }
  private var width: Int { inputShape[inputShape.count - 1] }
  private var channels: Image.Channels { inputShape.count == 2 || inputShape[0] == 1 ? .gray : .rgb }

  init(inputShape: [Int]) { self.inputShape = inputShape }

  /// Uses the inputs of a model.
  /// - Throws: `Failure` for a model of something else.
  init(of model: SavedModel) throws {
    let shape = model.model.inputShapes.first ?? []
    let isPicture = shape.count == 2 || (shape.count == 3 && (shape[0] == 1 || shape[0] == 3))
    guard isPicture, shape.suffix(2).allSatisfy({ (1...DataOptions.largestImageSize).contains($0) }) else {
      throw Failure(
        "\(model.file): expected a model of pictures, with inputs [1 or 3, height, width] or [height, width], found "
          + ModelError.text(shape))
    }
    inputShape = shape
  }

  func folder(_ path: String, classNames: [String]?) throws -> ImageFolder {
    try ImageFolder(path, height: height, width: width, channels: channels, classNames: classNames)
  }

  /// Reads a picture as raw numbers from 0 to 255, with a batch axis.
  func read(_ path: String) throws -> Tensor {
    let image = try Image(path, channels: channels).resized(height: height, width: width)
    return image.tensor().reshaped([1] + inputShape) * 255
  }

  /// Decodes all pictures.
  func tensors(_ pictures: Subset, _ path: String) throws -> TensorDataset {
    try pictures.tensors(inputShape: inputShape, as: Float.self) { error in
      Failure("\(path): \(error): choose a smaller --image-size, or use --limit")
    }
  }
}
