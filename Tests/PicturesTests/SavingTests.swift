import Files
import ModelFormats
import NeuralNetworks
import Pictures
import TestSupport
import Testing

/// Pictures are saved in the format of the file extension. As in other programs, files are recognized by their first
/// bytes.
@Suite struct SavingTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private let history = HistoryPicture(History(epochs: [EpochRecord(epoch: 0, seconds: 1, values: ["loss": 0.9])]))

  private func text(_ name: String) throws -> String {
    String(decoding: try FileReader.read(folder(name), limit: 1 << 24), as: UTF8.self)
  }

  @Test func vectorGraphicsAreWhatTheProgramWouldPrint() throws {
    var chart = Chart("line", x: 0...1, y: 0...1)
    chart.line([(0, 0), (1, 1)], color: 0)
    let confusion = ConfusionPicture([[3, 1], [0, 4]])
    var sheet = ImageSheet("dots", columns: 1)
    sheet.add(Bitmap(gray: [0, 1], width: 2), caption: "dots")
    let boundary = BoundaryPicture("plane", points: [(0, 0), (1, 1)], labels: [0, 1], classNames: ["a", "b"])
    let probabilities = boundary.places.map { [Float($0.0), 1 - Float($0.0)] }
    let model = Sequential(inputShape: [4]) { Dense(2) }
    try model.build(inputShape: [4])
    let weights = try WeightSheet(model)
    let pictures: [(any Picture, String)] = [
      (history, history.svg), (chart, chart.svg), (confusion, confusion.svg), (sheet, sheet.svg),
      (boundary.picture(probabilities), boundary.svg(probabilities)), (weights, weights.sheet.svg),
      (try ModelPicture(model), try ModelPicture(model).svg),
    ]
    for (index, (picture, svg)) in pictures.enumerated() {
      try picture.save(to: folder("\(index).svg"))
      #expect(try text("\(index).svg") == svg)
      #expect(svg.hasPrefix("<svg"))
    }
  }

  @Test func bitmapsAreFilesOfPNG() throws {
    let bitmap = Bitmap(gray: [0, 0.5, 1, 0, 0.5, 1], width: 3)
    try bitmap.save(to: folder("dots.PNG"))
    var sheet = ImageSheet("dots", columns: 1)
    sheet.add(bitmap)
    try sheet.save(to: folder("sheet.png"))
    for (name, width) in [("dots.PNG", bitmap.width), ("sheet.png", sheet.bitmap.width)] {
      let bytes = try FileReader.read(folder(name), limit: 1 << 24)
      // PNG (ISO/IEC 15948): the signature, then the chunk IHDR with the width first.
      #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
      #expect(bytes[16..<20].elementsEqual([0, 0, UInt8(width >> 8), UInt8(width & 255)]))
    }
  }

  @Test func graphsAndPages() throws {
    let model = Sequential(inputShape: [4]) { Dense(2) }
    try ModelPicture(model).save(to: folder("model.dot"))
    #expect(try text("model.dot").hasPrefix("digraph"))
    var page = RunPage("run")
    page.add("Curves", svg: history.svg)
    try page.save(to: folder("run.html"))
    #expect(try text("run.html").hasPrefix("<!DOCTYPE html>"))
  }

  @Test(arguments: ["curves.png", "curves.jpeg", "curves", "svg", "curves.", "a.svg/curves", ".", ""])
  func aFormatThatThePictureLacksIsNamedWithThoseThatItHas(_ name: String) throws {
    let path = folder(name)
    #expect(throws: FormatError.file(path: path, reason: "expected a file name that ends with .svg")) {
      try history.save(to: path)
    }
  }

  @Test func aFileThatCannotBeWrittenIsNamed() throws {
    let error = #expect(throws: FormatError.self) { try history.save(to: folder("missing/curves.svg")) }
    #expect(error?.description.hasPrefix(folder("missing/curves.svg")) == true)
    try history.save(to: folder("curves.svg"))
    try HistoryPicture(History()).save(to: folder("curves.svg"))  // replaces the file
    #expect(try text("curves.svg") == HistoryPicture(History()).svg)
  }
}
