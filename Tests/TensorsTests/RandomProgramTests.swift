import HostSystem
import Tensors
import Testing

/// Programs of random operations give the same result and the same gradient on every device.
///
/// A failure names the seed and lists the operations. `NN_RANDOM_PROGRAMS=10000` runs more of them, `NN_RANDOM_SEED=7`
/// starts with another seed.
@Suite struct RandomProgramTests {
  private static func setting(_ name: String) -> UInt64? { environment(name).flatMap { UInt64($0) } }

  @Test func areAlikeOnAllDevices() throws {
    let first = Self.setting("NN_RANDOM_SEED") ?? 1
    for seed in first..<(first + (Self.setting("NN_RANDOM_PROGRAMS") ?? 300)) {
      let expected = try outcome(seed, on: TestDevices.reference)
      for device in TestDevices.all where device != TestDevices.reference {
        let found = try outcome(seed, on: device)
        guard found.log == expected.log else {
          Issue.record("seed \(seed): another program on \(device)")
          continue
        }
        let scale = expected.numbers.reduce(0.01) { max($0, $1.magnitude) }
        let wrong = expected.numbers.indices.first { !(abs(found.numbers[$0] - expected.numbers[$0]) <= 2e-4 * scale) }
        guard let wrong else { continue }
        let what = wrong == 0 ? "the result" : "gradient \(wrong - 1)"
        Issue.record(
          """
          seed \(seed) on \(device): \(what) is \(found.numbers[wrong]), expected \(expected.numbers[wrong])
          \(found.log.joined(separator: "\n"))
          """)
      }
    }
  }

  /// The result and its gradient.
  private func outcome(_ seed: UInt64, on device: Device) throws -> (numbers: [Double], log: [String]) {
    var program = RandomProgram(seed: seed)
    let x = Tensor(program.inputs, on: device)
    let (value, gradient) = valueAndGradient(at: x) { program.run($0) }
    return (try value.scalars(as: Double.self) + gradient.scalars(as: Double.self), program.log)
  }
}
