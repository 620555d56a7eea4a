import ArgumentParser
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

  static func main() { runAndExit() }
}
