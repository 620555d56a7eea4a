import Testing

@Suite("Help")
struct HelpTests {
  @Test func everyCommandExplainsItself() throws {
    for arguments in [
      ["--help"], ["help"], [], ["train", "--help"], ["help", "train"], ["evaluate", "--help"],
      ["predict", "--help"], ["summary", "--help"], ["devices", "--help"],
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
      "--tensorboard", "--reduce-on-plateau", "--shift", "--flip", "--noise", "--check-finite",
    ] { #expect(help.contains(option), "\(option)") }
  }
}
