import BackendCore
import Tensors
import Testing

@Suite struct RandomTests {
  @Test(arguments: TestDevices.all)
  func sameSeedSameNumbersOnEveryDevice(_ device: Device) throws {
    func draws(_ device: Device) throws -> [[Float]] {
      let random = RandomStream(seed: 42)
      let uniform = Tensor.uniform([5, 3], in: -1..<1, using: random, on: device)
      let mask = Tensor.bernoulli([100], probability: 0.3, using: random, on: device)
      let more = Tensor.uniform([4], using: random.split(), on: device)
      return try [uniform.scalars(), mask.scalars(), more.scalars()]
    }
    #expect(try draws(device) == draws(TestDevices.reference))
    let normal = Tensor.normal([64], mean: 1, deviation: 2, using: RandomStream(seed: 3), on: device)
    let expected = Tensor.normal([64], mean: 1, deviation: 2, using: RandomStream(seed: 3), on: TestDevices.reference)
    try expectEqual(normal, expected)
  }

  /// The definition: words of the Philox block of the derived key, in the order of the calls.
  @Test func uniformsAreThoseOfTheGenerator() throws {
    let random = RandomStream(seed: 9)
    _ = random.nextSource()
    let source = RandomSource(key: RandomSource.derivedKey(seed: 9, "stream"), call: 1)
    let expected = (0..<6).map { Philox.uniform(source.block($0 / 4)[$0 % 4]) }
    #expect(try Tensor.uniform([6], using: random).scalars() == expected)
  }

  @Test func streamsOfOneStepCountTheirCalls() {
    let stream = RandomStream(seed: 5, purpose: "dropout", step: 12)
    let (first, second) = (stream.nextSource(), stream.nextSource())
    #expect(first.key == RandomSource.derivedKey(seed: 5, "dropout"))
    #expect(first.step == 12 && second.step == 12)
    #expect(first.call == 0 && second.call == 1)
    let (a, b) = (RandomStream(seed: 1).split().nextSource(), RandomStream(seed: 1).nextSource())
    #expect(a.key != b.key)
  }

  @Test(arguments: TestDevices.all)
  func moments(_ device: Device) throws {
    let random = RandomStream(seed: 1)
    let normal = Tensor.normal([20_000], mean: 3, deviation: 0.5, using: random, on: device)
    #expect(abs(try normal.mean().item() - 3) < 0.02)
    #expect(abs(try normal.standardDeviation().item() - 0.5) < 0.01)
    let uniform = Tensor.uniform([20_000], in: 2..<4, using: random, on: device)
    #expect(try uniform.min().item() >= 2 && uniform.max().item() < 4)
    #expect(abs(try uniform.mean().item() - 3) < 0.02)
    let like = Tensor.normal(like: normal, using: random)
    #expect(like.shape == [20_000] && like.device == device)
    #expect(try Tensor.bernoulli([8], probability: 1, using: random, dtype: .bool, on: device).all().item() == 1)
  }

  /// Rounding never reaches the excluded bound of the range.
  @Test(arguments: TestDevices.all)
  func uniformsStayBelowTheirBound(_ device: Device) throws {
    let random = RandomStream(seed: 1)
    for range in [4096.0..<4097, 1..<2, -0.1..<0.1, -4097.0 ..< -4096] {
      let drawn = Tensor.uniform([50_000], in: range, using: random, on: device)
      #expect(try drawn.max().item() < range.upperBound, "\(range)")
      #expect(try drawn.min().item() >= Double(Float(range.lowerBound)), "\(range)")
    }
  }

  @Test(arguments: TestDevices.all)
  func dropoutScalesWhatItKeeps(_ device: Device) throws {
    let x = Tensor.ones([1000], on: device)
    let source = RandomSource(key: 11, call: 2, step: 3)
    let (value, gradient) = valueAndGradient(at: x) { $0.dropout(0.25, source).sum() }
    let kept = try x.dropout(0.25, source).scalars()
    #expect(kept.allSatisfy { $0 == 0 || abs($0 - 4.0 / 3) < 1e-6 })
    #expect(abs(try value.item() - 1000) < 80)
    #expect(try gradient.scalars() == kept)
  }
}
