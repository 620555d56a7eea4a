import ArgumentParser
import Benchmarking
import CommandSupport

@main
struct NN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nn", abstract: "Trains and runs neural networks, on the CPU or through OpenCL.",
    discussion: """
      nn train --dataset generated --epochs 5 --save digits.safetensors
      nn evaluate --model digits.safetensors --dataset generated
      nn doctor

      Results go to standard output, everything else to standard error; with --json the result is one object.

      Exit codes: 0 done; 1 wrong data, file or model; 3 no such device, or it failed; 64 a wrong command line; 130 a \
      training was interrupted; it is saved where --checkpoints is given.

      Completions: nn --generate-completion-script bash (or zsh, fish).
      """,
    version: "nn \(packageVersion)",
    subcommands: [
      Train.self, Evaluate.self, Predict.self, Summarize.self, Plot.self, WriteReport.self, Run.self,
      Demonstrate.self, Devices.self, Doctor.self,
    ])

  /// Where it is called by that name, it is `nn-bench`: a folder to carry around holds both as one file.
  static func main() {
    let name = CommandLine.arguments.first?.split(separator: "/").last
    if name == "nn-bench" { NNBench.runAndExit() } else { runAndExit() }
  }
}
