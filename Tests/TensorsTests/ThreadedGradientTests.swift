import Synchronization
import Tensors
import Testing

/// A tape records only on its own thread. If another thread uses its tensors while it records, the program ends, unless
/// no gradient is requested.
@Suite struct ThreadedGradientTests {
  struct Use: Sendable {
    var name: String
    var body: @Sendable (Tensor) -> Void
  }

  /// Each computes with a tensor that is tracked elsewhere.
  static let lost: [Use] = [
    Use(name: "an operation") { _ = $0 * 2 },
    Use(name: "the second operand") { _ = Tensor(2) * $0 },
    Use(name: "a reduction") { _ = $0.sum() },
    Use(name: "the last of several operands") { _ = Tensor.concatenated([.zeros([1]), $0.reshaped([1])]) },
    Use(name: "the mask's rest") { _ = Tensor(1).replacing(with: $0, where: Tensor([true])) },
    Use(name: "a gradient of its own") { _ = valueAndGradient(at: $0) { $0 * $0 } },
    Use(name: "a constant of another gradient") { x in _ = valueAndGradient(at: Tensor(2)) { $0 * x } },
    Use(name: "a custom gradient") { x in
      _ = withCustomGradient(of: [Tensor(1), x], forward: { $0[0] + $0[1] }, backward: { dy, _, _ in [dy, dy] })
    },
  ]

  @Test(arguments: lost.indices) func aUseOnAnotherThreadEndsTheProgram(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ = valueAndGradient(at: Tensor(3)) { x in
        runOnThreads(1) { _ in ThreadedGradientTests.lost[index].body(x) }
        return x * x
      }
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("valueAndGradient: a tensor") && message.contains("another thread"), "\(message)")
    #expect(message.contains(".detached()"))
  }

  @Test func constantsMayBeUsedAnywhere() throws {
    let results = Mutex<[Double]>([])
    let (_, gradient) = valueAndGradient(at: Tensor(3)) { x in
      let constant = x.detached()
      runOnThreads(3) { _ in
        let paused = withoutGradient { x * 2 }
        let inner = withoutGradient { valueAndGradient(at: Tensor(5)) { $0 * x }.gradient }
        let values = [paused, inner, constant * 4].map { (try? $0.item()) ?? .nan }
        results.withLock { $0 += values }
      }
      return x * x
    }
    #expect(try gradient.item() == 6)
    #expect(results.withLock { $0 } == [6, 3, 12, 6, 3, 12, 6, 3, 12])
  }

  /// A tensor that has left its scope is a constant on every thread.
  @Test func tensorsOfClosedScopesAreConstants() throws {
    var kept = Tensor(0)
    _ = valueAndGradient(at: Tensor(3)) { x in
      kept = x * 2
      return kept
    }
    let escaped = kept
    let results = Mutex<[Double]>([])
    _ = valueAndGradient(at: Tensor(1)) { y in
      runOnThreads(2) { _ in
        let value = (try? (escaped * 5).item()) ?? .nan
        results.withLock { $0.append(value) }
      }
      return y * escaped
    }
    #expect(results.withLock { $0 } == [30, 30])
  }

  /// Threads that compute separate gradients do not affect each other.
  @Test func independentGradientsRunInParallel() throws {
    let sums = Mutex<[Double]>([])
    runOnThreads(6) { index in
      var sum = 0.0
      for step in 0..<200 {
        let (_, second) = valueAndGradient(at: Tensor(Double(index + 1))) { x in
          valueAndGradient(at: x) { $0 * $0 * $0 + Double(step) }.gradient
        }
        sum += (try? second.item()) ?? .nan
      }
      sums.withLock { $0.append(sum) }
    }
    // (x³)″ = 6x.
    let expected = (1...6).map { (x: Int) -> Double in Double(6 * x * 200) }
    #expect(sums.withLock { $0.sorted() } == expected)
  }
}
