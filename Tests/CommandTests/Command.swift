import ModelFormats
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Runs the commands of this package as a user does: as processes.
struct Command {
  /// The folder of the programs: they are built beside the tests.
  static let folder: String = {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let length = bytes.withUnsafeMutableBytes { memory in
      memory.baseAddress.map { readlink("/proc/self/exe", $0, memory.count) } ?? 0
    }
    let path = String(decoding: bytes.prefix(max(length, 0)), as: UTF8.self)
    return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }()

  /// How a process ended, and what it wrote.
  struct Result {
    /// The exit code, or 128 and the number of the signal.
    let status: Int32
    let output: String
    let error: String

    var outputLines: [String] { output.split(separator: "\n").map(String.init) }
    var errorLines: [String] { error.split(separator: "\n").map(String.init) }
    /// Standard output as one JSON value.
    var json: JSONValue {
      get throws { try JSONValue(parsing: output) }
    }
  }

  private static let starting = Mutex(())

  /// Runs a program to its end, at most two minutes.
  /// - Parameters:
  ///   - program: "nn" or "nn-bench".
  ///   - closingOutput: standard output is a pipe that nobody reads any more.
  ///   - meanwhile: is called with the process once it runs.
  static func run(
    _ program: String, _ arguments: [String], closingOutput: Bool = false, meanwhile: (pid_t) -> Void = { _ in }
  ) throws -> Result {
    let folder = try TemporaryFolder()
    let (outputPath, errorPath) = (folder.file("output"), folder.file("error"))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, flags, 0o600)
    if !closingOutput { posix_spawn_file_actions_addopen(&actions, 1, outputPath, flags, 0o600) }

    // Threads of tests may hold signals back, and a process inherits that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var held = sigset_t()
    sigemptyset(&held)
    posix_spawnattr_setsigmask(&attributes, &held)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let path = "\(Self.folder)/\(program)"
    let words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var child = pid_t()
    // One at a time: a process that another test starts between these lines would inherit an end of the pipe.
    let status = starting.withLock { _ in
      var ends: [Int32] = [-1, -1]
      if closingOutput {
        guard pipe(&ends) == 0 else { return errno }
        close(ends[0])
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
      }
      defer { if closingOutput { close(ends[1]) } }
      return posix_spawn(&child, path, &actions, &attributes, words, environ)
    }
    try #require(status == 0, "cannot start \(path): error \(status)")
    meanwhile(child)
    let code = wait(for: child)
    return Result(
      status: code, output: closingOutput ? "" : read(outputPath), error: read(errorPath))
  }

  static func nn(_ arguments: String...) throws -> Result { try run("nn", arguments) }
  static func nn(_ arguments: [String]) throws -> Result { try run("nn", arguments) }

  /// The bench as this build allows it: a debug build has to be told.
  static func bench(_ arguments: String...) throws -> Result { try bench(arguments) }
  static func bench(_ arguments: [String]) throws -> Result { try run("nn-bench", arguments + ["--allow-debug"]) }

  private static func wait(for child: pid_t) -> Int32 {
    var status: Int32 = 0
    for _ in 0..<12_000 {
      if waitpid(child, &status, WNOHANG) == child {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
      }
      usleep(10_000)
    }
    kill(child, SIGKILL)
    waitpid(child, &status, 0)
    return -1
  }

  static func read(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
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
