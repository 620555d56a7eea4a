import Files
import Testing

/// Runs a Python script with numpy. Nil, with one line, where there is none.
func python(_ script: String, _ arguments: [String] = []) throws -> String? {
  let prelude = "import sys\ntry:\n    import numpy as np\nexcept ImportError:\n    sys.exit(77)\n"
  let process: ChildProcess
  do { process = try ChildProcess("python3", ["-c", prelude + script] + arguments) } catch {
    print("skipped: \(error.reason)")
    return nil
  }
  let deadline = ChildProcess.now() + 60
  var output: [UInt8] = []
  while true {
    let piece = try process.readOutput(deadline: deadline)
    if piece.isEmpty { break }
    output += piece
  }
  let status = process.wait()
  if status == 77 {
    print("skipped: python3 has no numpy")
    return nil
  }
  if status != 0 { throw ChildProcess.Failure(reason: process.errorText()) }
  return String(decoding: output, as: UTF8.self)
}
