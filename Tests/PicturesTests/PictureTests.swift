import NeuralNetworks
import Testing

@testable import Pictures

@Suite struct PictureTests {
  /// The values of an attribute of circles and texts.
  private func count(_ svg: String, _ part: String) -> Int {
    svg.indices.count { svg[$0...].hasPrefix(part) }
  }

  private let history = History(epochs: [
    EpochRecord(epoch: 0, seconds: 1, values: ["loss": 0.9, "accuracy": 0.6, "validation_loss": 1.0]),
    EpochRecord(epoch: 1, seconds: 1, values: ["loss": 0.5, "accuracy": 0.8, "validation_loss": 0.7]),
    EpochRecord(epoch: 2, seconds: 1, values: ["loss": 0.3, "accuracy": .nan, "validation_loss": 0.8]),
  ])

  @Test func curvesHaveAChartForEachValue() {
    let svg = HistoryPicture(history, title: "a < b").svg
    #expect(svg.contains(">loss<") && svg.contains(">accuracy<") && svg.contains("a &lt; b"))
    #expect(!svg.contains(">validation loss<"))
    #expect(svg.contains("validation, best 0.7000 at epoch 2"))
    #expect(count(svg, "<polyline") == 3)
    #expect(!svg.contains("nan"))
  }

  @Test func learningRatesAreDrawnWhereTheyChange() {
    func svg(_ rates: [Double?]) -> String {
      HistoryPicture(
        History(
          epochs: rates.enumerated().map { epoch, rate in
            EpochRecord(epoch: epoch, seconds: 1, learningRate: rate, values: ["loss": 1])
          })
      ).svg
    }
    #expect(svg([0.1, 0.05]).contains(">learning rate<"))
    #expect(!svg([0.1, 0.1]).contains(">learning rate<") && !svg([nil, nil]).contains(">learning rate<"))
  }

  @Test func oneEpochAndNoneAreDrawn() {
    let one = History(epochs: [EpochRecord(epoch: 0, seconds: 1, values: ["loss": 0.9])])
    #expect(HistoryPicture(one).svg.contains("<circle"))
    #expect(HistoryPicture(History()).svg.contains("no finished epoch"))
  }

  /// Two logs in one file, and the largest possible epoch numbers.
  @Test(arguments: [[0, 1, 0], [5, 2], [1 << 53, 1 << 53], [.max - 1]]) func epochsInAnyOrder(_ epochs: [Int]) {
    let svg = HistoryPicture(
      History(epochs: epochs.map { EpochRecord(epoch: $0, seconds: 1, values: ["loss": 1, "validation_loss": 2]) })
    ).svg
    #expect(svg.contains(">loss<") && !svg.contains("nan") && !svg.contains("inf"))
  }

  @Test func theBestIsWhatTrainingTakesForIt() {
    func svg(_ name: String) -> String {
      let epochs = [5.0, 1].enumerated().map { epoch, value in
        EpochRecord(epoch: epoch, seconds: 1, values: [name: value, "validation_" + name: value])
      }
      return HistoryPicture(History(epochs: epochs)).svg
    }
    for name in ["huber", "cross_entropy", "loss"] { #expect(svg(name).contains("best 1.0000 at epoch 2"), "\(name)") }
    for name in ["accuracy", "f1_2"] { #expect(svg(name).contains("best 5.0000 at epoch 1"), "\(name)") }
  }

  @Test func confusions() {
    let picture = ConfusionPicture([[48, 2, 0], [5, 45, 0], [0, 0, 0]], classNames: ["a&b", "c", "d"])
    #expect(abs(picture.accuracy - 0.93) < 1e-12)
    #expect(picture.precision(0) == 48.0 / 53 && picture.recall(0) == 0.96)
    #expect(picture.precision(2) == nil && picture.recall(2) == nil)
    let svg = picture.svg
    #expect(svg.contains("a&amp;b") && svg.contains(">48<") && svg.contains("93.00 % of 100"))
    #expect(ConfusionPicture([]).accuracy == 0)
    let many = (0..<40).map { row in (0..<40).map { $0 == row ? 77.0 : 0 } }
    #expect(!ConfusionPicture(many).svg.contains(">77<"))
  }

  @Test func boundaries() {
    let picture = BoundaryPicture(
      "xor", points: [(-1, -1), (1, 1), (-1, 1)], labels: [0, 0, 1], classNames: ["same", "other"])
    #expect(picture.places.count % BoundaryPicture.columns == 0)
    #expect(picture.places[0].0 < -1 && picture.places[0].1 > 1)
    let svg = picture.svg(picture.places.map { $0.0 * $0.1 > 0 ? [0.9, 0.1] : [0.1, 0.9] })
    #expect(count(svg, "<circle") == 3 && svg.contains("data:image/png;base64,") && svg.contains("other"))
  }

  @Test func sheets() {
    var sheet = ImageSheet("four", columns: 3)
    for index in 0..<4 { sheet.add(Bitmap(gray: [0, 1, 1, 0], width: 2), caption: "\(index)\nsecond") }
    #expect(count(sheet.svg, "<image") == 4 && count(sheet.svg, ">second<") == 4)
    #expect(sheet.bitmap.width == 8 + 3 * (84 + 8) && sheet.bitmap.height == 8 + 2 * (84 + 8))
    #expect(ImageSheet("none", columns: 3).svg.contains("none"))
  }

  @Test func weightsOfTheFirstLayer() throws {
    let dense = Sequential(inputShape: [4, 4]) {
      Flatten()
      Dense(5)
    }
    try dense.build(inputShape: [4, 4])
    #expect(count(try WeightSheet(dense).sheet.svg, "<image") == 5)
    let convolution = Sequential(inputShape: [2, 6, 6]) { Conv2D(3, kernel: 3) }
    try convolution.build(inputShape: [2, 6, 6])
    #expect(count(try WeightSheet(convolution).sheet.svg, "<image") == 6)
    #expect(try WeightSheet(convolution, limit: 4).sheet.svg.contains("4 of 6"))
    let plain = Sequential(inputShape: [3]) { Dense(2) }
    try plain.build(inputShape: [3])
    #expect(count(try WeightSheet(plain).sheet.svg, "<image") == 1)
    #expect(throws: ModelError.self) { try WeightSheet(Sequential(inputShape: [3]) { Flatten() }) }
  }

  @Test func pagesFetchNothing() {
    var page = RunPage("run <1>")
    page.add("facts", facts: [("device", "cpu & more")])
    page.add("curves", svg: HistoryPicture(history).svg, note: "a note")
    page.add("table", header: ["class", "recall"], rows: [["a", "1"]])
    let html = page.html
    #expect(html.hasPrefix("<!DOCTYPE html>") && html.contains("run &lt;1&gt;") && html.contains("cpu &amp; more"))
    #expect(html.contains("prefers-color-scheme:dark") && !html.contains("src=") && !html.contains("<script"))
    #expect(count(html, "http") == count(html, "http://www.w3.org/2000/svg"))
  }
}
