import Datasets
import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct EpochLogTests {
  @discardableResult
  func train(epochs: Int, initialEpoch: Int = 0, metrics: [Metric] = [.accuracy], _ callbacks: [any Callback]) throws
    -> History
  {
    let model = Sequential([Dense(4, activation: .relu), Dense(2)])
    model.compile(
      optimizer: .adam(learningRate: .exponential(from: 0.01, factor: 0.5, every: 5)),
      loss: .sparseCategoricalCrossEntropy(fromLogits: true), metrics: metrics)
    return try model.fit(
      Points.moons(100, seed: 1), epochs: epochs, batchSize: 16, validation: .split(0.2), seed: 5,
      callbacks: callbacks, initialEpoch: initialEpoch, verbosity: .silent)
  }

  func lines(_ path: String) throws -> [String] {
    let text = String(decoding: try FileReader.read(path, limit: 1 << 20), as: UTF8.self)
    #expect(text.hasSuffix("\n"))
    return text.split(separator: "\n").map(String.init)
  }

  @Test func linesAreAsDocumented() {
    let record = EpochRecord(
      epoch: 1, seconds: 1.23456789, learningRate: 1e-5,
      values: ["loss": 0.5, "top, \"3\"": 0.25, "validation_loss": .nan, "peak": -.infinity])
    #expect(
      JSONEpochLines().line(record)
        == #"{"epoch":2,"seconds":1.234568,"learningRate":1e-05,"loss":0.5,"top, \"3\"":0.25,"validation_loss":null,"#
        + #""peak":null}"#)
    #expect(CSVEpochLines().line(record) == "2,1.234568,1e-05,0.5,0.25,nan,-inf")
    #expect(
      CSVEpochLines().heading(record.names)
        == #"epoch,seconds,learningRate,loss,"top, ""3""",validation_loss,peak"#)
    let plain = EpochRecord(epoch: 0, seconds: 2, values: ["loss": 1])
    #expect(JSONEpochLines().line(plain) == #"{"epoch":1,"seconds":2.0,"loss":1.0}"#)
    #expect(CSVEpochLines().line(plain) == "1,2.0,,1.0")
    #expect(CSVEpochLines().epoch(of: "12,2.0,,1.0") == 11)
    for number in ["0", "-1", "-9223372036854775808", "9223372036854775808", "x", ""] {
      #expect(CSVEpochLines().epoch(of: "\(number),2.0,,1.0") == nil)
    }
  }

  @Test func aLogSaysWhatTheHistorySays() throws {
    let folder = try TemporaryFolder()
    let json = JSONLinesLogger(to: folder("history.jsonl"))
    let history = try train(epochs: 3, [json, CSVLogger(to: folder("history.csv"))])
    let read = try History.load(fromLog: json.path)
    #expect(read.epochs.count == 3)
    for (found, expected) in zip(read.epochs, history.epochs) {
      #expect(found.epoch == expected.epoch && found.names == expected.names)
      #expect(found.names == ["loss", "accuracy", "validation_loss", "validation_accuracy"])
      for name in found.names { #expect(found[name] == expected[name]) }
    }
    // Five steps per epoch: the last step of the second epoch is step 9.
    #expect(history.epochs[1].learningRate == Schedule.exponential(from: 0.01, factor: 0.5, every: 5).rate(at: 9))
    let table = try lines(folder("history.csv"))
    #expect(table[0] == "epoch,seconds,learningRate,loss,accuracy,validation_loss,validation_accuracy")
    #expect(table.count == 4 && table[3].hasPrefix("3,"))
    // Another run replaces both.
    try train(epochs: 1, [json, CSVLogger(to: folder("history.csv"))])
    #expect(try lines(json.path).count == 1)
    #expect(try lines(folder("history.csv")).count == 2)
  }

  @Test(arguments: [0, 1, 2]) func aResumedRunGoesOnWithEachEpochOnce(_ damage: Int) throws {
    let folder = try TemporaryFolder()
    let (json, csv) = (folder("a.jsonl"), folder("a.csv"))
    func callbacks() -> [any Callback] {
      [JSONLinesLogger(to: json), CSVLogger(to: csv), Checkpoints(in: folder("run"), resumes: true)]
    }
    try train(epochs: 2, callbacks())
    let (first, table) = (try lines(json), try lines(csv))
    // Killed before or while the last line was written.
    let cut = damage == 0 ? first[1] + "\n" : damage == 1 ? "" : String(first[1].prefix(9))
    try folder.write(first[0] + "\n" + cut, "a.jsonl")
    try train(epochs: 4, callbacks())
    #expect(try lines(json).count == 4 && Array(lines(json)[..<2]) == first)
    #expect(try lines(csv).count == 5 && Array(lines(csv)[..<3]) == table)
    // A run that has nothing left to do still repairs its log.
    try folder.write(first[0] + "\n" + cut, "a.jsonl")
    try train(epochs: 4, callbacks())
    #expect(try History.load(fromLog: json).epochs.map(\.epoch) == [0, 1, 2, 3])
  }

  @Test func laterEpochsFollowEarlierOnes() throws {
    let folder = try TemporaryFolder()
    let callbacks: [any Callback] = [JSONLinesLogger(to: folder("a.jsonl")), CSVLogger(to: folder("a.csv"))]
    try train(epochs: 3, callbacks)
    let (first, table) = (try lines(folder("a.jsonl")), try lines(folder("a.csv")))
    try train(epochs: 4, initialEpoch: 2, callbacks)
    #expect(try History.load(fromLog: folder("a.jsonl")).epochs.map(\.epoch) == [0, 1, 2, 3])
    #expect(try Array(lines(folder("a.jsonl"))[..<2]) == Array(first[..<2]))
    #expect(try Array(lines(folder("a.csv"))[..<3]) == Array(table[..<3]) && lines(folder("a.csv")).count == 5)
    #expect(throws: FormatError.self) { try train(epochs: 5, initialEpoch: 4, metrics: [], callbacks) }
  }

  @Test func aCutLastLineIsForgivenAndNothingElse() throws {
    let folder = try TemporaryFolder()
    let whole = #"{"epoch":1,"seconds":1,"learningRate":0.1,"loss":null}"# + "\n"
    for cut in ["{", #"{"epoch":2"#, #"{"epoch":2,"seconds":1,"loss":0."#, ""] {
      let history = try History.load(fromLog: folder.write(whole + cut, "log"))
      #expect(history.epochs.count == 1 && history.epochs[0].learningRate == 0.1 && history["loss"][0].isNaN)
    }
    #expect(
      throws: FormatError.malformed(
        path: folder("log"), reason: "line 1 is not a JSON object with the number of an epoch (\"epoch\", from 1)")
    ) {
      try History.load(fromLog: folder.write("{}\n" + whole, "log"))
    }
  }

  /// As an editor of Windows saves a log.
  @Test func aByteOrderMarkAndOtherLineEndsAreRead() throws {
    let folder = try TemporaryFolder()
    let text = "\u{FEFF}{\"epoch\":1,\"loss\":2}\r\n\r\n{\"epoch\":2,\"loss\":1}\r\n"
    #expect(try History.load(fromLog: folder.write(text, "log"))["loss"] == [2, 1])
    let callbacks: [any Callback] = [JSONLinesLogger(to: folder("a.jsonl")), CSVLogger(to: folder("a.csv"))]
    try train(epochs: 3, callbacks)
    for name in ["a.jsonl", "a.csv"] {
      try folder.write("\u{FEFF}" + lines(folder(name)).joined(separator: "\r\n") + "\r\n", name)
    }
    try train(epochs: 4, initialEpoch: 2, callbacks)
    #expect(try History.load(fromLog: folder("a.jsonl")).epochs.map(\.epoch) == [0, 1, 2, 3])
    #expect(try lines(folder("a.csv")).map { $0.prefix(2) } == ["ep", "1,", "2,", "3,", "4,"])
  }

  @Test func aPathThatCannotBeWrittenIsFoundBeforeTraining() throws {
    let folder = try TemporaryFolder()
    for path in [folder("none/a.jsonl"), folder.path] {
      let counter = StepCount()
      #expect(throws: FormatError.self) { try train(epochs: 1, [JSONLinesLogger(to: path), counter]) }
      #expect(throws: FormatError.self) { try train(epochs: 1, [CSVLogger(to: path), counter]) }
      #expect(counter.steps == 0)
    }
  }

  private final class StepCount: Callback {
    var steps = 0
    func stepEnded(_ step: Int, _ run: TrainingRun) { steps += 1 }
  }
}
