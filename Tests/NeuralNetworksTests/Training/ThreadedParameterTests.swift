import HostSystem
import BackendCore
import Dispatch
import Synchronization
import Testing

@testable import NeuralNetworks

/// A parameter whose gradient is being computed is used by the thread of the closure alone; what other threads compute from it
/// would have no gradient, and ends the program. Threads that train models of their own do not see each other.
@Suite struct ThreadedParameterTests {
  /// Runs a body on another thread and waits.
  enum Way: String, CaseIterable, Codable, Sendable {
    case dispatch, iteration, task, childTask

    func run(_ body: @escaping @Sendable () -> Void) {
      let done = DispatchSemaphore(value: 0)
      switch self {
      case .dispatch:
        DispatchQueue.global().async {
          body()
          done.signal()
        }
        done.wait()
      case .iteration:
        // Some of the iterations are on the calling thread; all may be, where no other one is free.
        let own = UInt(pthread_self())
        let isTaken = Atomic(false)
        DispatchQueue.concurrentPerform(iterations: 64) { _ in
          usleep(1000)
          if UInt(pthread_self()) != own && !isTaken.exchange(true, ordering: .relaxed) { body() }
        }
        if !isTaken.load(ordering: .relaxed) { Way.dispatch.run(body) }
      case .task:
        Task.detached {
          body()
          done.signal()
        }
        done.wait()
      case .childTask:
        Task.detached {
          async let result: Void = body()
          await result
          done.signal()
        }
        done.wait()
      }
    }
  }

  /// Something that may be used on several threads in these tests.
  struct Shared<Value>: @unchecked Sendable { let value: Value }

