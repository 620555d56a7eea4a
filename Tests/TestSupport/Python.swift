import HostSystem
import Files

/// The Python with `numpy`, `safetensors`, and `tensorboard` for comparing files: `NN_TEST_PYTHON`, else the one
/// created by `Scripts/test-python`.
package enum Python {
  package struct Missing: Error, CustomStringConvertible {
    package let description = "NN_REQUIRE_PYTHON is set, and there is no Python: run make test, or set NN_TEST_PYTHON"
  }

  private static let interpreter: String? = {
    if let named = environment("NN_TEST_PYTHON") { return named }
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let made = root + "/.build-test-python/bin/python3"
    return Folder.exists(made) ? made : nil
  }()

  /// Runs a script and returns its output. Nil, with one line of output, if there is no Python and none is required.
  ///
  /// - Parameters:
  ///   - script: The script, which can use `sys` and `np`.
  ///   - arguments: The arguments in `sys.argv[1:]`.
  package static func run(_ script: String, _ arguments: [String] = []) throws -> String? {
    guard let interpreter else {
      if environment("NN_REQUIRE_PYTHON") == "1" { throw Missing() }
      print("skipped: no Python to compare with (run Scripts/test-python)")
      return nil
    }
    return try run(interpreter, "import sys\nimport numpy as np\n" + script, arguments)
  }

  /// The same with a given interpreter and without imports.
  package static func run(_ interpreter: String, _ script: String, _ arguments: [String]) throws -> String {
    let process = try ChildProcess(interpreter, ["-c", script] + arguments)
    let deadline = monotonicSeconds() + 120
    var output: [UInt8] = []
    while true {
      let piece = try process.readOutput(deadline: deadline)
      if piece.isEmpty { break }
      output += piece
    }
    if process.wait() != 0 { throw ChildProcess.Failure(reason: process.errorText()) }
    return String(decoding: output, as: UTF8.self)
  }
}
