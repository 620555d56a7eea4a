import NeuralNetworks
import Synchronization
import Testing

/// A mistake found while shapes are inferred leaves nothing behind: no held lock, no half-made global, no memory.
@Suite struct RepeatedRefusalTests {
  private func reason(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }

  final class Table: Layer {
    static let table = Tensor([1, 2, 3, 4] as [Float]).reshaped([3, 3])
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x + Table.table }
  }

  /// The mistake is in the initializer of a global, which runs once.
  @Test func aMistakeInAGlobalIsThrownEachTime() throws {
    for _ in 0..<3 { #expect(reason { try Sequential([Table()]).build(inputShape: [4]) }.contains("[3, 3] has 9")) }
  }

  final class Locked: Layer {
    let calls = Mutex(0)
    let weight = Parameter([5, 3])
    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      calls.withLock {
        $0 += 1
        return x.matmul(weight.value)
      }
    }
  }

  @Test func locksAreReleased() throws {
    let model = Sequential([Locked()])
    for _ in 0..<3 { #expect(reason { try model.build(inputShape: [4]) }.contains("[1, 4] and [5, 3]")) }
    try model.build(inputShape: [5])
    #expect(try model.predict(.ones([1, 5])).shape == [1, 3])
  }

  enum Scope { @TaskLocal static var width = 3 }

  final class Part: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x[.all, 0..<Scope.width] }
  }

  @Test func layersSeeTaskLocalValues() throws {
    try Scope.$width.withValue(2) {
      let model = Sequential([Part()])
      #expect(try model.outputShapes(forInputShapes: [[4]]) == [[2]])
      try model.build(inputShape: [4])
      #expect(try model.predict(.ones([1, 4])).shape == [1, 2])
    }
  }

  final class OnMainActor: Layer {
    func forward(_ x: Tensor, _ context: Context) -> Tensor { MainActor.assumeIsolated { x * 2 } }
  }

  @Test @MainActor func layersRunOnTheThreadOfTheCaller() throws {
    let model = Sequential([OnMainActor(), Dense(1)])
    try model.build(inputShape: [3])
    #expect(try model.predict(.ones([2, 3])).shape == [2, 1])
  }

  final class Owner: Layer {
    nonisolated(unsafe) static var living = 0
    let weight = Parameter([5, 3])
    init() { Owner.living += 1 }
    deinit { Owner.living -= 1 }
    func forward(_ x: Tensor, _ context: Context) -> Tensor { x.matmul(weight.value) }
  }

  @Test func refusedModelsAreFreed() {
    for _ in 0..<5 { #expect(reason { try Sequential([Owner()]).build(inputShape: [4]) }.contains("[5, 3]")) }
    #expect(Owner.living == 0)
  }

  /// Each operation that refuses its operands gives a stand-in that the next operation takes.
  @Test func onlyTheFirstMistakeIsThrown() throws {
    final class Mistakes: Layer {
      func forward(_ x: Tensor, _ context: Context) -> Tensor {
        var y = x.reshaped([7]).matmul(x).transposed(3, 4).sum(axis: 9)
        y[0, 1] = x
        y += Tensor.ones([3])
        let parts = y.split(parts: 3, axis: 1)
        let best = x.topK(99)
        return Tensor.concatenated(parts + [best.values, best.indices.cast(to: .float32)], axis: 5)[.ellipsis, 1..<9]
      }
    }
    for _ in 0..<2 {
      let text = reason { try Sequential([Mistakes(), Dense(2)]).build(inputShape: [4]) }
      #expect(text.contains("Mistakes") && text.contains("reshaped: shape [1, 4] has 4 elements, [7] has 7"), "\(text)")
    }
  }

  /// Lengths that alternate are inferred once each.
  @Test func alternatingShapesAreInferredOnce() throws {
    final class Counting: Layer {
      nonisolated(unsafe) static var inferences = 0
      func forward(_ x: Tensor, _ context: Context) -> Tensor {
        if x.device.isShapeOnly { Counting.inferences += 1 }
        return x
      }
    }
    let model = Sequential([Counting()])
    let inputs = (1...8).map { Tensor.ones([2, $0]) }
    for input in inputs { _ = try model.outputShapes(for: [input]) }
    let before = Counting.inferences
    for input in inputs + inputs { _ = try model.outputShapes(for: [input]) }
    #expect(before == 8 && Counting.inferences == before)
  }
}