  private static func expectRefusal(_ result: ExitTest.Result?) {
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("valueAndGradient: a parameter") && message.contains("another thread"), "\(message)")
    #expect(message.contains("withoutGradient"), "\(message)")
  }

  @Test(arguments: Way.allCases) func aParameterOnAnotherThreadEndsTheProgram(_ way: Way) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [way] in
      let dense = Dense(2)
      try dense.build(inputShape: [3])
      let shared = Shared(value: dense)
      _ = valueAndGradient(at: dense) { dense in
        way.run { _ = shared.value(.ones([1, 3]), .inference) }
        return dense(.ones([1, 3]), .inference).sum()
      }
    }
    Self.expectRefusal(result)
  }

  /// A layer that computes half of its output on another thread.
  final class Split: Layer {
    let way: Way
    let left = Dense(2), right = Dense(2)
    let allowsReplay = true
    init(_ way: Way) { self.way = way }
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      let half = left(x, context)
      guard context.isTraining, x.device.kind == .cpu, !x.device.isShapeOnly else { return half + right(x, context) }
      let results = Mutex<[Tensor]>([])
      let shared = Shared(value: right)
      way.run {
        let value = shared.value(x, .inference)
        results.withLock { $0.append(value) }
      }
      return half + results.withLock { $0[0] }
    }
  }

  /// In the first step, which is eager, and in the one that is recorded; `fit` is made of such steps.
  @Test(arguments: Way.allCases) func aStepWithALayerOfSeveralThreadsEndsTheProgram(_ way: Way) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [way] in
      let step = try TrainingStep(Model(Split(way)), optimizer: .sgd(), loss: .meanSquaredError)
      _ = try step(Batch(input: .ones([2, 3]), target: .ones([2, 2])))
    }
    Self.expectRefusal(result)
  }

  @Test func aRecordedStepWithAnotherThreadEndsTheProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      final class Late: Layer {
        let dense = Dense(2)
        let allowsReplay = true
        var calls = 0
        func forward(_ x: Tensor, _ context: Context) -> Tensor {
          if context.isTraining && !x.device.isShapeOnly { calls += 1 }
          if calls == 2 {
            let shared = Shared(value: dense)
            Way.dispatch.run { _ = shared.value(.ones([1, 3]), .inference) }
          }
          return dense(x, context)
        }
      }
      let late = Late()
      let step = try TrainingStep(Model(late), optimizer: .sgd(), loss: .meanSquaredError)
      let batch = Batch(input: .ones([2, 3]), target: .ones([2, 2]))
      _ = try step(batch)
      if late.calls != 1 { return }
      _ = try step(batch)
    }
    Self.expectRefusal(result)
  }

  // MARK: What is allowed

  /// Three steps of a separate model, by hand.
  private static func train(_ seed: UInt64) throws -> [Float] {
    let model = try Corners.built(seed: seed)
    let optimizer = Optimizer.sgd(learningRate: 0.1)
    let data = Corners.data(24, seed: seed)
    for _ in 0..<20 {
      let (_, gradients) = valueAndGradient(at: model) { model in
        Loss.crossEntropy()(model(data.inputs, .inference), data.targets)
      }
      try optimizer.update(model, with: gradients)
    }
    return try model.numbers()
  }

  @Test func threadsWithModelsOfTheirOwnTrainAtTheSameTime() throws {
    let expected = try (0..<4).map { try Self.train(UInt64($0)) }
    let found = Mutex<[Int: [Float]]>([:])
    DispatchQueue.concurrentPerform(iterations: 4) { index in
      let numbers = try? Self.train(UInt64(index))
      found.withLock { $0[index] = numbers }
    }
    for (index, numbers) in expected.enumerated() { #expect(found.withLock { $0[index] } == numbers) }
  }

  /// Examples that are made with tensors, and with a gradient, on the thread that reads ahead.
  struct Made: Dataset {
    let count = 24
    let readers = Readers()
    func batch(at indices: [Int]) throws -> Batch {
      readers.note()
      let plain = try Corners.data(24).batch(at: indices)
      let (_, gradient) = valueAndGradient(at: plain.inputs[0]) { $0.squared().sum() }
      return Batch(input: gradient * 0.5, target: plain.targets[0])
    }
  }

  /// The threads that have been seen.
  final class Readers: Sendable {
    private let seen = Mutex<Set<UInt>>([])
    func note() { _ = seen.withLock { $0.insert(UInt(pthread_self())) } }
    var count: Int { seen.withLock { $0.count } }
  }

  @Test func dataMayBeMadeOnAnotherThreadDuringTraining() throws {
    func fit(_ data: some Dataset) throws -> [Float] {
      let model = Corners.compiled()
      try model.fit(data, epochs: 3, batchSize: 4, seed: 2, verbosity: .silent)
      return try model.numbers()
    }
    let made = Made()
    #expect(try fit(made) == fit(Corners.data(24)))
    #expect(made.readers.count > 1, "nothing was read ahead")
  }

  /// A parameter may be looked at while it is trained elsewhere, if no gradient is wanted of that.
  @Test(arguments: Way.allCases) func aParameterMayBeReadWithoutGradient(_ way: Way) async throws {
    // Tests run on the threads of tasks and queues. One that waits there would take a thread that its own task needs.
    let result = Mutex<Result<Void, any Error>?>(nil)
    await withCheckedContinuation { continuation in
      let thread = SystemThread {
        let outcome = Result { try Self.readWithoutGradient(way) }
        result.withLock { $0 = outcome }
        continuation.resume()
      }
      if let thread { thread.detach() } else { continuation.resume() }
    }
    try #require(result.withLock { $0 }).get()
  }

  private static func readWithoutGradient(_ way: Way) throws {
    let dense = Dense(2)
    try dense.build(inputShape: [3])
    let shared = Shared(value: dense)
    let sums = Mutex<[Double]>([])
    let (value, gradients) = valueAndGradient(at: dense) { dense in
      way.run {
        let sum = withoutGradient { try? shared.value(.ones([1, 3]), .inference).sum().item() }
        sums.withLock { $0.append(sum ?? .nan) }
      }
      return dense(.ones([1, 3]), .inference).sum()
    }
    #expect(try sums.withLock { $0 } == [value.item()])
    #expect(try gradients["bias"]?.scalars() == [1, 1])
  }
}
