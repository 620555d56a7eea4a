import HostSystem
import Files
import TestSupport
import Testing

@Suite("Output that cannot be written")
struct OutputTests {
  /// Every command, with each output format.
  private static func commands(_ folder: TemporaryFolder) throws -> [[String]] {
    let (model, log) = (folder("m.safetensors"), folder("m.jsonl"))
    let points = ["--dataset", "moons", "--limit", "64", "--device", "cpu"]
    let trained = try Command.nn(["train", "--epochs", "1", "--save", model, "--log", log] + points)
    try #require(trained.status == 0, "\(trained.error)")
    let run = try folder.write(
      "{\"command\": \"summary\", \"options\": {\"model\": \"\(model)\"}}", "run.json")
    return [
      ["train", "--epochs", "1"] + points, ["train", "--epochs", "1", "--json"] + points,
      ["evaluate", "--model", model] + points, ["evaluate", "--json", "--model", model] + points,
      ["predict", "--model", model] + points, ["predict", "--json", "--model", model] + points,
      ["summary", "--model", model], ["summary", "--json"], ["plot", model], ["plot", log],
      ["plot", "confusion", "--model", model] + points, ["run", run], ["run", run, "--check"],
      ["demo", "line", "--quick"], ["demo", "line", "--quick", "--json"], ["devices"], ["devices", "--json"],
      ["doctor"], ["--help"], ["help", "train"], ["--version"], ["--generate-completion-script", "bash"],
    ]
  }

  private func expectRefusal(_ result: Command.Result, _ program: String, _ reason: String, _ command: [String]) {
    #expect(result.status == 1, "\(command): \(result)")
    let lines = result.errorLines.filter { $0.contains("cannot write to standard output") }
    #expect(lines == ["\(program): cannot write to standard output: \(reason)"], "\(command): \(result.error)")
  }

  @Test func aFullDeviceIsOneLineAndExitCode1() throws {
    let folder = try TemporaryFolder()
    for command in try Self.commands(folder) {
      let result = try Command.run("nn", command, output: .path("/dev/full"))
      expectRefusal(result, "nn", "no space left on the device", command)
    }
    for command in [["--help"], ["--list"], ["tune", "--help"]] {
      let result = try Command.run("nn-bench", command, output: .path("/dev/full"))
      expectRefusal(result, "nn-bench", "no space left on the device", command)
    }
  }

  @Test func aClosedPipeIsOneLineAndExitCode1() throws {
    let folder = try TemporaryFolder()
    for command in try Self.commands(folder) {
      let result = try Command.run("nn", command, output: .closedPipe)
      expectRefusal(result, "nn", "the other end of the pipe is closed", command)
    }
    let result = try Command.run("nn-bench", ["--list"], output: .closedPipe)
    expectRefusal(result, "nn-bench", "the other end of the pipe is closed", ["--list"])
  }

  /// What the user asked for arrives whole; the exit code says that lines on standard error were lost.
  @Test func lostLinesOnStandardErrorDoNotEndACommandAndGiveExitCode1() throws {
    let folder = try TemporaryFolder()
    let model = folder("m.safetensors"), points = ["--dataset", "moons", "--limit", "64", "--device", "cpu"]
    let full = ["/bin/sh", "-c", "exec \"$@\" 2>/dev/full", "sh"]
    for command in [
      ["train", "--epochs", "2", "--json", "--save", model] + points, ["plot", model, "--out", folder("m.svg")],
      ["demo", "line", "--quick", "--json"],
      ["report", "--model", model, "--out", folder("m.html")] + points,
    ] {
      let result = try Command.run("nn", command, launcher: full)
      #expect(result.status == 1, "\(command): \(result)")
      if command.contains("--json") { #expect(try result.json.object != nil, "\(command)") }
    }
    #expect(try folder.names == ["m.html", "m.safetensors", "m.svg"])
    // Without a line on standard error nothing is lost.
    let silent = try Command.run("nn", ["evaluate", "--json", "--model", model] + points, launcher: full)
    #expect(silent.status == 0)
  }

  /// The first reader of a pipe leaves after the first epoch, and another one takes what comes later.
  @Test func progressThatIsLostOnTheWayIsOneLineAndExitCode1() throws {
    let folder = try TemporaryFolder()
    let pipe = folder("pipe")
    mkfifo(pipe, 0o600)
    let script = """
      "$@" > '\(pipe)' & child=$!
      head -n 4 < '\(pipe)' > /dev/null; sleep 1
      exec 3<> '\(pipe)'; wait $child; code=$?
      exit $code
      """
    let result = try Command.run(
      "nn", ["train", "--dataset", "moons", "--epochs", "300", "--device", "cpu", "--save", folder("m")],
      launcher: ["/bin/sh", "-c", script, "sh"])
    #expect(result.status == 1, "\(result)")
    #expect(
      result.errorLines.last == "nn: cannot write to standard output: the other end of the pipe is closed",
      "\(result.error)")
    #expect(Folder.exists(folder("m")))
  }

