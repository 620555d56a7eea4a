import Tensors
import Testing

/// Draws that are computed from uniform and normal ones. Bounds of means are five standard errors wide.
@Suite struct SamplingTests {
  private func random() -> RandomStream { RandomStream(seed: 11) }

  /// Checks the mean and the variance of draws; `fourth` is their fourth central moment divided by the variance squared.
  private func expectMoments(
    _ draws: Tensor, mean: Double, variance: Double, fourth: Double = 3,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let numbers = try draws.scalars(as: Double.self)
    let count = Double(numbers.count)
    let found = numbers.reduce(0, +) / count
    let spread = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    #expect(abs(found - mean) < 5 * (variance / count).squareRoot(), "mean \(found)", sourceLocation: sourceLocation)
    let error = variance * ((fourth - 1) / count).squareRoot()
    #expect(abs(spread - variance) < 5 * error, "variance \(spread)", sourceLocation: sourceLocation)
  }

  /// The number of draws of each value.
  private func counts(_ draws: Tensor, _ values: Int) throws -> [Double] {
    var counts = [Double](repeating: 0, count: values)
    for draw in try draws.scalars(as: Int32.self) { counts[Int(draw)] += 1 }
    return counts
  }

  @Test(arguments: TestDevices.all) func integers(_ device: Device) throws {
    let draws = Tensor.integers([6000], in: 3..<9, using: random(), on: device) - 3
    for count in try counts(draws, 6) { #expect(abs(count - 1000) < 5 * (6000.0 * 5 / 36).squareRoot()) }
    let wide = Tensor.integers([1000], in: (-1 << 30)..<(1 << 30) - 1, using: random(), on: device)
    let numbers = try wide.scalars(as: Int32.self).map(Double.init)
    #expect(numbers.allSatisfy { $0 >= -0x1p30 && $0 < 0x1p30 })
    let mean: Double = numbers.reduce(0, +) / 1000
    let deviation: Double = 0x1p31 / 12000.0.squareRoot()
    #expect(abs(mean) < 5 * deviation)
    #expect(Set(numbers).count > 990)
    // The same on every device.
    let host = Tensor.integers([100], in: 0..<1000, using: random())
    let here = Tensor.integers([100], in: 0..<1000, using: random(), on: device)
    #expect(try host.scalars(as: Int32.self) == here.scalars(as: Int32.self))
  }

  @Test(arguments: TestDevices.all) func permutations(_ device: Device) throws {
    let stream = random()
    let order = try Tensor.permutation(200, using: stream, on: device).scalars(as: Int32.self)
    #expect(order.sorted() == (0..<200).map { Int32($0) })
    #expect(try Tensor.permutation(200, using: stream, on: device).scalars(as: Int32.self) != order)
    #expect(Tensor.permutation(0, using: stream, on: device).shape == [0])
    // Each of the six orders of three numbers has the same probability.
    var counts: [[Int32]: Double] = [:]
    for _ in 0..<600 {
      counts[try Tensor.permutation(3, using: stream, on: device).scalars(as: Int32.self), default: 0] += 1
    }
    #expect(counts.count == 6 && counts.values.allSatisfy { abs($0 - 100) < 5 * (600.0 * 5 / 36).squareRoot() })
    let x = Tensor.range(0..<12, on: device).reshaped([4, 3])
    let shuffled = x.shuffled(using: stream)
    let again = RandomStream(seed: 3)
    try expect(
      x.cast(to: .float32).shuffled(using: RandomStream(seed: 3)),
      x.rows(at: .permutation(4, using: again, on: device)).cast(to: .float32).scalars(as: Double.self))
    #expect(try Tensor.permutation(4, using: RandomStream(seed: 3)).scalars(as: Int32.self) != [0, 1, 2, 3])
    #expect(shuffled.shape == [4, 3])
    #expect(try shuffled.sum(axis: 0).scalars(as: Int32.self) == [18, 22, 26])
    #expect(try x.shuffled(axis: 1, using: stream).sum(axis: 1).scalars(as: Int32.self) == [3, 12, 21, 30])
  }

  @Test(arguments: TestDevices.all) func categories(_ device: Device) throws {
    let probabilities: [Double] = [0.1, 0.6, 0, 0.3]
    let logits = Tensor(probabilities.map { Float($0) }, on: device).log() + 4
    let draws = Tensor.categorical(logits: logits, count: 10_000, using: random())
    #expect(draws.shape == [10_000] && draws.dtype == .int32)
    for (count, p) in zip(try counts(draws, 4), probabilities) {
      #expect(abs(count - 10_000 * p) <= 5 * (10_000 * p * (1 - p)).squareRoot())
    }
    // Many draws from many classes need no table of both.
    let wide = Tensor.zeros([2, 30_000], on: device)
    let mean = Tensor.categorical(logits: wide, count: 20_000, using: random()).cast(to: .float32).mean(axis: 1)
    for found in try mean.scalars() { #expect(abs(found - 14_999.5) < 5 * 8660 / 141.4) }
    let certain = Tensor.categorical(
      logits: Tensor([-.infinity, 2, -.infinity], on: device), count: 500, using: random())
    #expect(try (certain .== 1).all().item(as: Bool.self))
    let possible = Tensor.categorical(
      logits: Tensor([0, -.infinity, 0], on: device), count: 3, replacement: false, using: random())
    #expect(try possible.sorted().scalars(as: Int32.self) == [-1, 0, 2])
    let rows = Tensor.categorical(logits: logits.reshaped([2, 2]), using: random())
    #expect(rows.shape == [2])
    #expect(try rows[1].item() == 1)
    #expect(Tensor.categorical(logits: .zeros([2, 3, 5], on: device), count: 7, using: random()).shape == [2, 3, 7])
    let different = Tensor.categorical(
      logits: .zeros([50, 4], on: device), count: 4, replacement: false, using: random())
    #expect(try different.sorted().scalars(as: Int32.self) == (0..<50).flatMap { _ in [0, 1, 2, 3] })
  }

  @Test(arguments: TestDevices.all) func truncatedNormals(_ device: Device) throws {
    let draws = Tensor.truncatedNormal([20_000], mean: 3, deviation: 2, using: random(), on: device)
    // The variance of SciPy's `truncnorm(-2, 2)`, and its kurtosis plus 3.
    try expectMoments(draws, mean: 3, variance: 4 * 0.7737413, fourth: 2.37)
    let numbers = try draws.scalars(as: Double.self)
    #expect(numbers.allSatisfy { $0 >= -1 && $0 <= 7 })
    let tail = try Tensor.truncatedNormal([1000], in: 3...5, using: random(), on: device).scalars(as: Double.self)
    #expect(tail.allSatisfy { $0 >= 3 && $0 <= 5 })
    // The mean of SciPy's `truncnorm(3, 5)`.
    let mean: Double = tail.reduce(0, +) / 1000
    #expect(abs(mean - 3.28269) < 0.045)
  }

  @Test(arguments: TestDevices.all) func exponentials(_ device: Device) throws {
    let draws = Tensor.exponential([20_000], rate: 0.5, using: random(), on: device)
    try expectMoments(draws, mean: 2, variance: 4, fourth: 9)
    #expect(try draws.min().item() >= 0)
  }

  @Test(arguments: TestDevices.all) func gammas(_ device: Device) throws {
    for shape in [0.3, 1, 4.5, 200] {
      let draws = Tensor.gamma(shapes: .full([20_000], shape, on: device), using: random())
      try expectMoments(draws, mean: shape, variance: shape, fourth: 3 + 6 / shape)
      #expect(try draws.min().item() >= 0)
    }
    try expect(
      Tensor.gamma(shapes: Tensor([0, -1, .nan], on: device), using: random()).isNaN().cast(to: .float32), [1, 1, 1])
  }

  @Test(arguments: TestDevices.all) func poissons(_ device: Device) throws {
    for rate in [0.4, 3, 9.9, 10, 35, 2000] {
      let draws = Tensor.poisson(rates: .full([20_000], rate, on: device), using: random())
      try expectMoments(draws, mean: rate, variance: rate, fourth: 3 + 1 / rate)
      #expect(try (draws - draws.floor()).magnitude().max().item() == 0)
      #expect(try draws.min().item() >= 0)
    }
    // Frequencies around the mean, against the distribution.
    for rate in [4.0, 20] {
      let draws = try Tensor.poisson(rates: .full([20_000], rate, on: device), using: random()).scalars(
        as: Double.self)
      var probability = 1.0
      for k in 1...Int(rate) { probability *= rate / Double(k) }
      for _ in 0..<Int(rate) { probability *= 0.36787944117144233 }  // e⁻¹
      let found = Double(draws.count { $0 == rate })
      #expect(abs(found - 20_000 * probability) < 5 * (20_000 * probability).squareRoot(), "\(rate)")
    }
    try expect(Tensor.poisson(rates: Tensor([0, -1, .nan], on: device), using: random()), [0, .nan, .nan])
  }
}
