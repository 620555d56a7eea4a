import HostSystem
import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

extension Command {
  /// The most memory that a command of `nn` had in use, in bytes; 0 where the system does not tell.
  static func peak(_ arguments: [String]) throws -> Int {
    var peak = 0
    let result = try run("nn", arguments) { child in
      while let now = peakMemory(of: "\(child)") {
        peak = max(peak, now)
        usleep(2000)
      }
    }
    #expect(result.status == 0, "\(arguments): \(result.error)")
    return peak
  }
}

/// A command takes at most three times the numbers that its file holds: what a large file takes on top of a small one is measured.
@Suite("Memory of commands", .enabled(if: hasOrdinaryAllocator))
struct CommandMemoryTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// - Parameters:
  ///   - bytes: What the numbers of the large file take.
  ///   - fixed: What else the command takes, however large the file.
  private func expectThreeTimes(
    _ bytes: Int, and fixed: Int = 4 << 20, _ command: [String], small: String, large: String,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let least = try Command.peak(command + [small])
    let taken = try Command.peak(command + [large]) - least
    #expect(
      least == 0 || taken <= 3 * bytes + fixed, "\(command.prefix(2)): \(taken) bytes for \(bytes)",
      sourceLocation: location)
  }

  /// Values that all differ: as text each would take ten times the memory of its row. A point for each in a picture, too.
  @Test func aTableOfValues() throws {
    let rows = 160_000
    func table(_ name: String, _ rows: Int) throws -> String {
      try folder.write((0..<rows).map { "0.5,\($0).25\n" }.joined(), name)
    }
    let (small, large) = (try table("small.csv", 100), try table("large.csv", rows))
    let model = folder("m.safetensors"), options = ["--dataset", "csv", "--device", "cpu", "--data"]
    try expectThreeTimes(
      8 * rows, ["train", "--epochs", "1", "--hidden", "none", "--batch-size", "8192", "--save", model] + options,
      small: small, large: large)
    let page = folder("page.html")
    // The page with a picture of 10,000 points.
    try expectThreeTimes(
      8 * rows, and: 12 << 20, ["report", "--model", model, "--out", page] + options, small: small, large: large)
    #expect(Command.read(page).contains("10000 of \(rows) examples"))
  }

  /// 63 MB of numbers to test on, and as many to train on, which only training reads.
  @Test func images() throws {
    func images(_ name: String, _ count: Int) throws -> String {
      try TinyImages(trainCount: count, testCount: count, size: 28).write(to: folder, in: name)
    }
    let (small, large) = (try images("small", 100), try images("large", 20_000))
    let model = folder("m.safetensors"), numbers = 4 * 28 * 28 * 20_000
    let options = ["--dataset", "mnist", "--device", "cpu", "--data"]
    let trained = try Command.nn(["train", "--epochs", "1", "--hidden", "none", "--save", model] + options + [small])
    try #require(trained.status == 0, "\(trained.error)")
    let test = "t10k-images-idx3-ubyte"
    for (command, bytes) in [
      (["evaluate"], numbers / 2), (["plot", "confusion", "--out", folder("c.svg")], numbers / 2),
    ] {
      try expectThreeTimes(bytes, command + ["--model", model] + options, small: small, large: large)
    }
    // Bytes become numbers when they are predicted.
    try expectThreeTimes(
      numbers / 4, ["predict", "--model", model, "--json", "--device", "cpu", "--input"], small: "\(small)/\(test)",
      large: "\(large)/\(test)")
  }

  /// Sixteen tensors of 4 MiB: the results take half of them, and only one is read at a time. Blocks of 2 MiB are aligned to
  /// their size, with gaps that may be as large. All tensors and all results would take more than 96 MiB.
  @Test func aConvertedFile() throws {
    func tensors(_ name: String, _ count: Int) throws -> String {
      let values = [Float](repeating: 0.5, count: count)
      try Safetensors.save((0..<16).map { ("\($0)", Tensor(values)) }, to: folder(name))
      return folder(name)
    }
    let (small, large) = (try tensors("small.safetensors", 16), try tensors("large.safetensors", 1 << 20))
    let command = ["convert", "--dtype", "bfloat16", "--out", folder("out.safetensors")]
    let least = try Command.peak(command + [small])
    let taken = try Command.peak(command + [large]) - least
    #expect(least == 0 || taken <= 96 << 20, "\(taken) bytes")
  }

  /// Only training needs what is there to train on.
  @Test func evaluationReadsTheTestPartAlone() throws {
    let data = try TinyImages().write(to: folder, in: "tiny")
    let model = folder("m.safetensors"), options = ["--dataset", "mnist", "--data", data, "--device", "cpu"]
    let trained = try Command.nn(["train", "--epochs", "1", "--save", model] + options)
    try #require(trained.status == 0, "\(trained.error)")
    let before = try Command.nn(["evaluate", "--model", model, "--json"] + options)
    try #require(unlink(folder("tiny/train-images-idx3-ubyte")) == 0)
    let after = try Command.nn(["evaluate", "--model", model, "--json"] + options)
    #expect(try after.status == 0 && after.json["test"] == before.json["test"], "\(after.error)")
    #expect(try Command.nn(["train", "--epochs", "1"] + options).status == 1)
  }
}
