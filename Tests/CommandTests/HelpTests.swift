import TestSupport
import Testing

@Suite("Help")
struct HelpTests {
  @Test func everyCommandExplainsItself() throws {
    for arguments in [
      ["--help"], ["help"], [], ["train", "--help"], ["help", "train"], ["evaluate", "--help"],
      ["predict", "--help"], ["summary", "--help"], ["convert", "--help"], ["devices", "--help"],
    ] {
      let result = try Command.nn(arguments)
      #expect(result.status == 0 && result.error.isEmpty, "nn \(arguments): \(result.error)")
      #expect(result.output.contains("USAGE: nn"), "nn \(arguments)")
    }
    let bench = try Command.run("nn-bench", ["--help"])
    #expect(bench.status == 0 && bench.output.contains("--filter"))
  }

  @Test func theOptionsOfTrainingAreListed() throws {
    let help = try Command.nn("train", "--help").output
    for option in [
      "--dataset", "--data", "--hidden", "--activation", "--dropout", "--optimizer", "--learning-rate", "--epochs",
      "--batch-size", "--device", "--no-fallback", "--seed", "--validation", "--patience", "--save", "--json",
      "--model", "--download", "--limit", "--checkpoints", "--resume", "--keep", "--every-steps", "--log",
      "--precision", "--tensorboard", "--reduce-on-plateau", "--shift", "--flip", "--augment", "--noise",
      "--check-finite", "--task",
      "--image-size", "--gray", "--only", "--drop", "--kind", "--missing", "--vocabulary",
      "--length",
    ] { #expect(help.contains(option), "\(option)") }
  }

  private static let pages = [
    [], ["train"], ["evaluate"], ["predict"], ["summary"], ["convert"], ["plot"], ["plot", "file"],
    ["plot", "confusion"], ["plot", "weights"], ["plot", "mistakes"], ["plot", "boundary"], ["report"], ["run"],
    ["demo"], ["devices"], ["doctor"],
  ]

  /// An example can be copied from a terminal with 80 columns: its lines are not wider than that, and continued lines
  /// end with a backslash.
  @Test(arguments: pages) func examplesAreNotWrapped(_ command: [String]) throws {
    let lines = try Command.nn(command + ["--help"]).output.split(separator: "\n", omittingEmptySubsequences: false)
    // The parser writes the usage on one line.
    #expect(lines.allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE: ") }, "nn \(command)")
    for (index, line) in lines.enumerated() where line.drop(while: { $0 == " " }).hasPrefix("nn ") {
      let next = index + 1 < lines.count ? lines[index + 1] : ""
      let starts = next.isEmpty || next.drop(while: { $0 == " " }).hasPrefix("nn ")
      #expect(starts || line.hasSuffix("\\"), "nn \(command): \(line)")
    }
  }

  @Test func picturesListTheirFile() throws {
    #expect(try Command.nn("plot", "--help").output.contains("-o, --out <file>"))
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func shellsCompleteDevicesDemosAndFiles(_ shell: String) throws {
    let script = try Command.nn("--generate-completion-script", shell)
    #expect(script.status == 0)
    for word in ["cart-pole", "variational", "safetensors", "jsonl", "classification"] {
      #expect(script.output.contains(word), "\(shell): \(word)")
    }
  }

  /// What bash offers after these words, in a folder with one file of each kind.
  private func completions(_ words: String...) throws -> [String] {
    let folder = try TemporaryFolder()
    let script = try folder.write(try Command.nn("--generate-completion-script", "bash").output, "nn.bash")
    let files = try folder.makeFolder("files")
    for name in ["run.jsonl", "m.safetensors", "a.json", "curves.svg", "notes.txt"] {
      try folder.write("", "files/\(name)")
    }
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let result = try Command.run(
      "/bin/bash",
      [
        "-c",
        """
        source \(script); cd \(files); PATH="\(Command.folder):$PATH"
        COMP_WORDS=(nn \(quoted)); COMP_CWORD=\(words.count); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
        _nn nn "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf '%s\\n' "${COMPREPLY[@]}"
        """,
      ])
    #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
    return result.outputLines.filter { !$0.hasPrefix("-") }.sorted()
  }

  @Test(.enabled(if: Command.hasBash)) func bashCompletesFilesAndNames() throws {
    let files = ["a.json", "m.safetensors", "run.jsonl"]
    let pictures = ["boundary", "confusion", "file", "mistakes", "weights"]
    #expect(try completions("plot", "") == (files + pictures).sorted())
    #expect(try completions("plot", "r") == ["run.jsonl"])
    #expect(try completions("plot", "con") == ["confusion"])
    #expect(try completions("plot", "file", "") == files)
    #expect(try completions("plot", "run.jsonl", "--out", "") == ["curves.svg"])
    #expect(try completions("plot", "run.jsonl", "").isEmpty)
    #expect(try completions("plot", "confusion", "--model", "") == ["m.safetensors"])
    #expect(try completions("summary", "--model", "") == ["a.json", "m.safetensors"])
    #expect(try completions("convert", "") == ["a.json", "m.safetensors"])
    #expect(try completions("convert", "a.json", "--out", "") == ["m.safetensors"])
    #expect(try completions("convert", "a.json", "--dtype", "") == ["bfloat16", "float16", "float32", "float64"])
    #expect(try completions("run", "") == ["a.json"])
    #expect(try completions("demo", "c") == ["cart-pole", "characters", "components", "convolution"])
    #expect(try Set(["auto", "cpu", "gpu"]).isSubset(of: completions("train", "--device", "")))
    #expect(try completions("train", "--device", "c") == ["cpu"])
  }

  /// The scripts of the other shells, which may not be installed.
  @Test func otherShellsCompleteFilesToPlot() throws {
    let zsh = try Command.nn("--generate-completion-script", "zsh").output.split(separator: "_nn_plot_file() {")[0]
    #expect(zsh.contains("subcommands && ret=0\n        _files -g '*.jsonl *.safetensors *.json' && ret=0\n"))
    #expect(zsh.contains("        *)\n            \"_nn_plot_file\" && ret=0\n            ;;\n"))
    let fish = try Command.nn("--generate-completion-script=fish").outputLines.filter { $0.contains(" \"nn plot\" ") }
    #expect(fish.contains { $0.contains("-eq 1") && $0.contains("jsonl") })
    #expect(fish.contains { $0.contains("-l 'out'") && $0.contains("svg") })
  }

  @Test func theDevicesOfThisMachineAreCompleted() throws {
    let words = try Command.nn("---completion", "train", "--", "--device", "2", "0", "nn", "train", "--device", "")
    #expect(words.status == 0, "\(words.error)")
    let known = try (Command.nn("devices", "--json").json["devices"]?.elements ?? []).compactMap {
      $0["identifier"]?.string
    }
    for word in ["auto", "cpu", "gpu"] + known { #expect(words.outputLines.contains(word), "\(word)") }
  }
}
