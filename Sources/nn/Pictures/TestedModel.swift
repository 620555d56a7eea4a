import CommandSupport
import ModelFormats
import NeuralNetworks
import Pictures

/// A trained model and what it says of the test examples of a data set.
struct TestedModel {
  let saved: SavedModel
  let examples: Examples
  /// Of the classes, for each test example.
  let probabilities: [[Float]]
  /// The class of each test example.
  let labels: [Int]
  /// The likeliest class of each example.
  let predictions: [Int]

  /// - Parameter file: Where the model comes from.
  init(_ file: String, _ data: DataOptions, on device: Device) throws {
    saved = try SavedModel.load(file, on: device)
    examples = try data.load(.test, classNames: saved.classNames).prepared(for: saved, file: file)
    probabilities = try saved.model.probabilities(of: examples.test.inputs)
    predictions = probabilities.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
    labels = try examples.test.targets.scalars(as: Int32.self).map(Int.init)
  }

  var confusion: ConfusionPicture {
    let classes = saved.classNames.count
    var counts = [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
    for (label, prediction) in zip(labels, predictions) { counts[label][prediction] += 1 }
    return ConfusionPicture(counts, classNames: saved.classNames)
  }

  /// True when an example can be drawn: a grey picture, or one of three colours.
  var hasImages: Bool {
    let shape = examples.inputShape
    return shape.count == 2 || (shape.count == 3 && (shape[0] == 1 || shape[0] == 3))
  }

  /// The examples that were taken for a class they are not of, those first of which the model was surest.
  var mistakes: [Int] {
    labels.indices.filter { labels[$0] != predictions[$0] }
      .sorted { (probabilities[$0][predictions[$0]], $1) > (probabilities[$1][predictions[$1]], $0) }
  }

  /// - Throws: `Failure` for examples that are no pictures.
  func mistakeSheet(limit: Int) throws -> ImageSheet {
    guard hasImages else {
      throw Failure("\(examples.source): expected pictures, found inputs of the shape \(examples.inputShape)")
    }
    let mistakes = mistakes, shown = Array(mistakes.prefix(limit))
    let which = shown.count < mistakes.count ? ", the surest \(shown.count)" : ""
    var sheet = ImageSheet("\(mistakes.count) of \(labels.count) taken for something else\(which)", columns: 8)
    let raw = saved.scaling == .pixels ? examples.test.inputs : saved.scaling.removed(from: examples.test.inputs)
    for index in shown {
      let taken = predictions[index]
      let sureness = (Double(probabilities[index][taken]) * 100).fixed(0)
      sheet.add(
        try picture(raw[index]),
        caption: "\(saved.classNames[taken]), \(sureness) %\nis \(saved.classNames[labels[index]])")
    }
    return sheet
  }

  private func picture(_ image: Tensor) throws -> Bitmap {
    let values = try image.scalars(), width = image.shape[image.rank - 1]
    // Pictures that are not from 0 to 1 are drawn from their least to their largest number.
    let (low, high) = (min(values.min() ?? 0, 0), max(values.max() ?? 1, 1))
    let numbers = values.map { ($0 - low) / (high - low) }
    return image.rank == 3 && image.shape[0] == 3
      ? Bitmap(planes: numbers, width: width) : Bitmap(grey: numbers, width: width)
  }

  /// True when the inputs are places in the plane.
  var hasPlane: Bool { examples.inputShape == [2] }

  /// - Throws: `Failure` for inputs that are not two numbers.
  func boundary() throws -> String {
    guard hasPlane else {
      throw Failure("\(examples.source): expected inputs of two numbers, found the shape \(examples.inputShape)")
    }
    let values = try examples.test.inputs.scalars(as: Double.self)
    let points = labels.indices.map { (values[2 * $0], values[2 * $0 + 1]) }
    let accuracy = (confusion.accuracy * 100).fixed(1)
    let picture = BoundaryPicture(
      "\(examples.source): \(accuracy) % right", points: points, labels: labels, classNames: saved.classNames)
    let places = Tensor(
      picture.places.flatMap { [Float($0.0), Float($0.1)] }, shape: [picture.places.count, 2])
    return picture.svg(try saved.model.probabilities(of: places))
  }
}
