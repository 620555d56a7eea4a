import Testing

@testable import NeuralNetworks

@Suite struct DatasetTests {
  struct Squares: Dataset {
    let count: Int
    func batch(at indices: [Int]) throws -> Batch {
      let x = Tensor(indices.map { Float($0) }, shape: [indices.count, 1])
      return Batch(input: x, target: x.squared())
    }
  }
  struct Faulty: Dataset {
    struct Fault: Error {}
    let count = 10
    func batch(at indices: [Int]) throws -> Batch {
      if indices.contains(7) { throw Fault() }
      return try Squares(count: 10).batch(at: indices)
    }
  }
  struct Short: Dataset {
    let count = 10
    func batch(at indices: [Int]) throws -> Batch { try Squares(count: 10).batch(at: Array(indices.dropLast())) }
  }

  private func rows(_ count: Int, on device: Device = .cpu) -> TensorDataset {
    TensorDataset(
      Tensor((0..<(2 * count)).map(Float.init), shape: [count, 2], on: device),
      Tensor(integers: Array(0..<count), on: device), weights: Tensor((0..<count).map(Float.init), on: device))
  }

  /// The result of a pass: the first number of each example, batch by batch.
  private func firsts(_ batches: Batches) throws -> [[Int]] {
    var batches = batches
    var all: [[Int]] = []
    while let batch = try batches.next() {
      #expect(batch.input.shape[0] == batch.target.shape[0])
      all.append(try batch.target.reshaped([batch.count]).scalars(as: Int32.self).map(Int.init))
    }
    return all
  }

  @Test func batchesInOrder() throws {
    #expect(try firsts(rows(7).batches(of: 3)) == [[0, 1, 2], [3, 4, 5], [6]])
    #expect(try firsts(rows(7).batches(of: 3, droppingLast: true)) == [[0, 1, 2], [3, 4, 5]])
    #expect(try firsts(rows(6).batches(of: 3)) == [[0, 1, 2], [3, 4, 5]])
    #expect(try firsts(rows(2).batches(of: 5)) == [[0, 1]])
    #expect(rows(7).batches(of: 3).count == 3)
    #expect(rows(7).batches(of: 3, droppingLast: true).count == 2)
    #expect(try firsts(rows(2).batches(of: 5, droppingLast: true)).isEmpty)
    #expect(try firsts(rows(2).batches(of: .max)) == [[0, 1]])
    #expect(try firsts(rows(2).batches(of: .max, droppingLast: true)).isEmpty)
  }

