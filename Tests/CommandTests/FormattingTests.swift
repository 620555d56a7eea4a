import CommandSupport
import ModelFormats
import NeuralNetworks
import Testing

@testable import nn
@testable import Benchmarking

@Suite("Numbers, tables and pictures")
struct FormattingTests {
  @Test func numbersHaveFixedDecimals() {
    #expect(3.14159.fixed(2) == "3.14")
    #expect(0.005.fixed(1) == "0.0")
    #expect((-0.04).fixed(1) == "0.0")
    #expect((-2.55).fixed(0) == "-3")
    #expect(0.999.fixed(2) == "1.00")
    #expect(12.0.fixed(3) == "12.000")
    #expect(Double.nan.fixed(2) == "nan")
    #expect((-Double.infinity).fixed(2) == "-inf")
    #expect([0.6419, 6.419, 64.19, 641.9].map(\.short) == ["0.642", "6.42", "64.2", "642"])
  }

  @Test func columnsAreAligned() {
    var table = Table(["name": .left, "µs": .right])
    table.add(["matmul", "3"])
    table.add(["a", "1024"])
    #expect(table.lines == ["name      µs", "matmul     3", "a       1024"])
  }

  @Test func picturesShadeTwoRowsOfPixelsInALine() {
    let picture = TextPicture([0, 1, 0, 0.5, 0, 0, 0, 0, 1], height: 3, width: 3)
    #expect(picture.lines == ["+@ ", "  @"])
    #expect(TextPicture([1, 1], height: 1, width: 2).lines.isEmpty, "one shade is no picture")
    #expect(TextPicture([0, 0, 0, 0, 9, 0, 0, 0], height: 8, width: 1).lines == ["@"], "no blank lines around it")
  }

  @Test func verdictsStandNextToThePicture() {
    let prediction = Prediction(index: 4, probabilities: [0.25, 0.75], label: 0)
    let lines = prediction.lines(["cat", "horse"], picture: nil)
    #expect(lines[0] == "example 4: horse, wrong: it is cat")
    let picture = TextPicture([0, 1], height: 1, width: 2)
    let sideBySide = prediction.lines(["cat", "horse"], picture: picture)
    #expect(sideBySide == ["       " + lines[0], "   @   " + lines[1], "       " + lines[2]])
    #expect(lines[1].contains("horse   75.0 %") && lines[2].contains("cat     25.0 %"))
  }

  /// As in every other report.
  @Test func numbersThatJSONLacksAreNull() throws {
    let prediction = Prediction(index: 1, probabilities: [.nan, .infinity, 0.5], label: nil)
    let text = try prediction.json(["a", "b", "c"]).text()
    #expect(text.contains("\"probabilities\":[null,null,0.5]"), "\(text)")
    let value = ValuePrediction(index: 1, value: -.infinity, label: .nan)
    #expect(try value.json.text() == #"{"index":1,"value":null,"label":null}"#)
  }

  /// What is wrong with a piece of a report is an error of the report.
  @Test func errorsInPiecesOfAReportAreThrown() {
    let pieces: [JSONValue] = [.integer(1), .array([.number(.nan)])]
    #expect(throws: JSONError.self) {
      try Console.output(joining: pieces.lazy.map { piece in Result { try piece.text() } })
    }
  }
}

@Suite("What commands compute themselves")
struct ArithmeticTests {
  @Test func wordsOfTheCommandLine() throws {
    #expect(try HiddenLayers(word: "128,64").widths == [128, 64])
    #expect(try HiddenLayers(word: "none").widths.isEmpty)
    #expect(try Positions(word: "0,7,100-102").positions == [0, 7, 100, 101, 102])
    for word in ["", ",", "1,", "-1", "1-", "3-1", "1-2-3", "a"] {
      #expect(throws: (any Error).self) { try Positions(word: word) }
    }
    for word in ["", "1,,2", "0", "1.5", " 1"] { #expect(throws: (any Error).self) { try Extents(word: word) } }
    for word in ["auto", "cpu", "gpu", "opencl:0:1"] { #expect(try DeviceRequest(word: word).description == word) }
    for word in ["", "GPU", "opencl", "opencl:0", "opencl:0:-1", "opencl:0:x", "opencl:0:0:0", "cuda:0:0"] {
      #expect(throws: (any Error).self) { try DeviceRequest(word: word) }
    }
  }

  /// The scaling of tables in files of version 0.1, and in files of images.
  @Test func scalingIsAppliedAndRemoved() throws {
    let scaling = InputScaling(shift: [3, 5], factor: [0.6123724, 1])
    let raw = Tensor([1, 5, 3, 5, 5, 5], shape: [3, 2])
    let scaled = scaling.applied(to: raw)
    let expected: [Float] = [-1.2247, 0, 0, 0, 1.2247, 0]
    #expect(try zip(scaled.scalars(), expected).allSatisfy { ($0 - $1).magnitude < 1e-4 })
    #expect(try zip(scaling.removed(from: scaled).scalars(), raw.scalars()).allSatisfy { ($0 - $1).magnitude < 1e-5 })
    #expect(throws: Failure.self) { try scaling.check([3], of: "table.csv") }
    #expect(throws: Never.self) { try InputScaling.pixels.check([28, 28], of: "images") }
  }

  @Test func quartilesOfMeasurements() {
    let measurement = Measurement([5, 1, 3, 2, 4])
    #expect(measurement.minimum == 1 && measurement.median == 3)
    #expect(measurement.spread == 2.0 / 3)
    #expect(Measurement([1, 2]).median == 1.5)
    #expect(Measurement([7]).spread == 0)
  }

  @Test func percentagesComeFromThePeakThatLimits() {
    let peak = Peak(gflops: 100, gbps: 10)
    func row(_ work: Work?) -> Row {
      Row(Case(name: "case", shape: "1", work: work) { _ in { nil } }, Measurement([0.1]), peak)
    }
    #expect(row(.operations(5e9)).percentOfPeak == 50)
    #expect(row(.operations(5e9)).gbps == nil)
    #expect(row(.bytes(5e8)).percentOfPeak == 50)
    #expect(row(.bytes(1e6)).percentOfPeak == nil, "what fits in a cache is not held against the memory")
    #expect(row(nil).gflops == nil)
    #expect(row(.operations(5e9, of: .bfloat16)).percentOfPeak == 50)
    let withPairs = Peak(gflops: 100, bfloat16Gflops: 200, gbps: 10)
    func percent(_ type: DType) -> Double? {
      let item = Case(name: "case", shape: "1", work: .operations(5e9, of: type)) { _ in { nil } }
      return Row(item, Measurement([0.1]), withPairs).percentOfPeak
    }
    #expect(percent(.bfloat16) == 25 && percent(.float16) == 50 && percent(.float32) == 50)
  }
}
