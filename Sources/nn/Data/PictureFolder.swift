import CommandSupport
import Datasets
import Files
import HostSystem
import ImageFiles
import ModelFormats
import NeuralNetworks

/// Folders of PNG and JPEG files as examples.
extension DataOptions {
  /// The default height and width of the inputs.
  static let defaultImageSize = 64

  /// Loads pictures. From a folder with subfolders for classes, a fifth of the pictures, selected by `seed`, is used
  /// for testing. A folder with the folders train and test has one for each part.
  func pictures(_ part: Part, model: SavedModel?, seed: UInt64) throws -> Examples {
    let path = data ?? ""
    let form = try form(of: model)
    let (trainPath, testPath) = (Folder.join(path, "train"), Folder.join(path, "test"))
    let hasParts = Folder.isFolder(trainPath) && Folder.isFolder(testPath)
    if part == .test {
      let all = try form.folder(hasParts ? testPath : path, classNames: model?.classNames)
      return try examples(nil, Subset(all, indices: Array(0..<all.count)), all.classNames, form, path, seed)
    }
    let all = try form.folder(hasParts ? trainPath : path, classNames: nil)
    if all.classNames.count == 1 {
      throw Failure("\(path): expected at least 2 classes, found one (\"\(all.classNames[0].shortened(to: 100))\")")
    }
    if hasParts {
      let test = try form.folder(testPath, classNames: all.classNames)
      return try examples(
        Subset(all, indices: Array(0..<all.count)), Subset(test, indices: Array(0..<test.count)), all.classNames, form,
        path, seed)
    }
    let (train, test) = all.split(0.8, seed: seed)
    guard train.count > 0, test.count > 0 else {
      throw Failure("\(path): expected at least 3 pictures for training and testing, found \(all.count)")
    }
    return try examples(train, test, all.classNames, form, path, seed)
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

  private func examples(
    _ train: Subset?, _ test: Subset, _ classNames: [String], _ form: PictureForm, _ path: String, _ seed: UInt64
  ) throws -> Examples {
    Examples(
      train: try train.map { try form.tensors(limited($0, seed), path) },
      test: try form.tensors(limited(test, seed), path),
      classNames: classNames, scaling: .pixels, source: path)
  }

  /// As many examples as `--limit` allows, at random: the first ones have the same class.
  private func limited(_ examples: Subset, _ seed: UInt64) -> Subset {
    guard let limit, limit < examples.count else { return examples }
    let (chosen, _) = examples.split(Double(limit) / Double(examples.count), seed: seed)
    return Subset(examples.base, indices: chosen.indices.map { examples.indices[$0] })
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
    let (count, size) = (pictures.count, inputShape.reduce(1, *))
    do { try HostMemory.check(count, of: 4 * size) } catch {
      throw Failure("\(path): \(error): choose a smaller --image-size, or use --limit")
    }
    var labels: [Int32] = []
    let inputs = try Tensor(shape: [count] + inputShape, pieceSize: 64 * size) { places in
      let batch = try pictures.batch(at: Array(places.lowerBound / size..<places.upperBound / size))
      labels += try batch.target.scalars(as: Int32.self)
      return try batch.input.scalars()
    }
    return TensorDataset(inputs, Tensor(labels, shape: [count]))
  }
}