  @Test(arguments: TestDevices.real) func rowsOfTensors(_ device: Device) throws {
    let data = rows(10)
    let some = try data.batch(at: [3, 9, 0])
    try expectClose(some.input, [6, 7, 18, 19, 0, 1])
    #expect(try some.target.scalars(as: Int32.self) == [3, 9, 0])
    try expectClose(try #require(some.weights), [3, 9, 0])
    let there = some.moved(to: device)
    #expect(there.input.device == device && there.target.device == device && there.weights?.device == device)
    try expectClose(there.input, [6, 7, 18, 19, 0, 1])
    // Data on the device is gathered there.
    let onDevice = try rows(10, on: device).batch(at: [4, 2])
    #expect(onDevice.input.device == device)
    try expectClose(onDevice.input, [8, 9, 4, 5])
  }

  @Test func consecutiveRowsAreNotCopied() throws {
    let data = rows(10)
    let batch = try data.batch(at: [4, 5, 6])
    #expect(batch.input.storage === data.inputs.storage)
    try expectClose(batch.input, [8, 9, 10, 11, 12, 13])
  }

  @Test func badIndices() throws {
    #expect(throws: TrainingError.noSuchExample(index: 10, count: 10)) { try rows(10).batch(at: [0, 10]) }
    #expect(throws: TrainingError.noSuchExample(index: -1, count: 10)) { try rows(10).batch(at: [-1]) }
    let odd = TensorDataset(.zeros([3, 2]), .zeros([4]))
    #expect(throws: TrainingError.rowCounts(inputs: 3, others: 4)) { try odd.batch(at: [0]) }
  }

  @Test(arguments: [1, 2, 3, 5, 64, 1000]) func shufflesArePermutations(_ count: Int) throws {
    let random = RandomStream(seed: 3)
    let first = try firsts(rows(count).batches(of: 7, shuffledBy: random)).flatMap { $0 }
    let second = try firsts(rows(count).batches(of: 7, shuffledBy: random)).flatMap { $0 }
    #expect(first.sorted() == Array(0..<count))
    #expect(second.sorted() == Array(0..<count))
    if count > 5 { #expect(first != second) }
    // The same seed gives the same orders.
    let again = RandomStream(seed: 3)
    #expect(try firsts(rows(count).batches(of: 7, shuffledBy: again)).flatMap { $0 } == first)
    #expect(try firsts(rows(count).batches(of: 7, shuffledBy: again)).flatMap { $0 } == second)
  }

  @Test(arguments: TestDevices.all) func shufflesAreEqualOnAllDevices(_ device: Device) throws {
    let here = try firsts(rows(100).batches(of: 9, shuffledBy: RandomStream(seed: 11)))
    let there = try firsts(rows(100).batches(of: 9, shuffledBy: RandomStream(seed: 11), on: device))
    #expect(here == there)
  }

  /// Each number occurs at each position about equally often. The statistic Σ (found − expected)² / expected of n
  /// shuffles of k numbers is distributed as k/(k − 1) times χ² with (k − 1)² degrees of freedom: 30 on average here.
  @Test func shufflesAreFair() throws {
    var statistics: [Double] = []
    for seed in 0..<20 {
      let random = RandomStream(seed: UInt64(seed))
      var counts = [[Double]](repeating: [Double](repeating: 0, count: 6), count: 6)
      for _ in 0..<1000 {
        let order = ExampleOrder(count: 6, source: random.nextSource()).indices(in: 0..<6)
        for (place, number) in order.enumerated() { counts[place][number] += 1 }
      }
      let expected = 1000.0 / 6
      statistics.append(counts.joined().reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected })
    }
    // The standard deviation of one is 8.5, that of the mean of twenty is 1.9.
    let mean = statistics.reduce(0, +) / 20
    #expect((mean - 30).magnitude < 7.6, "\(statistics)")
    #expect(statistics.allSatisfy { $0 < 75 }, "\(statistics)")
  }

  @Test func splits() throws {
    let (training, rest) = rows(10).split(0.7, seed: 4)
    #expect(training.count == 7 && rest.count == 3)
    #expect((training.indices + rest.indices).sorted() == Array(0..<10))
    #expect(training.indices == training.indices.sorted())
    #expect(rows(10).split(0.7, seed: 4).0.indices == training.indices)
    #expect((0..<5).contains { rows(10).split(0.7, seed: $0).0.indices != training.indices })
    #expect(rows(10).split(0).0.count == 0 && rows(10).split(1).0.count == 10)
    try expectClose(try rest.batch(at: [0]).input, [Double(2 * rest.indices[0]), Double(2 * rest.indices[0] + 1)])
    #expect(throws: TrainingError.noSuchExample(index: 3, count: 3)) { try rest.batch(at: [3]) }
    let nested = Subset(training, indices: [6, 0])
    #expect(try nested.batch(at: [0]).target.scalars(as: Int32.self) == [Int32(training.indices[6])])
  }

  @Test func readsAhead() throws {
    let data = Squares(count: 100)
    for _ in 0..<20 {
      let values = try firsts(data.batches(of: 7)).flatMap { $0 }
      #expect(values == (0..<100).map { $0 * $0 })
    }
    // A copy is independent.
    var batches = data.batches(of: 30)
    _ = try batches.next()
    var copy = batches
    #expect(try copy.next()?.input.scalars().first == 30)
    #expect(try copy.next()?.input.scalars().first == 60)
    #expect(try batches.next()?.input.scalars().first == 30)
    var seen = 0
    try batches.forEach { seen += $0.count }
    #expect(seen == 40)
  }

  @Test func faultsArriveWithTheirBatch() throws {
    var batches = Faulty().batches(of: 3)
    #expect(try batches.next() != nil)
    #expect(try batches.next() != nil)
    #expect(throws: Faulty.Fault.self) { try batches.next() }
    var short = Short().batches(of: 5)
    #expect(throws: TrainingError.batchRows(asked: 5, found: 4)) { try short.next() }
  }

  /// Abandoned passes leave no thread behind that retains the data.
  @Test func abandonedPassesGoAway() async throws {
    final class Token: Sendable {}
    struct Held: Dataset {
      let token: Token
      let count = 1000
      func batch(at indices: [Int]) throws -> Batch { try Squares(count: 1000).batch(at: indices) }
    }
    weak var weakToken: Token?
    do {
      let token = Token()
      weakToken = token
      var batches = Held(token: token).batches(of: 1)
      for _ in 0..<5 { _ = try batches.next() }
    }
    for _ in 0..<30_000 where weakToken != nil { try await Task.sleep(for: .milliseconds(2)) }
    #expect(weakToken == nil)
  }
}
