import ArgumentParser
import Benchmarking
import CommandSupport

@main
struct NN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nn", abstract: "Trains and runs neural networks, on the CPU or through OpenCL.",
    discussion: """
      Results go to standard output, everything else to standard error; with --json the result is one object. Exit codes: \
      1 wrong data, file or model; 3 no such device, or it failed; 64 a wrong command line.
      """,
    subcommands: [Train.self, Evaluate.self, Predict.self, Summarize.self, Demonstrate.self, Devices.self])

  /// Where it is called by that name, it is `nn-bench`: a folder to carry around holds both as one file.
  static func main() {
    let name = CommandLine.arguments.first?.split(separator: "/").last
    if name == "nn-bench" { NNBench.runAndExit() } else { runAndExit() }
  }
}
