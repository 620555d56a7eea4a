import HostSystem
import TestSupport
import Testing

@Suite("Messages that name what is wrong")
struct MessageTests {
  @Test func everyCommandReportsAnInvalidVariableInOneLine() throws {
    var variables = ["NN_CPU_ISA=foo", "NN_NUM_THREADS=abc"]
    #if OpenCL
    variables += ["NN_OPENCL_KERNELS=bar", "NN_KERNELS_DIR=/nowhere", "NN_OPENCL_FRAGMENTS=yes"]
    #endif
    let launcher = ["/usr/bin/env"] + variables
    for command in [
      ["--version"], ["summary"], ["devices"],
      ["train", "--dataset", "xor", "--limit", "64", "--epochs", "1", "--device", "cpu"],
    ] {
      let result = try Command.run("nn", command, launcher: launcher)
      #expect(result.status == 0, "\(command): \(result.error)")
      let lines = result.errorLines.filter { $0.contains("NN_") }
      #expect(
        Set(lines.compactMap { $0.split(separator: " ").first { $0.hasPrefix("NN_") }.map(String.init) })
          == Set(variables) && lines.count == variables.count, "\(command): \(result.error)")
    }
    let bench = try Command.run("nn-bench", ["--list"], launcher: launcher)
    #expect(bench.errorLines.count == variables.count, "\(bench.error)")
    #expect(try Command.run("nn", ["--version"], launcher: ["/usr/bin/env", "NN_NUM_THREADS=2"]).error.isEmpty)
  }

  /// The layers are known, but do not fit together.
  @Test func anArchitectureThatMakesNoSenseIsNamed() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      #"{"inputShape": [4], "layers": [{"layer": "Residual", "layers": [{"layer": "Dense", "units": 3}]}]}"#, "a.json")
    for command in [["summary", "--model", file], ["plot", file]] {
      expectFault(try Command.nn(command), 1, "nn: \(file): ")
    }
  }

  @Test func aNumberOutOfRangeIsToldItsRange() throws {
    let tooWide = try Command.nn("train", "--hidden", "1048577")
    expectFault(tooWide, 64, "--hidden", "whole numbers from 1 to 1048576")
    let tooMany = try Command.nn("predict", "--model", "m", "--examples", "0-2000000")
    expectFault(tooMany, 64, "--examples", "at most 1048576 positions, found 0-2000000")
  }

  @Test func makeSaysThatSwiftIsMissingBeforeItInstallsAnything() throws {
    let make = "/usr/bin/make"
    guard access(make, X_OK) == 0 else { return print("skipped: there is no make") }
    let folder = try TemporaryFolder()
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    // Only a shell: nothing can be installed.
    symlink("/bin/sh", folder("sh"))
    for target in ["test", "test-cpu-only", "build", "train", "dist", "test-neon"] {
      let shell = ["/bin/sh", "-c", "PATH=$0 exec \(make) -C \(root) \(target)", folder.path]
      let result = try Command.run("nn", [], launcher: shell)
      #expect(result.status == 2 && result.error.contains("Swift is not installed"), "\(target): \(result.error)")
      #expect(!result.output.contains("installing"))
    }
  }
}
