import ArgumentParser
import CommandSupport
import HostSystem
import ImageFiles

/// `nn-bench images`: the time to decode and resize pictures.
struct Images: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Times decoding and resizing the pictures of a folder with a folder for each class.",
    discussion: """
      Each pass reads all pictures in batches of 50, as float32 from 0 to 1. The first pass, which fills the cache of \
      the system, is not counted. Benchmarks/peers/images.py makes such a folder, and compares with Pillow.
      """)

  @Argument(help: "The folder.", completion: .directory)
  var folder: String

  @Option(help: "The height and width of the resized pictures.")
  var size = 224

  // `--threads` and `--json` would belong to `nn-bench`.
  @Option(help: "Threads that decode (default: all processors).")
  var decoders: Int?

  @Flag(help: "Decode large JPEG files at 1/2, 1/4, or 1/8 of their size.")
  var reduced = false

  @Option(help: "The number of passes.")
  var passes = 9

  func validate() throws {
    guard (1...4096).contains(size) else { throw ValidationError("--size \(size): expected 1 to 4096") }
    if let decoders, !(1...1024).contains(decoders) {
      throw ValidationError("--decoders \(decoders): expected 1 to 1024")
    }
    guard (1...1000).contains(passes) else { throw ValidationError("--passes \(passes): expected 1 to 1000") }
  }

  func run() throws {
    let data = try ImageFolder(folder, height: size, width: size, reducedDecoding: reduced, threads: decoders)
    func pass() throws -> Double {
      let start = monotonicSeconds()
      for first in stride(from: 0, to: data.count, by: 50) {
        _ = try data.batch(at: Array(first..<min(first + 50, data.count)))
      }
      return (monotonicSeconds() - start) / Double(data.count) * 1000
    }
    _ = try pass()
    let times = Measurement(try (0..<passes).map { _ in try pass() })
    let (median, minimum) = (times.median.fixed(3), times.minimum.fixed(3))
    Console.output("\(data.count) pictures at \(size)x\(size): \(median) ms each (\(minimum) at least)")
  }
}
