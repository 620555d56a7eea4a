import CommandSupport
import NeuralNetworks
import Pictures

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
