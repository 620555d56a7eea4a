import Synchronization
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

  /// No epoch of a part has an example of another part, also if a part is divided again.
  @Test func partsDrawTheirOwnExamples() throws {
    let sample = WeightedSample(numbers(40), weights: (0..<40).map { Double($0 % 4) }, seed: 2)
    let (most, held) = sample.split(0.8, seed: 7)
    let (training, validation) = most.split(0.75, seed: 8)
    var counts: [Float: Int] = [:]
    for (part, others) in [(most, [held]), (held, [most]), (training, [validation, held])] {
      let own = Set(try inputs(part.original))
      #expect(own.count == part.count)
      for other in others { #expect(try own.isDisjoint(with: inputs(other.original))) }
      for epoch in 0..<200 {
        let drawn = try inputs(part.during(epoch: epoch))
        #expect(drawn.count == part.count && own.isSuperset(of: drawn))
        #expect(try inputs(part.during(epoch: epoch)) == drawn)
        if part.count == most.count { for number in drawn { counts[number, default: 0] += 1 } }
      }
    }
    // The weights are those of the examples.
    for number in try inputs(most.original) {
      let weight = Int(number) % 4
      #expect(weight == 0 ? counts[number] == nil : (counts[number] ?? 0) > 50 * weight, "\(number): \(counts)")
    }
    let twice = Subset(sample, indices: [5, 5, 1])
    #expect(try inputs(twice.original) == [5, 5, 1] && Set(inputs(twice.during(epoch: 0))).isSubset(of: [5, 1]))
  }

  /// The examples that `fit` holds back have other inputs than the others.
  @Test func heldBackExamplesAreNotTrainedOn() throws {
    let data = numbers(30)
    var heldBack: Set<Float> = []
    for epochs in [1, 5] {
      let recorder = Recorder(data)
      let sample = WeightedSample(recorder, weights: [Double](repeating: 1, count: 30))
      let model = Sequential { Dense(1) }
      model.compile(optimizer: .sgd(learningRate: 1e-6), loss: .meanSquaredError)
      var trained: Set<Float> = []
      let watch = ClosureCallback(
        epochBegan: { _, _ in recorder.restart() }, validationBegan: { _ in trained.formUnion(recorder.restart()) },
        validationEnded: { _, _ in heldBack.formUnion(recorder.restart()) })
      try model.fit(
        sample, epochs: epochs, batchSize: 4, validation: .split(0.2), seed: 4, callbacks: [watch], verbosity: .silent)
      #expect(heldBack.count == 6 && trained.count > 10 && trained.isDisjoint(with: heldBack))
    }
  }

  /// Records the inputs that are read.
  private final class Recorder: Dataset {
    private let data: TensorDataset
    private let seen = Mutex<Set<Float>>([])

    init(_ data: TensorDataset) { self.data = data }

    var count: Int { data.count }

    func batch(at indices: [Int]) throws -> Batch {
      let batch = try data.batch(at: indices)
      let inputs = try batch.input.scalars()
      seen.withLock { $0.formUnion(inputs) }
      return batch
    }

    /// Returns the inputs read since the last call.
    @discardableResult func restart() -> Set<Float> {
      seen.withLock { seen in
        defer { seen = [] }
        return seen
      }
    }
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

  @Test func invalidWeightsEndTheProgram() async throws {
    await #expect(processExitsWith: .failure) {
      _ = WeightedSample(TensorDataset(.ones([2, 1]), .ones([2, 1])), weights: [1])
    }
    await #expect(processExitsWith: .failure) {
      _ = WeightedSample(TensorDataset(.ones([2, 1]), .ones([2, 1])), weights: [0, 0])
    }
    await #expect(processExitsWith: .failure) {
      _ = WeightedSample(TensorDataset(.ones([2, 1]), .ones([2, 1])), weights: [1, -1])
    }
    // A part without weights can be evaluated, but not drawn from.
    let sample = WeightedSample(numbers(2), weights: [0, 1])
    #expect(try inputs(Subset(sample, indices: [0]).original) == [0])
    await #expect(processExitsWith: .failure) {
      let sample = WeightedSample(TensorDataset(.ones([2, 1]), .ones([2, 1])), weights: [0, 1])
      _ = Subset(sample, indices: [0]).during(epoch: 0)
    }
    await #expect(processExitsWith: .failure) {
      _ = Subset(WeightedSample(TensorDataset(.ones([2, 1]), .ones([2, 1])), weights: [0, 1]), indices: [2])
    }
  }
}
