import Datasets
import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct TensorBoardTests {
  private func train(_ folder: String, epochs: Int, checkpoints: String? = nil, histograms: Bool = false) throws
    -> (model: Sequential, history: History)
  {
    let model = Sequential([Dense(4, activation: .relu), Dense(2)])
    model.compile(
      optimizer: .adam(learningRate: .exponential(from: 0.01, factor: 0.5, every: 5)),
      loss: .sparseCategoricalCrossEntropy(fromLogits: true), metrics: [.accuracy])
    let saver = checkpoints.map { Checkpoints(in: $0, resumes: true) }
    let history = try model.fit(
      Points.moons(100, seed: 1), epochs: epochs, batchSize: 16, validation: .split(0.2), seed: 5,
      callbacks: [TensorBoardLogger(in: folder, histograms: histograms)] + (saver.map { [$0] } ?? []),
      verbosity: .silent)
    return (model, history)
  }

  /// The event files of a folder, the earliest first.
  private func files(_ folder: String) throws -> [String] {
    try Folder.names(in: folder).map { Folder.join(folder, $0) }
  }

  @Test func checksumsAreThoseOfRFC3720() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([]) == 0)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(CRC32C.checksum(Array((0..<32).reversed())) == 0x113F_DB5C)
    // 0xE3069283 rotated right by 15 bits is 0x2507C60D.
    #expect(CRC32C.masked(Array("123456789".utf8)) == 0x2507_C60D &+ 0xA282_EAD8)
  }

  @Test func fieldsAreEncodedAsInTheSpecification() {
    var message = ProtocolBuffer()
    message.add(1, 150)
    message.add(2, "testing")
    #expect(message.bytes == [0x08, 0x96, 0x01, 0x12, 0x07] + Array("testing".utf8))
    var numbers = ProtocolBuffer()
    numbers.add(3, Float(1))
    numbers.add(4, -2.0)
    numbers.add(6, [0.5])
    numbers.add(5, -1)
    #expect(
      numbers.bytes == [0x1D, 0, 0, 0x80, 0x3F, 0x21, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0x32, 8, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F]
        + [0x28] + [UInt8](repeating: 0xFF, count: 9) + [1])
    var outer = ProtocolBuffer()
    outer.add(16, message)
    #expect(outer.bytes == [0x82, 0x01, 12] + message.bytes)
  }

  @Test func aFileBeginsWithItsVersionAndEachEntryIsFramed() throws {
    let folder = try TemporaryFolder()
    _ = try train(folder.path, epochs: 3)
    for (name, entries) in [("train", 5), ("validation", 5)] {
      let paths = try files(folder(name))
      #expect(paths.count == 1 && paths[0].contains("/events.out.tfevents."))
      var rest = try FileReader.read(paths[0], limit: 1 << 20)[...]
      var messages: [[UInt8]] = []
      while !rest.isEmpty {
        let length = Int(littleEndian(Array(rest.prefix(8)), 0) as UInt64)
        let crc: UInt32 = littleEndian(Array(rest.dropFirst(8).prefix(4)), 0)
        #expect(crc == CRC32C.masked(Array(rest.prefix(8))))
        let message = Array(rest.dropFirst(12).prefix(length))
        let messageCRC: UInt32 = littleEndian(Array(rest.dropFirst(12 + length).prefix(4)), 0)
        #expect(messageCRC == CRC32C.masked(message))
        messages.append(message)
        rest = rest.dropFirst(16 + length)
      }
      #expect(messages.count == entries)
      // After the time: field 3, "brain.Event:2".
      #expect(Array(messages[0].dropFirst(9)) == [0x1A, 13] + Array("brain.Event:2".utf8))
    }
  }

  @Test func histogramsCountWhatIsFinite() {
    let histogram = ValueHistogram([1, 2, 2, 4, .nan, .infinity])
    #expect(histogram.counts.reduce(0, +) == 4 && histogram.counts[0] == 1 && histogram.counts[29] == 1)
    #expect(histogram.minimum == 1 && histogram.maximum == 4 && histogram.sum == 9 && histogram.sumOfSquares == 25)
    #expect(histogram.limits.count == 30 && histogram.limits[29] == 4)
    let one = ValueHistogram([3, 3])
    #expect(one.counts.reduce(0, +) == 2 && one.limits[29] == 3.5)
    #expect(ValueHistogram([]).counts.reduce(0, +) == 0)
  }

  /// The files of a folder in the order in which readers take them, each with the times of its entries.
  private func times(_ folder: String) throws -> [(name: String, times: [Double])] {
    try Folder.names(in: folder).sorted().map { name in
      var rest = try FileReader.read(Folder.join(folder, name), limit: 1 << 20)[...]
      var times: [Double] = []
      while !rest.isEmpty {
        let length = Int(littleEndian(Array(rest.prefix(8)), 0) as UInt64)
        // Field 1, a double: the time comes first.
        #expect(rest[rest.startIndex + 12] == 0x09)
        times.append(Double(bitPattern: littleEndian(Array(rest.dropFirst(13).prefix(8)), 0)))
        rest = rest.dropFirst(16 + length)
      }
      return (name, times)
    }
  }

  private func log(_ folder: String, at time: Double, epochs: Int = 2) throws {
    let model = Sequential([Dense(2)])
    model.compile(optimizer: .sgd(), loss: .crossEntropy())
    try model.fit(
      Points.moons(20), epochs: epochs, callbacks: [TensorBoardLogger(in: folder, histograms: false, clock: { time })],
      verbosity: .silent)
  }

  @Test(arguments: [-1e300, -86_400.5, -0.0, 0, 0.25, 1.8e9, 1e300])
  func aClockMayShowAnyTime(_ time: Double) throws {
    let folder = try TemporaryFolder()
    try log(folder.path, at: time)
    let files = try times(folder("train"))
    #expect(files.count == 1 && files[0].times == [time, time, time, time])
    let parts = files[0].name.split(separator: ".")
    #expect(files[0].name.hasPrefix("events.out.tfevents.") && parts.count == 6, "\(files[0].name)")
    #expect(parts[3].allSatisfy(\.isNumber) && parts[4].allSatisfy(\.isNumber) && parts[4].count == 6)
  }

  /// A later run is read after an earlier one, though the clock has gone back to before 1970 in between.
  @Test func aClockMayGoBackBetweenRuns() throws {
    let folder = try TemporaryFolder()
    let clock = [1.8e9, -5, 1.7e9, 1.8e9, 1.9e9]
    for time in clock { try log(folder.path, at: time) }
    let files = try times(folder("train"))
    #expect(files.map { $0.times[0] } == clock, "\(files.map(\.name))")
  }

  // MARK: TensorBoard's own reader

  private static let reading = """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    for folder in sys.argv[1:]:
        events = EventAccumulator(folder, size_guidance={'scalars': 0, 'histograms': 0})
        events.Reload()
        for tag in sorted(events.Tags()['scalars']):
            print(tag, *(f'{e.step}:{e.value!r}' for e in events.Scalars(tag)))
        for tag in sorted(events.Tags()['histograms']):
            for e in events.Histograms(tag):
                h = e.histogram_value
                print(tag, e.step, h.num, np.float32(h.min), np.float32(h.max), len(h.bucket), sum(h.bucket))
    """

  private func line(_ tag: String, _ values: [Double]) -> String {
    tag + values.enumerated().map { " \($0 + 1):\(Double(Float($1)))" }.joined()
  }

  private func expected(_ history: History) -> [String] {
    [
      line("accuracy", history["accuracy"]), line("learning_rate", history.epochs.map { $0.learningRate ?? .nan }),
      line("loss", history["loss"]), line("accuracy", history["validation_accuracy"]),
      line("loss", history["validation_loss"]),
    ]
  }

  /// Numbers as Swift prints them: Python also writes "1e-05", and all digits.
  private func lines(_ folder: TemporaryFolder) throws -> [String]? {
    try Python.run(Self.reading, [folder("train"), folder("validation")])?.split(separator: "\n").map(String.init)
  }

  @Test func tensorBoardReadsTheCurves() throws {
    let folder = try TemporaryFolder()
    let (_, history) = try train(folder.path, epochs: 3)
    guard let found = try lines(folder) else { return }
    #expect(found == expected(history))
  }

  @Test func anotherRunTakesThePlaceOfTheFirst() throws {
    let folder = try TemporaryFolder()
    _ = try train(folder.path, epochs: 4)
    let (_, history) = try train(folder.path, epochs: 2)
    guard let found = try lines(folder) else { return }
    #expect(found == expected(history))
  }

  @Test func aRunThatWasKilledAndResumedHasEachEpochOnce() throws {
    let folder = try TemporaryFolder()
    _ = try train(folder.path, epochs: 3, checkpoints: folder("run"))
    // Killed after two epochs had been saved: the third epoch and half of an entry are in the file.
    try Folder.remove(folder("run/step-00000015.safetensors"))
    for name in ["train", "validation"] {
      let path = try files(folder(name))[0]
      let bytes = try FileReader.read(path, limit: 1 << 20)
      try FileAppender(path).append(Array(bytes.suffix(30).prefix(20)))
    }
    let (_, history) = try train(folder.path, epochs: 5, checkpoints: folder("run"))
    #expect(try files(folder("train")).count == 2)
    guard let found = try lines(folder) else { return }
    #expect(found == expected(history))
  }

  @Test func tensorBoardReadsTheDistributions() throws {
    let folder = try TemporaryFolder()
    let (model, _) = try train(folder.path, epochs: 2, histograms: true)
    guard let found = try lines(folder) else { return }
    for (path, parameter) in model.parameters {
      let values = try parameter.value.scalars()
      let start =
        "\(path) 2 \(Double(values.count)) \(values.min() ?? 0) \(values.max() ?? 0) 30 \(Double(values.count))"
      #expect(found.contains(start), "\(start) is not among \(found)")
    }
  }
}
