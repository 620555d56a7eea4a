import TestSupport
import Testing

@testable import NeuralNetworks

/// Models and records with thousands of parts, in linear time.
@Suite struct ManyNamesTests {
  @Test func aSummaryOfManyLayers() throws {
    let model = Sequential((0..<20_000).map { _ in Dense(1) }, inputShape: [1])
    let seconds = try processorSeconds {
      let summary = try model.summary()
      #expect(summary.rows.count == 20_000 && summary.parameterCount == 40_000)
    }
    #expect(seconds < 10)
  }

  @Test func aGraphOfManyOutputs() throws {
    let input = Node.input([1])
    let output = Dense(1)(input)
    let seconds = try processorSeconds {
      let graph = Graph(inputs: [("x", input)], outputs: (0..<50_000).map { ("y\($0)", output) })
      let rows = try graph.summary().rows
      #expect(rows.count == 1)
    }
    #expect(seconds < 10)
  }

  @Test func namesOfRecordsAreToldApartByTheirBytes() {
    let record = EpochRecord(epoch: 0, seconds: 1, values: ["é": 1, "e\u{301}": 2, "é": 3])
    #expect(record["é"] == 1 && record["e\u{301}"] == 2 && record["none"] == nil)
    let same = EpochRecord(epoch: 0, seconds: 1, named: [("é", 1), ("e\u{301}", 2), ("é", 3)], like: record)
    #expect(same == record && same.hashValue == record.hashValue && same.names == record.names)
    let other = EpochRecord(epoch: 0, seconds: 1, named: [("e\u{301}", 1), ("e\u{301}", 2), ("é", 3)], like: record)
    #expect(other != record && other["é"] == 3)
  }
}
