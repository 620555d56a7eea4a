import HostSystem
import Files
import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

@Suite("Runs that are saved as they go")
struct RunTests {
  private func train(_ folder: TemporaryFolder, _ name: String, _ more: [String], epochs: Int = 4) -> [String] {
    [
      "train", "--dataset", "moons", "--limit", "200", "--hidden", "8", "--dropout", "0.1", "--epochs", "\(epochs)",
      "--validation", "0.2", "--device", "cpu", "--checkpoints", folder(name), "--save",
      folder("\(name).safetensors"),
    ] + more
  }

  @Test func aRunGoesOnAsIfItHadNotEnded() throws {
    let folder = try TemporaryFolder()
    let more = ["--noise", "0.1", "--patience", "3", "--reduce-on-plateau", "0"]
    let straight = try Command.nn(train(folder, "straight", more))
    try #require(straight.status == 0, "\(straight.error)")
    // The first two end at the end of an epoch.
    for epochs in [1, 2, 4] {
      let log = ["--log", folder("run.jsonl"), "--log", folder("run.csv"), "--resume", "--every-steps", "2"]
      let result = try Command.nn(train(folder, "run", more + log, epochs: epochs))
      try #require(result.status == 0, "\(result.error)")
    }
    #expect(try folder.bytes("run.safetensors") == folder.bytes("straight.safetensors"))
    let history = try History.load(fromLog: folder("run.jsonl"))
    #expect(history.epochs.map(\.epoch) == [0, 1, 2, 3])
    #expect(history.epochs[0].names == ["loss", "accuracy", "validation_loss", "validation_accuracy"])
    #expect(Command.read(folder("run.csv")).split(separator: "\n").count == 5)
  }

  @Test func anotherRunIsRefusedInOneLine() throws {
    let folder = try TemporaryFolder()
    #expect(try Command.nn(train(folder, "run", [], epochs: 1)).status == 0)
    let cases: [([String], String)] = [
      (["--seed", "2"], "seed 1, now 2"), (["--batch-size", "16"], "batch size 32, now 16"),
      (["--hidden", "9"], "model 8, checksum"), (["--learning-rate", "0.1"], "learning rate 0.001, now"),
      (["--limit", "150"], "examples 160, now 120"), (["--dataset", "circles"], "data moons"),
      (["--noise", "0.1"], "variation none, now noise 0.1"),
      (["--validation", "0.1"], "examples 160, now 180"),
      (["--precision", "mixed_bfloat16"], "precision not set, now mixed_bfloat16"),
    ]
    for (options, words) in cases {
      let result = try Command.nn(train(folder, "run", ["--resume"] + options))
      #expect(result.status == 1 && result.errorLines.count == 1, "\(result)")
      #expect(result.errorLines.last?.contains("it belongs to another run: ") == true, "\(options): \(result.error)")
      #expect(result.error.contains(words), "\(options): \(result.error)")
    }
    let result = try Command.nn(train(folder, "run", []))
    #expect(result.status == 1 && result.error.contains("it contains checkpoints of another run: resume it"))
  }

  @Test func anotherAugmentationIsRefused() throws {
    let folder = try TemporaryFolder()
    let run = [
      "train", "--dataset", "generated", "--limit", "40", "--epochs", "1", "--hidden", "4", "--device", "cpu",
      "--checkpoints", folder("run"),
    ]
    #expect(try Command.nn(run).status == 0)
    let result = try Command.nn(run + ["--resume", "--augment", "rotation,inversion=0.2"])
    #expect(result.status == 1 && result.errorLines.count == 1, "\(result)")
    #expect(result.error.contains("variation none, now rotation 15, inversion 0.2"), "\(result.error)")
  }

  /// A single Ctrl-C: the run is saved, and after resuming ends with the same result.
  /// A machine under load may finish a short run before the signal is sent; then a longer one is tried.
  @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsItAfterTheStep(_ number: Int32) throws {
    for epochs in [60, 600, 6000] where try isEnded(by: number, epochs: epochs) { return }
    Issue.record("all runs ended before they received a signal")
  }

  /// Sends the signal after the first checkpoint, and resumes the run. Returns false if the run had ended already.
  private func isEnded(by number: Int32, epochs: Int) throws -> Bool {
    let folder = try TemporaryFolder()
    let arguments = train(folder, "run", ["--resume", "--every-steps", "3"], epochs: epochs)
    let result = try Command.run("nn", arguments) { child in
      func hasCheckpoint() -> Bool { names(inFolder: folder("run"))?.contains { $0.hasPrefix("step-") } == true }
      #expect(waitUntil(hasCheckpoint))
      kill(child, number)
    }
    if result.status == 0 { return false }
    #expect(result.status == 130, "\(result)")
    #expect(
      result.errorLines.last?.hasPrefix("nn: interrupted in epoch ") == true
        && result.error.contains(
          "the run is saved in \(folder("run")): the same command with --resume continues it"),
      "\(result.error)")
    #expect(!Folder.exists(folder("run.safetensors")))
    let resumed = try Command.nn(arguments)
    try #require(resumed.status == 0, "\(resumed.error)")
    let straight = try Command.nn(train(folder, "straight", [], epochs: epochs))
    try #require(straight.status == 0, "\(straight.error)")
    #expect(try folder.bytes("run.safetensors") == folder.bytes("straight.safetensors"))
    return true
  }

  @Test func withoutCheckpointsNothingIsKept() throws {
    let result = try Command.run(
      "nn", ["train", "--dataset", "moons", "--epochs", "20000", "--device", "cpu", "--json"]
    ) { child in
      #expect(waitUntil { Command.catches(SIGINT, child) })
      kill(child, SIGINT)
    }
    #expect(result.status == 130 && result.output.isEmpty)
    #expect(result.error.contains("nothing is saved: only a run with --checkpoints can be resumed"))
  }

  @Test func eventFilesAreWritten() throws {
    let folder = try TemporaryFolder()
    let result = try Command.nn(train(folder, "run", ["--tensorboard", folder("board")], epochs: 1))
    #expect(result.status == 0, "\(result.error)")
    #expect(Folder.exists(folder("board/train")) && Folder.exists(folder("board/validation")))
  }

  @Test func stepsThatAreNotFiniteAreExplained() throws {
    let result = try Command.nn(
      "train", "--dataset", "moons", "--optimizer", "sgd", "--learning-rate", "1e30", "--epochs", "2", "--device",
      "cpu",
      "--check-finite")
    #expect(result.status == 1)
    #expect(result.errorLines.last?.contains("was left out: the gradient of ") == true, "\(result.error)")
  }

  @Test func optionsThatMakeNoSenseAreRefused() throws {
    for options in [
      ["--resume"], ["--keep", "3"], ["--every-steps", "5"], ["--checkpoints", "x", "--keep", "0"],
      ["--checkpoints", "x", "--every-steps", "0"], ["--log", "history.txt"], ["--shift", "0"], ["--noise", "-1"],
      ["--reduce-on-plateau", "-1"], ["--reduce-on-plateau", "1", "--validation", "0"],
    ] {
      let result = try Command.nn(["train", "--dataset", "moons"] + options)
      #expect(result.status == 64 && result.errorLines.count == 1, "\(options): \(result)")
    }
    let result = try Command.nn("train", "--dataset", "moons", "--shift", "1", "--device", "cpu")
    #expect(result.status == 1 && result.error.contains("images have rows and columns"), "\(result.error)")
  }
}
