import HostSystem
import TestSupport
import Testing

@Suite("Where a training saves and logs")
struct SavingTests {
  private func train(_ more: String..., epochs: Int = 1, limit: Int = 64) -> [String] {
    [
      "train", "--dataset", "moons", "--limit", "\(limit)", "--epochs", "\(epochs)", "--hidden", "8", "--device", "cpu",
    ] + more
  }

  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : nil
  }

  @Test func modesAndLinksStay() throws {
    let folder = try TemporaryFolder()
    for name in ["m.safetensors", "log.jsonl", "log.csv"] {
      try folder.write("", "store-\(name)")
      chmod(folder("store-\(name)"), 0o600)
      symlink("store-\(name)", folder(name))
    }
    let result = try Command.nn(
      train("--save", folder("m.safetensors"), "--log", folder("log.jsonl"), "--log", folder("log.csv")))
    try #require(result.status == 0, "\(result.error)")
    #expect(try Command.nn("plot", folder("log.jsonl"), "--out", folder("new.svg")).status == 0)
    for name in ["m.safetensors", "log.jsonl", "log.csv"] {
      #expect(mode(folder(name)).map { $0 & S_IFMT } == S_IFLNK, "\(name)")
      #expect(mode(folder("store-\(name)")) == S_IFREG | 0o600, "\(name)")
      #expect(try !folder.bytes("store-\(name)").isEmpty)
    }
    chmod(folder("new.svg"), 0o640)
    #expect(try Command.nn("plot", folder("log.jsonl"), "--out", folder("new.svg")).status == 0)
    #expect(mode(folder("new.svg")) == S_IFREG | 0o640)
  }

  /// By the same path, by a link, by another way to write the path, and for files that do not exist yet.
  @Test func aFileIsNotGivenTwice() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<60).map { "\($0),\($0 % 7),\($0 % 3)\n" }.joined()
    let table = try folder.write(rows, "d.csv")
    let architecture = try folder.write("{\"layers\":[{\"layer\":\"Dense\",\"units\":2}]}", "a.json")
    let tables = try folder.makeFolder("tables")
    for name in ["train", "test"] { try folder.write(rows, "tables/\(name).csv") }
    link(table, folder("hard.csv"))
    symlink("d.csv", folder("soft.csv"))
    symlink("new.jsonl", folder("dangling.jsonl"))
    let names = try folder.names
    let learn = ["train", "--epochs", "1", "--device", "cpu", "--dataset"]
    let csv = learn + ["csv", "--data", table], moons = learn + ["moons"]
    let log = folder("new.jsonl")
    let cases: [(command: [String], words: [String])] = [
      (csv + ["--save", table], ["--save", "--data"]), (csv + ["--log", table], ["--log", "--data"]),
      (csv + ["--save", folder("hard.csv")], ["--save", "--data"]),
      (csv + ["--log", folder("soft.csv")], ["--log", "--data"]),
      (learn + ["csv", "--data", tables, "--log", tables + "/test.csv"], ["--log", "--data"]),
      (moons + ["--model", architecture, "--save", architecture], ["--save", "--model"]),
      (moons + ["--log", log, "--save", log], ["--save", "--log"]),
      (moons + ["--log", log, "--log", folder.path + "/./new.jsonl"], ["--log", "another --log"]),
      (moons + ["--log", log, "--log", folder("dangling.jsonl")], ["--log", "another --log"]),
    ]
    for (command, words) in cases {
      let result = try Command.nn(command)
      expectFault(result, 64)
      for word in words { #expect(result.error.contains(word), "\(result.error)") }
    }
    #expect(try folder.names == names && folder.bytes("d.csv") == Array(rows.utf8))
    #expect(try folder.bytes("tables/test.csv") == Array(rows.utf8))
    // What keeps nothing, and one name in two folders.
    let other = try folder.makeFolder("other")
    #expect(
      try Command.nn(moons + ["--save", "/dev/null", "--log", log, "--log", other + "/new.jsonl"]).status == 0)
    let run = try folder.write(
      "{\"command\":\"train\",\"options\":{\"dataset\":\"moons\",\"save\":\"\(folder("run.json"))\"}}", "run.json")
    expectFault(try Command.nn("run", run), 64, "--save", "the run file")
  }

  @Test func aPictureDoesNotReplaceItsSource() throws {
    let folder = try TemporaryFolder()
    let log = try folder.write("{\"epoch\":1,\"loss\":1}\n", "l.jsonl")
    symlink("l.jsonl", folder("l.svg"))
    expectFault(try Command.nn("plot", log, "--out", folder("l.svg")), 64, "--out", "source")
    let model = folder("m.safetensors")
    try #require(try Command.nn(train("--save", model)).status == 0)
    for (ending, command) in [("svg", ["plot", "weights"]), ("svg", ["plot", "confusion"]), ("html", ["report"])] {
      link(model, folder("m.\(ending)"))
      let data = command == ["plot", "weights"] ? [] : ["--dataset", "moons", "--device", "cpu"]
      expectFault(
        try Command.nn(command + ["--model", model, "--out", folder("m.\(ending)")] + data), 64, "--out", "--model"
      )
    }
    #expect(try Command.nn("summary", "--model", model).status == 0)
  }

  /// As a container sees a file of its host: no rename replaces it.
  @Test func aMountedFileIsWrittenTo() throws {
    let folder = try TemporaryFolder()
    for name in ["m.safetensors", "l.jsonl", "host-m.safetensors", "host-l.jsonl"] { try folder.write("", name) }
    let script = """
      cd "$0" && mount --bind host-m.safetensors m.safetensors && mount --bind host-l.jsonl l.jsonl && exec "$@"
      """
    let launcher = [
      "/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script, folder.path,
    ]
    guard (try? Command.run("nn", ["--version"], launcher: launcher).status) == 0 else {
      return print("skipped: this account may not mount a file")
    }
    let words = train("--save", folder("m.safetensors"), "--log", folder("l.jsonl"), epochs: 2)
    let result = try Command.run("nn", words, launcher: launcher)
    #expect(result.status == 0, "\(result.error)")
    #expect(try Command.nn("summary", "--model", folder("host-m.safetensors")).status == 0)
    #expect(try folder.bytes("host-l.jsonl").count { $0 == 0x0A } == 2)
    #expect(try folder.names == ["host-l.jsonl", "host-m.safetensors", "l.jsonl", "m.safetensors"])
  }

  /// The log is of this account's to write, its folder is not.
  @Test func aLogInAFolderOfSomebodyElseIsWritten() throws {
    let folder = try TemporaryFolder()
    let launcher =
      geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
    guard (try? Command.run("nn", ["--version"], launcher: launcher).status) == 0 else {
      return print("skipped: this machine cannot run a command as another account")
    }
    try folder.write("what was there", "l.jsonl")
    chmod(folder("l.jsonl"), 0o666)
    chmod(folder.path, 0o555)
    defer { chmod(folder.path, 0o700) }
    let result = try Command.run("nn", train("--log", folder("l.jsonl"), epochs: 2), launcher: launcher)
    #expect(result.status == 0, "\(result.error)")
    #expect(try folder.bytes("l.jsonl").count { $0 == 0x0A } == 2)
  }

  @Test func aPathThatCannotBeSavedToIsRefusedBeforeTraining() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder("pipe"), 0o600)
    let cases = [
      (folder("none/m"), "folder does not exist"), (folder.path, "it is a folder"),
      (folder(String(repeating: "n", count: 256)), "the name is too long"),
      (folder("pipe"), "nobody reads from it"),
    ]
    for (path, words) in cases {
      expectFault(try Command.nn(train("--save", path, epochs: 1_000_000)), 1, words)
    }
    #expect(try folder.names == ["pipe"] && mode(folder("pipe")) == S_IFIFO | 0o600)
  }

  /// A disk that is full, or a log that cannot be written any more, does not cost the model.
  @Test func aModelIsSavedThoughItsLogFails() throws {
    let folder = try TemporaryFolder()
    let (model, log) = (folder("m.safetensors"), folder("log.jsonl"))
    symlink("/dev/full", log)
    let result = try Command.nn(train("--save", model, "--log", log, "--checkpoints", folder("run"), epochs: 5))
    #expect(result.status == 1 && result.errorLines.count == 1, "\(result.error)")
    #expect(result.error.contains("log.jsonl") && result.error.contains("is saved in \(model)"), "\(result.error)")
    #expect(try Command.nn("summary", "--model", model).status == 0)
    #expect(try folder.names.contains("run"))
    // Without --save nothing is said of it.
    let other = try Command.nn(train("--log", log, epochs: 5))
    #expect(other.status == 1 && other.error.contains("log.jsonl"), "\(other.error)")
    #expect(!other.error.contains("saved"), "\(other.error)")
  }

  @Test func theLongestNameIsSaved() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "n", count: 255)
    #expect(try Command.nn(train("--save", folder(name))).status == 0)
    #expect(try folder.names == [name])
    #expect(try Command.nn("summary", "--model", folder(name)).status == 0)
  }

  /// A shell that copies a pipe into a file while the program runs.
  private func reading(_ pipe: String, into file: String) -> [String] {
    ["/bin/sh", "-c", "cat \(pipe) > \(file) & \"$@\"; code=$?; wait; exit $code", "sh"]
  }

  @Test func aModelGoesThroughAPipe() throws {
    let folder = try TemporaryFolder()
    #expect(try Command.nn(train("--save", folder("file"))).status == 0)
    mkfifo(folder("pipe"), 0o600)
    let shell = reading(folder("pipe"), into: folder("got"))
    let result = try Command.run("nn", train("--save", folder("pipe")), launcher: shell)
    #expect(result.status == 0, "\(result.error)")
    #expect(try folder.bytes("got") == folder.bytes("file"))
    #expect(try mode(folder("pipe")) == S_IFIFO | 0o600 && folder.names == ["file", "got", "pipe"])
  }

  @Test func aLimitOnTheSizeOfFilesIsAnError() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "m")
    let shell = ["/bin/sh", "-c", "ulimit -f 1; exec \"$@\"", "sh"]
    let result = try Command.run(
      "nn", train("--hidden", "4096", "--save", folder("m")), launcher: shell, output: .path("/dev/null"))
    #expect(result.status == 1 && result.error.contains("m: cannot write: the file would be too large"), "\(result)")
    #expect(try folder.names == ["m"] && Command.read(folder("m")) == "old")
  }

  /// The reader opens the pipe once, and receives the lines of all epochs.
  @Test func aLogGoesThroughAPipe() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder("log.jsonl"), 0o600)
    let shell = reading(folder("log.jsonl"), into: folder("got"))
    let result = try Command.run("nn", train("--log", folder("log.jsonl"), epochs: 3), launcher: shell)
    #expect(result.status == 0, "\(result.error)")
    let lines = Command.read(folder("got")).split(separator: "\n")
    #expect(lines.map { $0.prefix(11) } == ["{\"epoch\":1,", "{\"epoch\":2,", "{\"epoch\":3,"])
  }

  /// A pipe whose reader does not read fills up; the first signal still ends the training.
  @Test func aLogThatNobodyTakesDoesNotHoldASignalBack() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder("log.jsonl"), 0o600)
    let reader = open(folder("log.jsonl"), O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    // The smallest possible pipe: one page, which has no more room as soon as it contains a line.
    _ = fcntl(reader, 1031, 4096)  // F_SETPIPE_SZ
    let arguments = train("--log", folder("log.jsonl"), "--checkpoints", folder("run"), epochs: 100_000)
    let result = try Command.run("nn", arguments) { child in
      var size: Int32 = 0
      #expect(waitUntil { ioctl(reader, UInt(FIONREAD), &size) == 0 && size > 0 })
      sleep(1)
      kill(child, SIGTERM)
    }
    #expect(result.status == 130 && result.error.contains("the run is saved in"), "\(result)")
  }

  @Test func aLogThatNobodyReadsIsRefused() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder("log.jsonl"), 0o600)
    let result = try Command.nn(train("--log", folder("log.jsonl"), epochs: 1_000_000))
    #expect(result.status == 1 && result.error.contains("log.jsonl: cannot open: nobody reads from it"), "\(result)")
  }

  @Test func aTerminalThatClosesEndsATrainingLikeSIGTERM() throws {
    let folder = try TemporaryFolder()
    let arguments = train("--checkpoints", folder("run"), "--every-steps", "1", epochs: 1_000_000)
    let result = try Command.run("nn", arguments) { child in
      #expect(waitUntil { names(inFolder: folder("run"))?.isEmpty == false })
      kill(child, SIGHUP)
    }
    #expect(result.status == 130 && result.error.contains("the run is saved in \(folder("run"))"), "\(result)")
  }

  @Test(arguments: [("INT", SIGINT), ("HUP", SIGHUP), ("TERM", SIGTERM)])
  func aSignalThatWasIgnoredStaysIgnored(_ name: String, _ number: Int32) throws {
    let folder = try TemporaryFolder()
    let shell = ["/bin/sh", "-c", "trap '' \(name); exec \"$@\"", "sh"]
    let arguments = train("--save", folder("m"), epochs: 150, limit: 2000)
    let result = try Command.run("nn", arguments, launcher: shell) { child in
      for _ in 0..<5 {
        usleep(100_000)
        kill(child, number)
      }
    }
    #expect(try result.status == 0 && folder.names == ["m"], "\(result.error)")
  }
}
