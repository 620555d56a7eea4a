import CommandSupport
import ModelFormats
import NeuralNetworks
import Pictures

/// A trained classifier and its predictions for the test examples of a data set.
struct TestedModel {
  let saved: SavedModel
  let examples: Examples
  /// The class of each test example.
  let labels: [Int32]
  /// The most likely class of each example.
  let predictions: [Int32]
  /// The probability of the predicted class of each example.
  let sureness: [Float]

  /// Tests a model.
  /// - Throws: `Failure` for a model that predicts values, or for examples that do not fit the model.
  init(_ saved: SavedModel, _ data: DataOptions) throws {
    try saved.requireClasses()
    self.saved = saved
    examples = try data.load(.test, for: saved).prepared(for: saved, file: saved.file)
    labels = try examples.test.targets.scalars(as: Int32.self)
    var (predictions, sureness): ([Int32], [Float]) = ([], [])
    predictions.reserveCapacity(labels.count)
    sureness.reserveCapacity(labels.count)
    let inputs = examples.test.inputs, part = 4096
    for start in stride(from: 0, to: labels.count, by: part) {
      for row in try saved.model.probabilities(of: inputs[start..<min(start + part, labels.count)]) {
        let best = row.indices.max { row[$0] < row[$1] } ?? 0
        predictions.append(Int32(best))
        sureness.append(row[best])
      }
    }
    (self.predictions, self.sureness) = (predictions, sureness)
  }

  var confusion: ConfusionPicture {
    let classes = saved.classNames.count
    var counts = [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
    for (label, prediction) in zip(labels, predictions) { counts[Int(label)][Int(prediction)] += 1 }
    return ConfusionPicture(counts, classNames: saved.classNames)
  }

  /// Whether examples can be drawn: as grayscale images, or as images with three color channels.
  var hasImages: Bool {
    let shape = examples.inputShape
    return shape.count == 2 || (shape.count == 3 && (shape[0] == 1 || shape[0] == 3))
  }

  /// The misclassified examples, the most confident predictions first.
  var mistakes: [Int] {
    labels.indices.filter { labels[$0] != predictions[$0] }
      .sorted { (sureness[$0], $1) > (sureness[$1], $0) }
  }

  /// Returns the misclassified images.
  /// - Throws: `Failure` for examples that are not images.
  func mistakeSheet(limit: Int) throws -> ImageSheet {
    guard hasImages else {
      throw Failure("\(examples.source): expected pictures, found inputs of the shape \(examples.inputShape)")
    }
    let mistakes = mistakes, shown = Array(mistakes.prefix(limit))
    let which = shown.count < mistakes.count ? ", the surest \(shown.count)" : ""
    var sheet = ImageSheet("\(mistakes.count) of \(labels.count) predicted wrongly\(which)", columns: 8)
    let inputs = examples.test.inputs
    for index in shown {
      let raw = saved.scaling == .pixels ? inputs[index] : saved.scaling.removed(from: inputs[index])
      let (taken, right) = (saved.classNames[Int(predictions[index])], saved.classNames[Int(labels[index])])
      let percent = (Double(sureness[index]) * 100).fixed(0)
      sheet.add(try picture(raw), caption: "\(taken), \(percent) %\nis \(right)")
    }
    return sheet
  }

  private func picture(_ image: Tensor) throws -> Bitmap {
    let values = try image.scalars(), width = image.shape[image.rank - 1]
    // Images outside of 0 to 1 are drawn from their minimum to their maximum.
    let (low, high) = (min(values.min() ?? 0, 0), max(values.max() ?? 1, 1))
    let numbers = values.map { ($0 - low) / (high - low) }
    return image.rank == 3 && image.shape[0] == 3
      ? Bitmap(planes: numbers, width: width) : Bitmap(gray: numbers, width: width)
  }

  /// Whether the inputs are points in the plane.
  var hasPlane: Bool { examples.inputShape == [2] }

  /// Returns the picture of the predicted classes in the plane.
  /// - Throws: `Failure` for inputs that are not two numbers.
  func boundary() throws -> String {
    guard hasPlane else {
      throw Failure("\(examples.source): expected inputs of two numbers, found the shape \(examples.inputShape)")
    }
    let shown = DrawnExamples.places(of: labels.count)
    let points = try shown.map { place in
      let point = try examples.test.inputs[place].scalars(as: Double.self)
      return (point[0], point[1])
    }
    let accuracy = (confusion.accuracy * 100).fixed(1)
    let picture = BoundaryPicture(
      "\(examples.source): \(accuracy) % right\(DrawnExamples.note(of: labels.count))", points: points,
      labels: shown.map { Int(labels[$0]) }, classNames: saved.classNames)
    let places = Tensor(
      picture.places.flatMap { [Float($0.0), Float($0.1)] }, shape: [picture.places.count, 2])
    return picture.svg(try saved.model.probabilities(of: places))
  }
}

/// A trained regression model and its predictions for the test examples of a data set.
struct TestedValues {
  let saved: SavedModel
  let examples: Examples
  private let predicted: [Float]
  private let actual: [Float]

  init(_ saved: SavedModel, _ data: DataOptions) throws {
    self.saved = saved
    examples = try data.load(.test, for: saved).prepared(for: saved, file: saved.file)
    predicted = try saved.model.values(of: examples.test.inputs)
    actual = try examples.test.targets.scalars()
  }

  var errors: RegressionErrors { RegressionErrors(predicted: predicted, actual: actual) }

  var picture: PredictionPicture {
    let shown = DrawnExamples.places(of: actual.count)
    return PredictionPicture(
      predicted: shown.map { Double(predicted[$0]) }, actual: shown.map { Double(actual[$0]) },
      title: "\(examples.source): R² \(NumberText.short(errors.r2))\(DrawnExamples.note(of: actual.count))")
  }
}

/// The examples drawn as points of a picture: if there are many, some at equal distances. A million points take a
/// hundred megabytes of SVG, which no browser opens, and cover one another.
enum DrawnExamples {
  static let most = 10_000

  /// The positions of the drawn examples among `count` examples.
  static func places(of count: Int) -> [Int] {
    let shown = min(count, most)
    return (0..<shown).map { $0 * count / shown }
  }

  /// A note for the title of a picture: ", 10000 of 250000 examples"; empty if all are drawn.
  static func note(of count: Int) -> String { count > most ? ", \(most) of \(count) examples" : "" }
}
