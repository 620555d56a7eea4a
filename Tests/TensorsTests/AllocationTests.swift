import AllocationCounter
import BackendCPU
import Testing

@testable import Tensors

/// An operation on small tensors allocates two heap objects, the storage of its result and the buffer in it: shapes are
/// inline values, the memory comes from the backend's cache, and a tape has space for its record.
@Suite(.enabled(if: nn_counts_allocations()))
struct AllocationTests {
  private static let objectsOfAResult = 2

  /// A separate backend, so that no other test uses its cache.
  private let device = Device(CPUBackend(threads: 1))

  private func count(_ body: () -> Void) -> Int {
    let before = nn_allocations()
    body()
    return nn_allocations() - before
  }

  @Test func theCounterCounts() {
    var numbers: [Int] = []
    let found = count { numbers = Self.makeArray(100) }
    #expect(found == 1 && numbers.count == 100)
  }

  @inline(never) private static func makeArray(_ count: Int) -> [Int] { Array(repeating: count, count: count) }

  @Test(arguments: [[4], [2, 3], []])
  func anOperationAllocatesItsResultAlone(_ shape: [Int]) {
    let (a, b) = (Tensor.full(shape, 2, on: device), Tensor.full(shape, 3, on: device))
    for _ in 0..<3 { _ = a + b }
    let found = count { for _ in 0..<100 { _ = a + b } }
    #expect(found == 100 * Self.objectsOfAResult)
  }

  @Test func aProductOfMatricesAllocatesItsResultAlone() {
    let (a, b) = (Tensor.full([8, 8], 2, on: device), Tensor.full([8, 8], 3, on: device))
    for _ in 0..<3 { _ = a.matmul(b) }
    let found = count { for _ in 0..<100 { _ = a.matmul(b) } }
    #expect(found == 100 * Self.objectsOfAResult)
  }

  /// The letters are copied from the text once.
  @Test func anEquationIsParsedOnce() {
    let (a, b) = (Tensor.full([2, 3, 4], 2, on: device), Tensor.full([4, 5], 3, on: device))
    let equation = EinsumEquation("abc,cd->abd")
    for _ in 0..<3 { _ = Tensor.einsum(equation, [a, b]) }
    let parsed = count { for _ in 0..<100 { _ = Tensor.einsum(equation, [a, b]) } }
    let both = count { for _ in 0..<100 { _ = Tensor.einsum("abc,cd->abd", [a, b]) } }
    #expect(both >= parsed + 300, "\(parsed) allocations of \(both)")
  }

  @Test func aRecordedOperationAllocatesNothingElse() {
    let (a, b) = (Tensor.full([4], 2, on: device), Tensor.full([4], 3, on: device))
    var found = 0
    // The tape of a thread keeps its capacity from one pass to the next.
    for _ in 0..<3 {
      _ = valueAndGradient(at: a) { a in
        var y = a
        found = count { for _ in 0..<100 { y = y + b } }
        return y.sum()
      }
    }
    #expect(found == 100 * Self.objectsOfAResult)
  }
}
