import HostSystem
@testable import BackendCPU
import CPUKernels
import Testing

/// Products whose operands end at an inaccessible page: an access out of bounds ends the program.
@Suite struct MatmulBoundsTests {
  @Test(arguments: 1...60 as ClosedRange<UInt64>, InstructionSet.available)
  func staysInsideItsOperands(seed: UInt64, _ instructionSet: InstructionSet) throws {
    var numbers = Numbers(seed: seed)
    func extent() -> Int { Int.random(in: 1...(seed % 10 == 0 ? 300 : 40), using: &numbers) }
    let (m, n, k) = (extent(), extent(), extent() * (seed % 7 == 0 ? 5 : 1))
    for (transposesA, transposesB) in [(false, false), (true, false), (false, true), (true, true)] {
      let title = "seed \(seed): \(m)x\(k)x\(n) \(transposesA) \(transposesB)"
      let kernels = try #require(instructionSet.kernels)
      // Integers, whose sums are exact in any order.
      let a = try GuardedFloats((0..<m * k).map { _ in Float(Int.random(in: -8...8, using: &numbers)) })
      let b = try GuardedFloats((0..<k * n).map { _ in Float(Int.random(in: -8...8, using: &numbers)) })
      let bias = try GuardedFloats((0..<n).map(Float.init)), c = try GuardedFloats([Float](repeating: 1, count: m * n))
      var product = MatrixProduct(
        kernels: kernels, m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB, alpha: 1, beta: 1)
      product.epilogue = MatmulEpilogue(
        bias: UnsafePointer(bias.base), activation: nn_unary_relu, a: 0, b: 0, result: c.base)
      let scratch = try GuardedFloats([Float](repeating: .nan, count: product.scratchCount(rows: m, columns: n)))
      product.compute(a.base, b.base, c.base, rows: 0..<m, columns: 0..<n, scratch: scratch.base)
      for i in 0..<m {
        for j in 0..<n {
          var sum = Float(1 + j)
          for p in 0..<k {
            sum += a.base[transposesA ? p * m + i : i * k + p] * b.base[transposesB ? j * k + p : p * n + j]
          }
          guard c.base[i * n + j] == max(sum, 0) else {
            Issue.record("\(title): \(c.base[i * n + j]) at \(i), \(j), expected \(max(sum, 0))")
            return
          }
        }
      }
    }
  }
}

/// Numbers in memory that ends at an inaccessible page.
private final class GuardedFloats {
  let base: UnsafeMutablePointer<Float>
  private let region: UnsafeMutableRawPointer
  private let size: Int
  private static let page = 65536

  struct NoMemory: Error {}

  init(_ values: [Float]) throws {
    let bytes = values.count * 4, inside = (bytes / Self.page + 1) * Self.page
    size = inside + Self.page
    guard let region = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      region != MAP_FAILED, mprotect(region + inside, Self.page, PROT_NONE) == 0
    else { throw NoMemory() }
    self.region = region
    base = (region + inside - bytes).bindMemory(to: Float.self, capacity: values.count)
    base.initialize(from: values, count: values.count)
  }

  deinit { munmap(region, size) }
}
