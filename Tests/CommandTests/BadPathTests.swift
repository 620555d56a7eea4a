import Files
import HostSystem
import TestSupport
import Testing

/// Every command with every kind of path that cannot be read or written: one line, exit code 1 (64 for a name that the command line
/// rules out), and nothing on standard output.
@Suite("Paths that cannot be used") struct BadPathTests {
  private let folder: TemporaryFolder
  private let model: String
  private let points = ["--dataset", "moons", "--limit", "64", "--device", "cpu"]

  init() throws {
    folder = try TemporaryFolder()
    model = folder("m.safetensors")
    let trained = try Command.nn(["train", "--epochs", "1", "--save", model] + points)
    try #require(trained.status == 0, "\(trained.error)")
  }

  /// What reads a file whose name is given behind the last option.
  private var readers: [[String]] {
    let data = ["--device", "cpu", "--epochs", "1"], page = folder("page.html")
    return [
      ["evaluate"] + points + ["--model="], ["predict"] + points + ["--model="], ["summary", "--model="],
      ["plot", "confusion"] + points + ["--model="], ["plot", "mistakes"] + points + ["--model="],
      ["plot", "boundary"] + points + ["--model="], ["plot", "weights", "--model="],
      ["report", "--out", page] + points + ["--model="], ["predict", "--model", model, "--device", "cpu", "--input="],
      ["train", "--dataset", "csv"] + data + ["--data="], ["train", "--dataset", "mnist"] + data + ["--data="],
      ["train", "--epochs", "1"] + points + ["--model="],
      ["evaluate", "--model", model, "--device", "cpu", "--dataset", "csv", "--data="],
      ["report", "--out", page, "--model", model] + points + ["--history="],
      ["convert", "--out", folder("c.safetensors"), "--"],
    ]
  }

  private func expectOneLine(
    _ command: [String], _ path: String, launcher: [String] = [], location: SourceLocation = #_sourceLocation
  ) throws {
    var words = command
    if let option = words.last, option.hasSuffix("=") {
      words[words.count - 1] = option + path
    } else {
      words.append(path)
    }
    let result = try Command.run("nn", words, launcher: launcher)
    let comment: Comment = "\(words.joined(separator: " ").suffix(200)): \(result.status) \(result.error.prefix(500))"
    #expect(result.status == 1 || (result.status == 64 && command[0] == "plot"), comment, sourceLocation: location)
    #expect(result.output.isEmpty, comment, sourceLocation: location)
    // A training first says what it is about to do.
    let lines = result.errorLines.drop { command[0] == "train" && !$0.hasPrefix("nn: ") }
    #expect(lines.count == 1 && lines.first?.hasPrefix("nn: ") == true, comment, sourceLocation: location)
  }

  @Test func whatCannotBeReadIsOneLine() throws {
    try folder.write("", "empty")
    mkfifo(folder("pipe"), 0o600)
    symlink("loop", folder("loop"))
    let names = ["none", "none/file", "pipe", "loop", String(repeating: "n", count: 256)].map { folder($0) }
    for path in names + [folder.path, folder("empty"), "/dev/null", "/dev/full", "-x", "--help"] {
      for command in readers {
        // A log in which nothing is yet has no curves, and is no mistake.
        if command.last == "--history=" && path.hasSuffix("empty") { continue }
        try expectOneLine(command, path)
      }
      for command in [["run", "--"], ["plot", "--"]] { try expectOneLine(command, path) }
    }
    #expect(try folder.names == ["empty", "loop", "m.safetensors", "pipe"])
  }

  @Test func whatCannotBeWrittenIsOneLine() throws {
    symlink("loop", folder("loop"))
    symlink("loop.svg", folder("loop.svg"))
    symlink("loop.html", folder("loop.html"))
    symlink("loop.safetensors", folder("loop.safetensors"))
    for name in ["f", "f.svg", "f.html", "f.jsonl", "f.safetensors"] { try folder.makeFolder(name) }
    let long = String(repeating: "n", count: 256)
    for name in ["f", "loop", "none/x", long] {
      let path = folder(name)
      try expectOneLine(["train", "--json", "--epochs", "1"] + points + ["--save="], path)
      try expectOneLine(["plot", model, "--out="], path + ".svg")
      try expectOneLine(["report", "--model", model] + points + ["--out="], path + ".html")
      try expectOneLine(["convert", model, "--out="], path + ".safetensors")
      if name == "loop" || name == long {
        for option in ["--checkpoints=", "--tensorboard="] {
          try expectOneLine(["train", "--json", "--epochs", "1"] + points + [option], path)
        }
        try expectOneLine(["demo", "line", "--quick", "--json", "--device", "cpu", "--out="], path)
      } else {
        try expectOneLine(["train", "--json", "--epochs", "1"] + points + ["--log="], path + ".jsonl")
      }
    }
    #expect(
      try folder.names == [
        "f", "f.html", "f.jsonl", "f.safetensors", "f.svg", "loop", "loop.html", "loop.safetensors", "loop.svg",
        "m.safetensors",
      ])
  }

  /// As another account where this one may do everything.
  @Test func whatMayNotBeReadIsOneLine() throws {
    chmod(folder.path, 0o755)
    let secret = try folder.write("1,2\n", "secret")
    chmod(secret, 0)
    chmod(model, 0o644)
    let launcher =
      geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
    guard (try? Command.run("nn", ["--version"], launcher: launcher).status) == 0 else {
      return print("skipped: this machine cannot run a command as another account")
    }
    for command in readers + [["run", "--"]] { try expectOneLine(command, secret, launcher: launcher) }
    let closed = try folder.makeFolder("closed")
    chmod(closed, 0o500)
    let train = ["train", "--json", "--epochs", "1"] + points
    for (command, name) in [
      (train + ["--save="], "m"), (train + ["--log="], "l.jsonl"), (train + ["--checkpoints="], "c"),
      (["plot", model, "--out="], "p.svg"), (["report", "--model", model] + points + ["--out="], "r.html"),
      (["convert", model, "--out="], "c.safetensors"),
    ] { try expectOneLine(command, "\(closed)/\(name)", launcher: launcher) }
    #expect(try Folder.names(in: closed).isEmpty)
  }

  /// Only a run file can hold it.
  @Test func aNULIsOneLine() throws {
    for (command, option) in [("summary", "model"), ("train", "data")] {
      let rest = command == "train" ? "\"dataset\": \"csv\", \"device\": \"cpu\", " : ""
      let file = try folder.write(
        "{\"command\": \"\(command)\", \"options\": {\(rest)\"\(option)\": \"a\\u0000b\"}}", "run.json")
      try expectOneLine(["run"], file)
    }
  }
}