  @Test func aSlowReaderOfAPipeThatDoesNotBlockGetsEveryByte() throws {
    let folder = try TemporaryFolder()
    let model = folder("m.safetensors")
    let trained = try Command.nn(
      "train", "--dataset", "generated", "--limit", "100", "--epochs", "1", "--hidden", "64", "--device", "cpu",
      "--save", model)
    try #require(trained.status == 0, "\(trained.error)")
    // More than the capacity of a pipe.
    let command = ["plot", "weights", "--model", model]
    let expected = try Command.nn(command).output
    #expect(expected.utf8.count > 100_000)
    let result = try Command.run("nn", command, output: .slowPipe)
    #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
    #expect(result.output == expected)
  }

  /// The first file that a process opens would take the place of a missing stream.
  @Test func withoutStandardStreamsNothingOfThemReachesAFile() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "train", "--dataset", "moons", "--limit", "64", "--epochs", "2", "--device", "cpu", "--log",
    ]
    func files(_ name: String) -> [String] {
      [folder("\(name).jsonl"), "--tensorboard", folder(name), "--save", folder("\(name).safetensors")]
    }
    #expect(try Command.nn(arguments + files("a")).status == 0)
    let result = try Command.run("nn", arguments + files("b"), output: .noStreams)
    #expect(result.status == 0)
    #expect(try folder.bytes("a.safetensors") == folder.bytes("b.safetensors"))
    let lines = Command.read(folder("b.jsonl")).split(separator: "\n")
    #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("{\"epoch\":") && $0.hasSuffix("}") }, "\(lines)")
    func events(_ name: String) throws -> Int {
      let names = try Folder.names(in: folder("\(name)/train"))
      return try names.reduce(0) { try $0 + folder.bytes("\(name)/train/\($1)").count }
    }
    #expect(try events("a") == events("b"))
  }

  /// The command-line arguments come from the C library, not from `/proc`.
  @Test func aCommandRunsWithoutProc() throws {
    let bare = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"]
    guard geteuid() == 0, try Command.run("nn", ["--version"], launcher: bare).status == 0 else {
      return print("skipped: this account may not hide /proc")
    }
    #expect(try Command.run("nn", ["--version"], launcher: bare).output == Command.nn("--version").output)
    let folder = try TemporaryFolder()
    let model = folder("m.safetensors")
    let result = try Command.run(
      "nn", ["train", "--dataset", "moons", "--limit", "64", "--epochs", "1", "--device", "cpu", "--save", model],
      launcher: bare)
    #expect(result.status == 0 && result.output.contains("saved   \(model)"), "\(result)")
    #expect(try folder.names == ["m.safetensors"])
    let bench = try Command.run("nn-bench", ["--list"], launcher: bare)
    #expect(try bench.output == Command.run("nn-bench", ["--list"]).output)
    #expect(try Command.run("nn", ["trian"], launcher: bare).status == 64)
  }
}
