import ModelFormats
import Testing

@Suite("nn-bench")
struct BenchTests {
  @Test func whatIsMeasured() throws {
    let list = try Command.bench("--list").outputLines
    for title in [
      "matmul NN 64x64x64", "matmul NN 4096x4096x4096", "matmul NN 32x784x128", "matmul NN 128x784x128",
      "matmul TN 784x32x128", "matmul NT 32x128x784", "matmul NN 1x784x128", "matmul NN 32x128x10",
      "matmul NN 512x4096x1024", "training step 784-128-10 batch 32", "training step 784-128-10 batch 128",
    ] { #expect(list.contains(title), "\(title)") }
    for word in ["bias-add", "relu", "sum", "softmax", "cross-entropy", "copy", "adam step", "overhead add", "forward"]
    {
      #expect(list.contains { $0.contains(word) }, "\(word)")
    }
    #expect(!(try Command.bench("--list", "--quick").output.contains("4096x4096x4096")))
  }

  @Test(arguments: RoundTripTests.devices)
  func report(_ device: String) throws {
    let selection = ["--quick", "--filter", "32x128x10", "--filter", "overhead"]
    let titles = try Command.bench(selection + ["--list"]).outputLines
    let result = try Command.bench(selection + ["--json", "--device", device])
    try #require(result.status == 0, "\(result.error)")
    let report = try result.json
    #expect(report.keys == ["device", "threads", "peak", "results"])
    #expect(report["device"]?["used"]?.string == device)
    #expect(report["peak"]?.keys == ["gflops", "bfloat16Gflops", "integerGflops", "gbps"])
    #expect((report["peak"]?["gbps"]?.number ?? 0) > 0)
    let rows = report["results"]?.elements ?? []
    #expect(rows.count == titles.count && rows.count >= 4)
    for row in rows {
      #expect(
        row.keys == ["name", "shape", "medianMicroseconds", "minMicroseconds", "gflops", "gbps", "percentOfPeak"])
      let (median, minimum) = (row["medianMicroseconds"]?.number ?? 0, row["minMicroseconds"]?.number ?? 0)
      #expect(minimum > 0 && median >= minimum)
    }
    #expect((rows.first?["gflops"]?.number ?? 0) > 0)
  }

  /// The findings for a device are tested together with the tuner.
  @Test func tuningWantsAnOpenCLDevice() throws {
    let help = try Command.run("nn-bench", ["tune", "--help"])
    #expect(help.status == 0 && help.output.contains("--dry-run") && help.output.contains("--only"))
    expectFault(try Command.run("nn-bench", ["tune", "--device", "cpu"]), 64, "OpenCL")
  }

  @Test func threadsAreSet() throws {
    let report = try Command.bench("--json", "--quick", "--device", "cpu", "--threads", "1", "--filter", "1x784x128")
      .json
    #expect(report["threads"]?.number == 1)
    let table = try Command.bench("--quick", "--device", "cpu", "--filter", "1x784x128")
    #expect(table.output.contains("GFLOP/s") && table.output.contains("of peak"))
  }

  @Test(arguments: RoundTripTests.devices.filter { $0.hasPrefix("opencl:") })
  func profile(_ device: String) throws {
    let result = try Command.bench("--profile", "--json", "--quick", "--device", device)
    try #require(result.status == 0, "\(result.error)")
    let report = try result.json
    #expect(
      report.keys == ["device", "name", "microseconds", "busyMicroseconds", "hostMicroseconds", "launches", "commands"])
    let commands = report["commands"]?.elements ?? []
    let adam = try #require(commands.first { $0["name"]?.string == "adam" })
    #expect(adam.keys == ["name", "launchesPerStep", "microsecondsPerStep", "bytesPerStep", "gbps"])
    #expect(adam["launchesPerStep"]?.number == 1)
    // Parameters and two moments are read and written, gradients read.
    #expect((adam["bytesPerStep"]?.number ?? 0) >= 7 * 4 * 101_770)
    let (busy, total) = (report["busyMicroseconds"]?.number ?? 0, report["microseconds"]?.number ?? 0)
    #expect(busy > 0 && busy <= total && (report["hostMicroseconds"]?.number ?? 0) > 0)
    #expect(try Command.bench("--profile", "--quick", "--device", device).output.contains("adam"))
  }

  @Test func profilesNeedOpenCL() throws {
    let result = try Command.bench("--profile", "--device", "cpu")
    #expect(result.status == 64 && result.error.contains("OpenCL"))
  }
}
