import HostSystem
import NeuralNetworks
import Testing

/// Compares the decoding with the sum over all paths.
@Suite struct CTCDecodingTests {
  let steps = 4, classes = 3

  /// Logarithms of probabilities of two examples. In the first one, the best path is not the likeliest sequence.
  func logarithms(_ device: Device) -> Tensor {
    let numbers: [Double] = [
      0.4, 0.3, 0.3, 0.45, 0.35, 0.2, 0.4, 0.25, 0.35, 0.5, 0.3, 0.2,
      0.1, 0.6, 0.3, 0.2, 0.5, 0.3, 0.7, 0.2, 0.1, 0.1, 0.8, 0.1,
    ]
    return Tensor(numbers.map { log($0) }, shape: [2, steps, classes], on: device)
  }

  /// Removes repetitions, and then blanks.
  func labels(of path: [Int], blank: Int) -> [Int] {
    path.indices.filter { ($0 == 0 || path[$0] != path[$0 - 1]) && path[$0] != blank }.map { path[$0] }
  }

  /// Returns the probability of each sequence of labels, from every path.
  func probabilities(_ values: [Double], steps: Int, blank: Int) -> [[Int]: Double] {
    var paths: [([Int], Double)] = [([], 1)]
    for step in 0..<steps {
      paths = paths.flatMap { path, product in
        (0..<classes).map { (path + [$0], product * exp(values[step * classes + $0])) }
      }
    }
    return paths.reduce(into: [:]) { $0[labels(of: $1.0, blank: blank), default: 0] += $1.1 }
  }

  @Test(arguments: TestDevices.all) func aWideBeamIsExact(_ device: Device) throws {
    let x = logarithms(device)
    for blank in 0..<classes {
      let lengths = [4, 3]
      let found = try x.ctcDecoded(
        inputLengths: Tensor(integers: lengths, on: device), blank: blank, beamWidth: 100, paths: 100)
      for example in 0..<2 {
        let all = probabilities(try x[example].scalars(as: Double.self), steps: lengths[example], blank: blank)
        #expect(Set(found[example].map(\.labels)) == Set(all.keys))
        for (place, one) in found[example].enumerated() {
          #expect(abs(exp(one.logProbability) - all[one.labels, default: 0]) < 1e-6)
          #expect(place == 0 || one.logProbability <= found[example][place - 1].logProbability)
        }
      }
    }
  }

  @Test func theProbabilityIsThatOfTheLoss() throws {
    let x = logarithms(.cpu)[1..<2]
    for one in try x.ctcDecoded(beamWidth: 50, paths: 5)[0] where !one.labels.isEmpty {
      let loss = Loss.ctc(
        x, targets: Tensor(integers: one.labels, shape: [1, one.labels.count]), inputLengths: Tensor(integers: [4]),
        targetLengths: Tensor(integers: [one.labels.count]))
      #expect(abs(try loss.item() + one.logProbability / Double(one.labels.count)) < 1e-5)
    }
  }

  @Test(arguments: TestDevices.all) func theBestPathIsTheLikeliestClassOfEachStep(_ device: Device) throws {
    let found = try logarithms(device).ctcDecoded()
    #expect(found.map { $0.map(\.labels) } == [[[]], [[1, 1]]])
    #expect(abs(found[0][0].logProbability - log(0.4 * 0.45 * 0.4 * 0.5)) < 1e-6)
    #expect(abs(found[1][0].logProbability - log(0.6 * 0.5 * 0.7 * 0.8)) < 1e-6)
    // The sum over the paths of a label exceeds the probability of the blanks.
    #expect(try logarithms(device).ctcDecoded(beamWidth: 20)[0][0].labels != [])
  }

  @Test func emptyAndUnreasonableLengths() throws {
    let x = logarithms(.cpu)
    #expect(
      try x.ctcDecoded(inputLengths: Tensor(integers: [0, -3]))
        == x.ctcDecoded(
          inputLengths: Tensor(integers: [0, 0]), beamWidth: 2))
    #expect(try x.ctcDecoded(inputLengths: Tensor(integers: [99, 4])) == x.ctcDecoded())
    #expect(try Tensor.full([1, 2, 3], .nan).ctcDecoded(beamWidth: 2).count == 1)
  }

  @Test func mistakesAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Tensor.zeros([1, 3, 4]).ctcDecoded(beamWidth: 2, paths: 3)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("ctcDecoded: paths is 3, expected a number from 1 to the beam width, 2"), "\(text)")
  }
}
