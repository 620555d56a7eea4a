import NeuralNetworks
import Testing

@testable import Datasets

@Suite struct CombiningTests {
  private func numbers(_ range: Range<Int>) -> TensorDataset {
    TensorDataset(Tensor(range.map { Float($0) }, shape: [range.count, 1]), Tensor(integers: range.map { $0 % 3 }))
  }

  private func inputs(_ data: any Dataset, _ indices: [Int]? = nil) throws -> [Float] {
    try data.batch(at: indices ?? Array(0..<data.count)).input.scalars()
  }

  @Sendable private static func doubled(_ batch: Batch) -> Batch {
    Batch(inputs: batch.inputs.map { $0 * 2 }, targets: batch.targets, weights: batch.weights)
  }

  @Test func selections() throws {
    let data = numbers(0..<5)
    #expect(try inputs(data.prefix(2)) == [0, 1] && inputs(data.prefix(9)).count == 5 && data.prefix(0).count == 0)
    #expect(
      try inputs(data.dropFirst(3)) == [3, 4] && data.dropFirst(9).count == 0 && inputs(data.dropFirst()).count == 4)
    #expect(try inputs(data.repeated(2)) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4] && data.repeated(0).count == 0)
    for threads in [1, 3] {
      let multiples = try numbers(0..<600).filtered(threads: threads) { try $0.target.item() == 0 }
      #expect(try inputs(multiples) == (0..<200).map { Float(3 * $0) })
    }
    struct Refusal: Error {}
    #expect(throws: Refusal.self) { try data.filtered { try $0.input.item() > 2 ? { throw Refusal() }() : true } }
  }

  @Test(arguments: [1, 2, 16]) func examplesAreMappedOnThreads(_ threads: Int) throws {
    let data = numbers(0..<100)
    let mapped = data.mapExamples(threads: threads) { example in
      #expect(example.count == 1)
      return Self.doubled(example)
    }
    let order = (0..<100).map { $0 * 7 % 100 }
    #expect(try inputs(mapped, order) == order.map { Float(2 * $0) })
    #expect(try mapped.batch(at: order).target.scalars(as: Int.self) == order.map { $0 % 3 })
    #expect(try inputs(data.map(Self.doubled), order) == inputs(mapped, order))
    #expect(try inputs(mapped, []) == [])
    struct Refusal: Error, Equatable { let number: Float }
    let refused = data.mapExamples(threads: threads) { throw Refusal(number: try $0.input.item()) }
    for _ in 0..<20 { #expect(throws: Refusal(number: 5)) { try refused.batch(at: [5, 4, 3, 2, 1, 0]) } }
    let uneven = data.mapExamples(threads: threads) { example in
      Batch(input: .zeros([1, try example.input.item() == 3 ? 4 : 2]), target: example.target)
    }
    #expect(
      throws: DataError.examples(
        reason: "mapExamples: expected examples of the same form, found inputs float32 [2] and targets int32 [] and "
          + "inputs float32 [4] and targets int32 []")
    ) { try uneven.batch(at: [1, 2, 3]) }
    let none = data.mapExamples(threads: threads) { Batch(input: $0.input[0..<0], target: $0.target) }
    #expect(throws: DataError.examples(reason: "mapExamples: expected 1 row, found 0")) { try none.batch(at: [0]) }
  }

  @Test func datasetsAreConcatenatedAndZipped() throws {
    let both = numbers(0..<3).concatenated(with: numbers(10..<15))
    #expect(try both.count == 8 && inputs(both) == [0, 1, 2, 10, 11, 12, 13, 14])
    #expect(try inputs(both, [7, 0, 3, 2, 0]) == [14, 0, 10, 2, 0] && inputs(both, []) == [])
    #expect(throws: TrainingError.noSuchExample(index: 8, count: 8)) { try both.batch(at: [8]) }
    let other = numbers(0..<2).concatenated(with: TensorDataset(.zeros([1, 2]), Tensor(integers: [1])))
    #expect(throws: DataError.self) { try other.batch(at: [0, 2]) }

    let weighted = TensorDataset(.zeros([3, 2]), .ones([3, 1]), weights: Tensor([1, 2, 3]))
    let zipped = try numbers(0..<3).zipped(with: weighted).zipped(with: weighted).batch(at: [2, 0])
    #expect(zipped.inputs.map(\.shape) == [[2, 1], [2, 2], [2, 2]] && zipped.targets.count == 3)
    #expect(try zipped.weights?.scalars() == [9, 1])
  }

  @Test func cachedExamplesAreReadOnce() throws {
    final class Counter: Dataset, @unchecked Sendable {
      var reads = 0
      let count = 10
      func batch(at indices: [Int]) throws -> Batch {
        reads += indices.count
        return Batch(
          input: Tensor(indices.map { Float($0) }), target: Tensor(integers: indices), weights: .ones([indices.count]))
      }
    }
    let counter = Counter()
    let cached = try counter.cached(batchSize: 4)
    #expect(cached.count == 10 && counter.reads == 10)
    #expect(
      try inputs(cached, [9, 0, 3]) == [9, 0, 3] && inputs(cached, [4, 5]) == [4, 5] && inputs(cached, []) == [])
    #expect(try cached.batch(at: [1]).weights?.shape == [1] && counter.reads == 10)
    #expect(throws: TrainingError.noSuchExample(index: 10, count: 10)) { try cached.batch(at: [10]) }
    #expect(throws: DataError.examples(reason: "cached: there are no examples")) { try numbers(0..<0).cached() }
    // They are read without another thread, and checked once.
    #expect(cached.liesInTensors && cached.prefix(3).liesInTensors)
    #expect(!counter.liesInTensors && !cached.map { $0 }.liesInTensors)
  }

  /// Combinations vary as their parts do, and parts of a resampled dataset keep to themselves.
  @Test func variationReachesCombinations() throws {
    let varied = numbers(0..<20).augmented(.noise(deviation: 0.1), seed: 1)
    let combinations: [any Dataset] = [
      varied.map(Self.doubled), varied.concatenated(with: numbers(0..<4)), numbers(0..<20).zipped(with: varied),
      varied.prefix(7),
    ]
    for data in combinations {
      func last(_ data: any Dataset) throws -> [Float] {
        let batch = try data.batch(at: Array(0..<data.count))
        return try batch.inputs[batch.inputs.count - 1].scalars()
      }
      let (first, second) = (try last(data.examples(ofEpoch: 0)), try last(data.examples(ofEpoch: 1)))
      #expect(first != second)
      #expect(try last(data.examples(ofEpoch: 0)) == first && last(data.measured) != first)
    }
    #expect(try inputs(varied.cached()) == inputs(numbers(0..<20)))

    let sample = WeightedSample(numbers(0..<30), weights: [Double](repeating: 1, count: 30), seed: 3)
    let tail = WeightedSample(numbers(30..<40), weights: [Double](repeating: 1, count: 10), seed: 4)
    for data in [
      sample.map { $0 } as any Dataset, sample.concatenated(with: tail), sample.zipped(with: numbers(0..<30)),
    ] {
      let (training, held) = data.split(0.7, seed: 2)
      let own = Set(try inputs(held.original))
      #expect(own.count == held.count)
      for epoch in 0..<50 {
        #expect(try own.isDisjoint(with: inputs(training.during(epoch: epoch))))
        #expect(try own.isSuperset(of: inputs(held.during(epoch: epoch))))
      }
      let ordered = Subset(data, indices: [7, 29, 1])
      #expect(try inputs(ordered.original) == [7, 29, 1])
    }
  }
}
