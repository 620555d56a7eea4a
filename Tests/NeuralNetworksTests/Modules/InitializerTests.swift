import NeuralNetworks
import Testing

@Suite struct InitializerTests {
  private func values(_ initializer: Initializer, _ shape: [Int], seed: UInt64 = 1) throws -> [Double] {
    final class Holder: Module {
      let weight: Parameter
      init(_ parameter: Parameter) { weight = parameter }
    }
    let holder = Holder(Parameter(shape, initializer))
    try holder.build(on: TestDevices.reference, seed: seed)
    return try holder.weight.value.scalars(as: Double.self)
  }

  private func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, variance.squareRoot())
  }

  @Test func constants() throws {
    #expect(try values(.zeros, [2, 2]) == [0, 0, 0, 0])
    #expect(try values(.ones, [3]) == [1, 1, 1])
    #expect(try values(.constant(-2.5), [2]) == [-2.5, -2.5])
  }

  /// 300 inputs, 100 units: the bound or the standard deviation of the documented formula, squared.
  static let scales: [(initializer: Initializer, squaredScale: Double, isUniform: Bool)] = [
    (.pytorchDefault, 1.0 / 300, true), (.glorotUniform, 6.0 / 400, true), (.heUniform, 6.0 / 300, true),
    (.lecunUniform, 3.0 / 300, true), (.uniform(-0.3, 0.3), 0.09, true), (.glorotNormal, 2.0 / 400, false),
    (.heNormal, 2.0 / 300, false), (.lecunNormal, 1.0 / 300, false), (.normal(deviation: 0.02), 0.0004, false),
  ]

  @Test(arguments: scales)
  func distributions(_ initializer: Initializer, _ squaredScale: Double, _ isUniform: Bool) throws {
    let scale = squaredScale.squareRoot()
    let values = try values(initializer, [300, 100])
    let (mean, deviation) = moments(values)
    let expected = isUniform ? scale / 3.0.squareRoot() : scale
    // 30,000 draws: three standard errors of the mean and of the deviation.
    #expect(abs(mean) < 3 * expected / 30_000.0.squareRoot())
    #expect(abs(deviation / expected - 1) < 3 / 60_000.0.squareRoot())
    let largest = values.map(abs).max()!
    if isUniform {
      #expect(largest <= scale * (1 + 1e-6) && largest > 0.999 * scale)
      #expect(values.min()! < -0.999 * scale && values.max()! > 0.999 * scale)
    } else {
      // Not truncated: the largest of 30,000 is beyond three deviations.
      #expect(largest > 3 * scale)
    }
  }

  /// 300 inputs, 100 units: the standard deviation of the values, and their bound.
  static let truncated: [(initializer: Initializer, mean: Double, deviation: Double, bound: Double)] = [
    // The deviation of a normal distribution that is truncated at ±2 deviations, from SciPy's truncnorm(-2, 2).std().
    (.truncatedNormal(mean: 1, deviation: 0.5), 1, 0.5 * 0.8796256610342397, 1),
    (.varianceScaling(), 0, (1 / 300.0).squareRoot(), 2 / 0.8796256610342397 * (1 / 300.0).squareRoot()),
    (.varianceScaling(scale: 3, fan: .fanOut, distribution: .uniform), 0, 0.03.squareRoot(), 0.3),
    (.varianceScaling(scale: 2, fan: .average, distribution: .normal), 0, 0.1, .infinity),
  ]

  @Test(arguments: truncated.indices) func truncatedAndScaledDistributions(_ index: Int) throws {
    let (initializer, mean, deviation, bound) = Self.truncated[index]
    let values = try values(initializer, [300, 100])
    let found = moments(values)
    #expect(abs(found.mean - mean) < 3 * deviation / 30_000.0.squareRoot())
    #expect(abs(found.deviation / deviation - 1) < 3 / 60_000.0.squareRoot())
    let largest = values.map { abs($0 - mean) }.max()!
    #expect(bound.isFinite ? largest <= bound * (1 + 1e-6) && largest > 0.99 * bound : largest > 3 * deviation)
  }

  @Test func identities() throws {
    #expect(try values(.identity(), [2, 3]) == [1, 0, 0, 0, 1, 0])
    #expect(try values(.identity(gain: 2), [3, 2]) == [2, 0, 0, 2, 0, 0])
    #expect(try values(.identity(), [2]) == [1, 1])
    // One position in the middle of a kernel, as PyTorch's dirac_.
    #expect(try values(.identity(), [2, 2, 3]) == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    #expect(try values(.identity(), [1, 1, 2, 3]) == [0, 0, 0, 0, 1, 0])
  }

  @Test func convolutionsCountTheirField() throws {
    let bound = (6.0 / Double(3 * 25 + 8 * 25)).squareRoot()
    let largest = try values(.glorotUniform, [8, 3, 5, 5]).map(abs).max()!
    #expect(largest <= bound * (1 + 1e-6) && largest > 0.98 * bound)
  }

  @Test(arguments: [[5, 5], [3, 7], [7, 3], [4, 2, 3]])
  func orthogonalMatrices(_ shape: [Int]) throws {
    let gain = 1.5
    let values = try values(.orthogonal(gain: gain), shape)
    let (rows, columns) = (shape[0], values.count / shape[0])
    func dot(_ a: Int, _ b: Int) -> Double {
      rows <= columns
        ? (0..<columns).reduce(0) { $0 + values[a * columns + $1] * values[b * columns + $1] }
        : (0..<rows).reduce(0) { $0 + values[$1 * columns + a] * values[$1 * columns + b] }
    }
    for a in 0..<min(rows, columns) {
      for b in 0..<min(rows, columns) {
        #expect(abs(dot(a, b) - (a == b ? gain * gain : 0)) < 1e-6)
      }
    }
  }

  @Test func theBiasFollowsTheWeight() throws {
    let model = Sequential {
      Dense(400)
      Dense(400, initializer: .heNormal)
    }
    try model.build(inputShape: [100], seed: 1)
    let drawn = try model.parameters["0.bias"]!.value.scalars().map { abs($0) }.max()!
    #expect(drawn <= 0.1 && drawn > 0.098)
    #expect(try model.parameters["1.bias"]!.value.scalars() == [Float](repeating: 0, count: 400))
  }

  @Test func ofOnesOwn() throws {
    let alternating = Initializer("alternating") { shape, random in
      let noise = random.uniforms(shape.reduce(1, *), in: 0..<0.5)
      return noise.enumerated().map { Float($1) + ($0 % 2 == 0 ? 1 : -1) }
    }
    let drawn = try values(alternating, [4, 2])
    #expect(drawn.enumerated().allSatisfy { ($1 > 0) == ($0 % 2 == 0) })
    #expect(try values(alternating, [4, 2]) == drawn)
    #expect(try values(alternating, [4, 2], seed: 2) != drawn)
  }
}
