import ArgumentParser
import CommandSupport
import ModelFormats

/// `nn doctor`.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Examines this machine, and tests each device with a few calculations.",
    discussion: """
      nn doctor
      nn doctor --json

      Instruction sets and threads, the OpenCL loader and its drivers, caches, and on each device a matrix product, a \
      softmax and a training step against expected numbers. A line that begins with → is advice. The exit code is 3 \
      when something is broken. With --json standard output is one object: version, isBroken, findings.
      """)

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let examination = Examination()
    if json {
      try Console.output(
        [
          "version": .string(packageVersion), "isBroken": .bool(examination.isBroken),
          "findings": .array(examination.findings.map(\.json)),
        ] as JSONValue)
    } else {
      examination.findings.flatMap(\.lines).forEach { Console.output($0) }
    }
    let broken = examination.findings.filter { $0.verdict == .broken }.map(\.subject)
    guard broken.isEmpty else { throw Failure("broken: \(broken.joined(separator: ", "))", .device) }
  }
}
