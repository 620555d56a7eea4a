import ArgumentParser
import BackendCPU
import CommandSupport
import ModelFormats
import NeuralNetworks

/// `nn-bench`; `nn` answers to that name too, so that one file can be both.
package struct NNBench: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "nn-bench", abstract: "Measures the operations of a device against what the machine can do at most.",
    discussion: """
      Every time is the median of batches of calls, with the wait for the device inside the clock. The peak is measured in \
      the same run: a loop of fused multiply-adds and a copy. Exit codes: 1 a failed measurement, 3 no such \
      device, 64 a wrong command line or a debug build.
      """,
    subcommands: [Tune.self, Images.self])

  @OptionGroup var device: DeviceOptions

  @Option(help: "Measure only what has this text in its name or shape; may be given several times.")
  var filter: [String] = []

  @Option(help: "Threads of the CPU backend (default: all processors).")
  var threads: Int?

  @Flag(help: "List what can be measured, and stop.")
  var list = false

  @Flag(help: "Time every kernel of a training step of the default model, on an OpenCL device, and nothing else.")
  var profile = false

  @Option(help: "Examples in a step of --profile.")
  var batch = 32

  @Flag(help: "Print one JSON object; progress goes to standard error.")
  var json = false

  @Flag(help: "Fewer and shorter runs, without the large shapes.")
  var quick = false

  @Flag(help: "Measure a debug build all the same; its numbers mean nothing.")
  var allowDebug = false

  package init() {}

  package func run() throws {
    let cases = try selection()
    if list { return cases.forEach { Console.output($0.title) } }
    try refuseDebugBuild()
    if let threads {
      guard (1...1024).contains(threads) else { throw Failure.usage("--threads \(threads): expected 1 to 1024") }
      setEnvironment("NN_NUM_THREADS", String(threads))
    }
    if profile {
      guard (1...65536).contains(batch) else { throw Failure.usage("--batch \(batch): expected 1 to 65536") }
      let profile = try Profile.measure(on: device.resolve(), batch: batch, quick: quick)
      if json { try Console.output(profile.json) } else { profile.lines.forEach { Console.output($0) } }
      return
    }
    let report = try measure(cases)
    if json { try Console.output(report.json) } else { report.lines.forEach { Console.output($0) } }
  }

  private func selection() throws -> [Case] {
    let cases = Case.all.filter { item in
      !(quick && item.isLarge) && (filter.isEmpty || filter.contains { item.title.contains($0) })
    }
    guard !cases.isEmpty else {
      throw Failure.usage("nothing has \(filter.map { "'\($0)'" }.joined(separator: " or ")) in its name; see --list")
    }
    return cases
  }

  private func refuseDebugBuild() throws {
    #if DEBUG
    guard allowDebug else {
      throw Failure.usage("this is a debug build, whose numbers mean nothing; build with -c release (or --allow-debug)")
    }
    #endif
  }

  private func measure(_ cases: [Case]) throws -> Report {
    let device = try self.device.resolve()
    let effort = quick ? Effort.quick : .full
    let threads = (device.device.backend as? CPUBackend)?.threadCount
    let before = try Peak.measure(on: device.device, effort)
    var measured: [(item: Case, measurement: Measurement)] = []
    for (index, item) in cases.enumerated() {
      if let seconds = expectedSeconds(item, measured), seconds > Self.longestCall {
        Console.error("left out: \(item.title), a call would take about \(seconds.fixed(0)) s")
        continue
      }
      Console.progress("\(index + 1)/\(cases.count) \(item.title)")
      measured.append((item, try item.measure(on: device.device, effort)))
      device.device.trimMemory()
      Console.progress(nil)
    }
    // Measured once more, because a start that something else disturbed would make every part of it look large.
    let peak = before.larger(try Peak.measure(on: device.device, effort))
    let rows = measured.map { Row($0.item, $0.measurement, peak) }
    return Report(device: device, threads: threads, peak: peak, rows: rows)
  }

  /// Seconds of one call that nobody waits for.
  private static let longestCall = 20.0

  /// What a call takes at the rate of the last such case; nil where nothing is known.
  private func expectedSeconds(_ item: Case, _ measured: [(item: Case, measurement: Measurement)]) -> Double? {
    guard case .operations(let operations, _) = item.work else { return nil }
    for (known, measurement) in measured.reversed() {
      if case .operations(let work, _) = known.work { return operations / work * measurement.median }
    }
    return nil
  }
}
