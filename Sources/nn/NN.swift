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

      Exit codes: 0 success; 1 invalid data, file, or model; 3 the device does not exist or failed; 64 invalid command line; \
      130 training was interrupted; with --checkpoints it is saved.

      Completions: nn --generate-completion-script bash (or zsh, fish).
      """,
    version: "nn \(packageVersion)",
    subcommands: [
      Train.self, Evaluate.self, Predict.self, Summarize.self, Convert.self, Plot.self, WriteReport.self,
      Run.self, Demonstrate.self, Devices.self, Doctor.self,
    ])

  /// Runs the command. If the program is called as `nn-bench`, it runs that command instead: a portable folder contains
  /// both as one file.
  static func main() {
    if CommandWords.program == "nn-bench" {
      NNBench.runAndExit()
    } else {
      runAndExit(completions: CompletionScript.completingFiles)
    }
  }
}
