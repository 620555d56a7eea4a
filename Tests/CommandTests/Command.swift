import HostSystem
import ModelFormats
import Synchronization
import TestSupport
import Testing

/// Runs the commands of this package like a user: as processes.
struct Command {
  /// The folder of the programs, which are built next to the tests.
  static let folder: String = {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let length = bytes.withUnsafeMutableBytes { memory in
      memory.baseAddress.map { readlink("/proc/self/exe", $0, memory.count) } ?? 0
    }
    let path = String(decoding: bytes.prefix(max(length, 0)), as: UTF8.self)
    return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }()

  /// The exit status of a process, and its output.
  struct Result {
    /// The exit code, or 128 plus the signal number.
    let status: Int32
    let output: String
    let error: String
    /// The processor time of the process, which does not depend on what else runs on the machine.
    let processorSeconds: Double

    var outputLines: [String] { output.split(separator: "\n").map(String.init) }
    var errorLines: [String] { error.split(separator: "\n").map(String.init) }
    /// Standard output as a single JSON value.
    var json: JSONValue {
      get throws { try JSONValue(parsing: output) }
    }
  }

  /// The destination of standard output.
  enum Output {
    case collected
    /// A pipe without a reader.
    case closedPipe
    /// A non-blocking pipe whose reader starts after a second.
    case slowPipe
    /// A device.
    case path(String)
    /// No destination: the process starts without standard streams.
    case noStreams
  }

  static let hasBash = access("/bin/bash", X_OK) == 0

  private static let starting = Mutex(())

  /// Runs a program until it ends, for at most ten minutes.
  /// - Parameters:
  ///   - program: "nn" or "nn-bench", or an absolute path.
  ///   - launcher: A command that starts the program, such as a shell that sets a limit; its words precede those of the
  ///     program.
  ///   - meanwhile: Called with the process after it has started.
  static func run(
    _ program: String, _ arguments: [String], launcher: [String] = [], output: Output = .collected,
    meanwhile: (pid_t) -> Void = { _ in }
  ) throws -> Result {
    let folder = try TemporaryFolder()
    let (outputPath, errorPath) = (folder("output"), folder("error"))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, flags, 0o600)
    switch output {
    case .collected: posix_spawn_file_actions_addopen(&actions, 1, outputPath, flags, 0o600)
    case .path(let path): posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY, 0)
    case .noStreams: for stream in [0, 1, 2] as [Int32] { posix_spawn_file_actions_addclose(&actions, stream) }
    case .closedPipe, .slowPipe: break
    }

    // Threads of tests may block signals, and a script that starts the tests in the background lets them ignore SIGINT. A
    // process would inherit both.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var held = sigset_t()
    sigemptyset(&held)
    posix_spawnattr_setsigmask(&attributes, &held)
    var restored = sigset_t()
    sigemptyset(&restored)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&restored, number) }
    posix_spawnattr_setsigdefault(&attributes, &restored)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let path = program.hasPrefix("/") ? program : "\(Self.folder)/\(program)"
    let words = (launcher + [path] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var child = pid_t()
    var reader: Int32 = -1
    // One at a time: a process started by another test between these lines would inherit an end of the pipe.
    let status = starting.withLock { _ in
      var ends: [Int32] = [-1, -1]
      defer { if ends[1] >= 0 { close(ends[1]) } }
      switch output {
      case .closedPipe, .slowPipe:
        guard pipe(&ends) == 0 else { return errno }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        if case .slowPipe = output {
          _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
          reader = ends[0]
        } else {
          close(ends[0])
        }
      default: break
      }
      return posix_spawn(&child, launcher.first ?? path, &actions, &attributes, words, environ)
    }
    try #require(status == 0, "cannot start \(path): error \(status)")
    meanwhile(child)
    var text = ""
    if reader >= 0 {
      sleep(1)
      text = read(try #require(fdopen(reader, "r")))
    }
    let end = wait(for: child)
    if case .collected = output { text = read(outputPath) }
    return Result(status: end.status, output: text, error: read(errorPath), processorSeconds: end.seconds)
  }

  /// Runs a shell script.
  static func run(shell script: String) throws -> Result { try run("/bin/sh", ["-c", script]) }

  static func nn(_ arguments: String...) throws -> Result { try run("nn", arguments) }
  static func nn(_ arguments: [String]) throws -> Result { try run("nn", arguments) }

  /// The benchmark as this build allows it: in a debug build, it must be permitted explicitly.
  static func bench(_ arguments: String...) throws -> Result { try bench(arguments) }
  static func bench(_ arguments: [String]) throws -> Result { try run("nn-bench", arguments + ["--allow-debug"]) }

  /// The exit status, -1 for a process that did not end by itself, and the processor time.
  private static func wait(for child: pid_t) -> (status: Int32, seconds: Double) {
    var status: Int32 = 0
    var usage = rusage()
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    for _ in 0..<60_000 {
      if wait4(child, &status, WNOHANG, &usage) == child {
        let signal = status & 0x7F
        return (
          signal == 0 ? (status >> 8) & 0xFF : 128 + signal, seconds(usage.ru_utime) + seconds(usage.ru_stime)
        )
      }
      usleep(10_000)
    }
    kill(child, SIGKILL)
    waitpid(child, &status, 0)
    return (-1, 0)
  }

  /// Whether a process handles a signal by now, from the mask `SigCgt` that Linux reports.
  static func catches(_ signal: Int32, _ process: pid_t) -> Bool {
    let line = read("/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line.flatMap { UInt64($0.dropFirst(7).filter { !$0.isWhitespace }, radix: 16) } ?? 0
    return mask >> (signal - 1) & 1 == 1
  }

  static func read(_ path: String) -> String {
    fopen(path, "r").map { read($0) } ?? ""
  }

  /// The rest of an open file, which is then closed.
  private static func read(_ file: UnsafeMutablePointer<FILE>) -> String {
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += part[..<count]
    }
  }
}
