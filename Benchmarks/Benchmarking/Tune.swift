import HostSystem
import ArgumentParser
import CommandSupport
import ModelFormats
import NeuralNetworks

#if OpenCL
import BackendOpenCL
#endif

/// `nn-bench tune`: the fastest kernels for matrix products on a device.
struct Tune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the fastest matrix products of an OpenCL device, and keeps them for later starts.",
    discussion: """
      For products of each size all ways to compute them are tried. One that computes anything but the exact result is \
      refused. The winners are kept in the cache folder ($XDG_CACHE_HOME/swift-nn or ~/.cache/swift-nn) for this device and \
      driver; remove the file to go back to the table that is shipped. Results of products may differ in their last bits \
      after tuning, because sums are made in another order.
      """)

  @OptionGroup var device: DeviceOptions

  @Option(help: "Tune only this class of sizes; may be given several times. \(Tune.classes)")
  var only: [String] = []

  @Flag(help: "Print what would be kept, and keep nothing.")
  var dryRun = false

  #if OpenCL
  private static var classes: String { "One of \(MatmulTuner.classes.joined(separator: ", "))." }

  func run() throws {
    let resolved = try device.resolve()
    guard let backend = resolved.device.backend as? OpenCLBackend else {
      throw Failure.usage("\(resolved.text) is no OpenCL device; only those are tuned")
    }
    for name in only where !MatmulTuner.classes.contains(name) {
      throw Failure.usage("--only \(name): expected one of \(MatmulTuner.classes.joined(separator: ", "))")
    }
    let tuner = try MatmulTuner(backend.device, seconds: monotonicSeconds)
    var table = Table([
      "products": .left, "fastest": .left, "GFLOP/s": .right, "as shipped": .left, "GFLOP/s ": .right,
      "refused": .left,
    ])
    for name in MatmulTuner.classes where only.isEmpty || only.contains(name) {
      Console.progress("tuning \(name) products")
      let found = try tuner.tune(name)
      Console.progress(nil)
      table.add([
        found.name, found.best, found.bestGflops.short, found.shipped, found.shippedGflops.short,
        found.refused.joined(separator: "; "),
      ])
    }
    Console.output("device \(resolved.text)")
    Console.output("tensor cores \(tuner.tensorCores)")
    table.lines.forEach { Console.output($0) }
    if dryRun { return }
    guard let path = tuner.store() else { throw Failure("the table cannot be written to the cache folder") }
    Console.output("kept in \(path)")
  }
  #else
  private static var classes: String { "" }

  func run() throws { throw Failure.usage("built without the OpenCL trait; there is nothing to tune") }
  #endif
}
