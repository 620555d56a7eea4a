import HostSystem
import BackendCPU
import BackendCore
import NeuralNetworks
import Synchronization
import TestSupport
import Testing

@Suite struct PredictorTests {
  private func trained(on device: Device) throws -> sending Sequential {
    let model = Corners.compiled(on: device)
    try model.fit(Corners.data(), epochs: 3, verbosity: .silent)
    return model
  }

  @Test(arguments: TestDevices.real) func manyTasks(_ device: Device) async throws {
    let data = Corners.data(24)
    let expected = try trained(on: device).predict(data.inputs, batchSize: 24).scalars()
    let predictor = Predictor(try trained(on: device))
    let rows = try await withThrowingTaskGroup(of: Int.self) { group in
      for worker in 0..<8 {
        group.addTask {
          for round in 0..<20 {
            let row = (worker + round) % 24
            let found = try predictor.predict(data.inputs[row..<(row + 1)])
            try expectClose(found, expected[(3 * row)..<(3 * row + 3)].map(Double.init))
          }
          return 20
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(rows == 160)
  }

  @Test func unbuiltModels() async throws {
    let predictor = Predictor(Sequential { Dense(4) })
    let shapes = try await withThrowingTaskGroup(of: [Int].self) { group in
      for _ in 0..<4 { group.addTask { try predictor.predict(.ones([5, 7])).shape } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(shapes == [[Int]](repeating: [5, 4], count: 4))
    #expect(throws: ModelError.self) { try predictor.predict(.ones([5, 8])) }
    #expect(throws: TrainingError.emptyData("prediction")) { try predictor.predict(.ones([0, 7])) }
  }

  /// A recording gives bitwise the same results as the layers, for each input shape and each element of a batch.
  @Test(arguments: TestDevices.all) func equalsTheLayers(_ device: Device) throws {
    func model() throws -> sending Sequential {
      let model = Sequential {
        Flatten()
        Dense(6, activation: .gelu)
        Dropout(0.5)
        Dense(4, activation: .softmax)
      }
      try model.build(inputShape: [2, 3], on: device, seed: 3)
      return model
    }
    let plain = try model()
    let predictor = Predictor(try model())
    // More shapes than are recorded.
    for count in (1...40).shuffled() + [3, 1, 2] {
      let input = Tensor.normal([count, 2, 3], using: RandomStream(seed: UInt64(count)), on: device)
      let expected = plain(input, .inference)
      for _ in 0..<2 {
        let found = try predictor.predict(input).scalars()
        #expect(try found == expected.scalars())
      }
    }
  }

  /// A custom layer runs each time, unless it declares that it may be replayed.
  final class Counting: Layer, Sendable {
    let isReplayable: Bool
    let calls = Atomic(0)
    init(isReplayable: Bool) { self.isReplayable = isReplayable }
    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      calls.add(1, ordering: .relaxed)
      return input * 2
    }
    var allowsReplay: Bool { isReplayable }
  }

  /// Counts the calls in which it was recorded. While `isMeeting`, a call waits for another concurrent call, which must
  /// be on a thread of its own: the threads of tasks may all be taken by other tests.
  final class Meeting: Layer {
    static let recordings = Atomic(0)
    static let isMeeting = Atomic(false)
    static let meetings = Atomic(0)
    private static let inside = Atomic(0)
    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      if input.device.isBeingRecorded { Self.recordings.add(1, ordering: .relaxed) }
      guard Self.isMeeting.load(ordering: .acquiring) else { return input * 2 }
      Self.inside.add(1, ordering: .acquiringAndReleasing)
      if waitUntil({ Self.inside.load(ordering: .acquiring) == 2 }) { Self.meetings.add(1, ordering: .relaxed) }
      return input * 2
    }
    var allowsReplay: Bool { true }
  }

  /// Beyond the recorded shapes, the layers run once per call, in any number of threads.
  @Test func furtherShapesAreNotRecorded() throws {
    let predictor = Predictor(Sequential { Meeting() })
    for count in 1...40 { _ = try predictor.predict(.ones([count, 2])) }
    #expect(Meeting.recordings.load(ordering: .relaxed) == 32)
    Meeting.isMeeting.store(true, ordering: .releasing)
    let results = Mutex<[Int: [Float]]>([:])
    SystemThread.concurrently(2) { thread in
      let numbers = try? predictor.predict(.ones([41 + thread, 2])).scalars()
      results.withLock { $0[thread] = numbers }
    }
    #expect(results.withLock { $0 } == [0: [Float](repeating: 2, count: 82), 1: [Float](repeating: 2, count: 84)])
    #expect(Meeting.meetings.load(ordering: .relaxed) == 2)
    #expect(Meeting.recordings.load(ordering: .relaxed) == 32)
  }

  @Test func layersThatDoNotAllowReplay() throws {
    for (isReplayable, expected) in [(true, 0), (false, 3)] {
      let layer = Counting(isReplayable: isReplayable)
      let predictor = Predictor(Sequential { layer })
      _ = try predictor.predict(.ones([2, 3]))
      let before = layer.calls.load(ordering: .relaxed)
      for _ in 0..<3 { try expectClose(predictor.predict(.ones([2, 3])), [2, 2, 2, 2, 2, 2]) }
      #expect(layer.calls.load(ordering: .relaxed) - before == expected)
    }
  }

  /// A call allocates no device memory except for its result.
  @Test func allocatesItsResultAlone() throws {
    let device = Device(CPUBackend(threads: 2))
    let model = Sequential {
      Dense(512, activation: .relu)
      Dense(8)
    }
    try model.build(inputShape: [64], on: device, seed: 1)
    let predictor = Predictor(model)
    let input = Tensor.ones([32, 64], on: device)
    _ = try predictor.predict(input)
    let before = device.memoryStatistics()
    device.setMemoryLimit(bytes: before.liveBytes + 32 * 8 * 4)
    for _ in 0..<5 { _ = try predictor.predict(input) }
    #expect(device.memoryStatistics().liveBytes == before.liveBytes)
  }

  @Test func inputsFromElsewhere() throws {
    let device = Device(CPUBackend(threads: 1))
    let model = Sequential { Dense(2) }
    try model.build(inputShape: [3], on: device, seed: 1)
    let input = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    let expected = try model.predict(input.moved(to: device)).scalars()
    let predictor = Predictor(model)
    for _ in 0..<2 {
      let found = try predictor.predict(input)
      #expect(try found.scalars() == expected)
      #expect(found.device == device)
    }
  }

  /// Many concurrent threads, each with different inputs: no result is mixed up with another.
  @Test func threadsDoNotMix() async throws {
    let model = Sequential {
      Dense(16, activation: .tanh); Dense(4)
    }
    try model.build(inputShape: [8], seed: 2)
    let inputs = (0..<16).map { Tensor.normal([3, 8], using: RandomStream(seed: $0)) }
    let expected = try inputs.map { try model.predict($0).scalars() }
    let predictor = Predictor(model)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<16 {
        group.addTask {
          for _ in 0..<200 {
            let found = try predictor.predict(inputs[worker]).scalars()
            #expect(found == expected[worker])
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// A layer that calls a predictor, inside a predictor.
  final class Asking: Layer {
    let predictor: Predictor
    init(_ predictor: Predictor) { self.predictor = predictor }
    func forward(_ input: Tensor, _ context: Context) -> Tensor {
      (try? predictor.predict(input)).map { $0 + 1 } ?? input
    }
    var allowsReplay: Bool { true }
  }

  @Test(arguments: TestDevices.all) func predictorsInside(_ device: Device) throws {
    let inner = Predictor(Sequential { Counting(isReplayable: true) })
    let outer = Predictor(Sequential { Asking(inner) })
    for round in 1...4 {
      let input = Tensor.full([2, 1], Double(round), on: device)
      for predictor in [inner, outer] {
        let expected = Double(2 * round + (predictor === outer ? 1 : 0))
        try expectClose(predictor.predict(input), [expected, expected])
      }
    }
  }

  // MARK: A model that goes on changing

  /// At the top level of a main.swift, a model can still be used after it was transferred.
  private func givenAway(_ model: Model) -> Predictor {
    nonisolated(unsafe) let given = model
    return Predictor(given)
  }

  /// A layer that runs each time, and a network with all kinds of parameters.
  private func network(isReplayable: Bool) -> Sequential {
    Sequential {
      Dense(6, activation: .tanh)
      BatchNorm()
      Dropout(0.2)
      Counting(isReplayable: isReplayable)
      Dense(3)
    }
  }

  @Test(arguments: TestDevices.all, [true, false])
  func trainingTheModelAfterwardsChangesNoAnswer(_ device: Device, isReplayable: Bool) throws {
    let model = network(isReplayable: isReplayable)
    model.compile(optimizer: .adam(learningRate: 0.05), loss: .crossEntropy(), device: device)
    try model.fit(Corners.data(), verbosity: .silent)
    let inputs = Corners.data(7, seed: 9).inputs
    let expected = try model.predict(inputs).scalars()
    let single = try model.predict(inputs[2..<3]).scalars()
    let predictor = givenAway(model)
    // Before the first prediction, between predictions of one shape, and before a prediction of another shape.
    for round in 0..<3 {
      try model.fit(Corners.data(), seed: UInt64(round), verbosity: .silent)
      #expect(try model.predict(inputs).scalars() != expected)
      #expect(try predictor.predict(inputs).scalars() == expected)
    }
    #expect(try predictor.predict(inputs[2..<3]).scalars() == single)
  }

  @Test func whateverChangesTheModelChangesNoAnswer() throws {
    let model = Corners.model()
    try model.build(inputShape: [3], seed: 1)
    let inputs = Corners.data(5).inputs
    let expected = try model.predict(inputs).scalars()
    let predictor = givenAway(model)
    #expect(try predictor.predict(inputs).scalars() == expected)
    let device = Device(CPUBackend(threads: 1))
    let changes: [() throws -> Void] = [
      { for (_, parameter) in model.parameters { parameter.value = .zeros(parameter.value.shape) } },
      { try model.restore(Corners.built(seed: 2).snapshot()) },
      {
        let step = try TrainingStep(model, optimizer: .sgd(learningRate: 1), loss: .crossEntropy())
        for _ in 0..<4 { _ = try step(Corners.data(8).batch(at: Array(0..<8))) }
      },
      { try model.move(to: device) },
      { model.compile(optimizer: .sgd(), loss: .crossEntropy(), device: device) },
    ]
    for (index, change) in changes.enumerated() {
      try change()
      #expect(try predictor.predict(inputs).scalars() == expected, "change \(index)")
      #expect(try predictor.predict(inputs[0..<(index + 1)]).scalars() == Array(expected[0..<(3 * index + 3)]))
      #expect(try predictor.predict(inputs).device == .cpu)
    }
  }

  /// Values are shared with the model until it changes.
  @Test func keepingTheValuesTakesNoMemory() throws {
    let device = Device(CPUBackend(threads: 1))
    let model = Sequential { Dense(512) }
    try model.build(inputShape: [512], on: device, seed: 1)
    let before = device.memoryStatistics().liveBytes
    let predictor = givenAway(model)
    #expect(device.memoryStatistics().liveBytes == before)
    _ = try predictor.predict(.ones([1, 512], on: device))
  }
}
