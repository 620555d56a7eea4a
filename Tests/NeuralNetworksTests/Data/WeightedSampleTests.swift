import Testing

@testable import NeuralNetworks

@Suite struct WeightedSampleTests {
  private func inputs(_ data: any Dataset) throws -> [Float] {
    try data.batch(at: Array(0..<data.count)).input.scalars()
  }

  private func numbers(_ count: Int) -> TensorDataset {
    TensorDataset(Tensor((0..<count).map { Float($0) }, shape: [count, 1]), .zeros([count, 1]))
  }

  @Test func frequenciesAreProportionalToWeights() throws {
    let weights = [0, 1, 3, 0, 6, 0].map { 1e300 * $0 }
    var counts = [Int](repeating: 0, count: 6)
    let sample = WeightedSample(numbers(6), weights: weights, seed: 3)
    #expect(sample.count == 6)
    for epoch in 0..<2000 { for number in try inputs(sample.during(epoch: epoch)) { counts[Int(number)] += 1 } }
    #expect(counts[0] == 0 && counts[3] == 0 && counts[5] == 0)
    // Five standard deviations of binomial distributions.
    for (index, share) in [(1, 0.1), (2, 0.3), (4, 0.6)] {
      let difference = Double(counts[index]) - 12000 * share
      #expect(difference.magnitude < 5 * (12000 * share * (1 - share)).squareRoot(), "\(counts)")
    }
  }

  @Test func epochsAndSeedsDifferAndCanBeRepeated() throws {
    let data = numbers(50)
    let weights = (1...50).map(Double.init)
    let first = try inputs(WeightedSample(data, weights: weights).during(epoch: 0))
    #expect(try inputs(WeightedSample(data, weights: weights).during(epoch: 0)) == first)
    #expect(try inputs(WeightedSample(data, weights: weights).during(epoch: 1)) != first)
    #expect(try inputs(WeightedSample(data, weights: weights, seed: 1).during(epoch: 0)) != first)
    #expect(try inputs(WeightedSample(data, weights: weights).original) == inputs(data))
  }

  /// Only the examples with a weight are trained on, and a resumed run draws the same ones.
  @Test func training() throws {
    let x = Tensor((0..<10).map { Float($0) / 10 }, shape: [10, 1])
    let y = Tensor((0..<10).map { $0 < 5 ? 1 : .infinity }, shape: [10, 1])
    func fit(_ saver: ResumeTests.Saver) throws -> [Float] {
      let model = Sequential { Dense(1) }
      model.compile(optimizer: .adam(learningRate: 0.1), loss: .meanSquaredError)
      let weights = (0..<10).map { $0 < 5 ? 1.0 : 0 }
      let data = WeightedSample(Targets(x, y), weights: weights)
      let history = try model.fit(data, epochs: 6, batchSize: 4, callbacks: [saver], verbosity: .silent)
      #expect(history["loss"].allSatisfy { $0.isFinite })
      return try model.numbers()
    }
    let saver = ResumeTests.Saver(at: 8)
    let expected = try fit(saver)
    let state = try #require(saver.state)
    #expect(try fit(ResumeTests.Saver(restoring: state)) == expected)
  }

  /// Data whose numbers are checked batch by batch.
  private struct Targets: Dataset {
    let x: Tensor
    let y: Tensor

    init(_ x: Tensor, _ y: Tensor) { (self.x, self.y) = (x, y) }

    var count: Int { x.shape[0] }
    func batch(at indices: [Int]) throws -> Batch { try TensorDataset(x, y).batch(at: indices) }
  }

  @Test func invalidWeightsEndTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = WeightedSample(TensorDataset(.ones([2, 1]), .ones([2, 1])), weights: [1])
    }
    await #expect(processExitsWith: .failure) {
      _ = WeightedSample(TensorDataset(.ones([2, 1]), .ones([2, 1])), weights: [0, 0])
    }
    await #expect(processExitsWith: .failure) {
      _ = WeightedSample(TensorDataset(.ones([2, 1]), .ones([2, 1])), weights: [1, -1])
    }
  }
}
