import HostSystem
@testable import BackendCPU
import BackendCore
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
      let a = try Guarded((0..<m * k).map { _ in Float(Int.random(in: -8...8, using: &numbers)) })
      let b = try Guarded((0..<k * n).map { _ in Float(Int.random(in: -8...8, using: &numbers)) })
      let bias = try Guarded((0..<n).map(Float.init)), c = try Guarded([Float](repeating: 1, count: m * n))
      var product = MatrixProduct(
        kernels: kernels, m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB, alpha: 1, beta: 1)
      product.epilogue = MatmulEpilogue(
        bias: UnsafePointer(bias.base), activation: nn_unary_relu, a: 0, b: 0, result: c.base)
      let scratch = try Guarded([Float](repeating: .nan, count: product.scratchCount(rows: m, columns: n)))
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

  @Test(arguments: 1...60 as ClosedRange<UInt64>, InstructionSet.available)
  func productsOfHalvesStayInside(seed: UInt64, _ instructionSet: InstructionSet) throws {
    var numbers = Numbers(seed: seed)
    func extent() -> Int { Int.random(in: 1...(seed % 10 == 0 ? 150 : 40), using: &numbers) }
    let (m, n, k) = (extent(), extent(), extent() * (seed % 7 == 0 ? 40 : 1))
    let kernels = try #require(instructionSet.kernels)
    let type: DType = seed % 2 == 0 ? .float16 : .bfloat16, format = HalfFormat(type)
    for (transposesA, transposesB) in [(false, false), (true, false), (false, true), (true, true)] {
      // Small integers, whose sums are exact in any order.
      let a = try Guarded((0..<m * k).map { _ in format.bits(of: Double(Int.random(in: -8...8, using: &numbers))) })
      let b = try Guarded((0..<k * n).map { _ in format.bits(of: Double(Int.random(in: -8...8, using: &numbers))) })
      let c = try Guarded([Float](repeating: 1, count: m * n))
      let rounded = try Guarded([UInt16](repeating: format.bits(of: .nan), count: m * n))
      let shape = MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
      var sums = [Float](repeating: 0, count: m * n)
      for i in 0..<m {
        for j in 0..<n {
          for p in 0..<k {
            let x = a.base[transposesA ? p * m + i : i * k + p], y = b.base[transposesB ? j * k + p : p * n + j]
            sums[i * n + j] += format.number(x) * format.number(y)
          }
        }
      }
      for pairs in [nil, nn_bfloat16_kernels_for(instructionSet.code)] {
        func compute(_ result: ProductResult, _ dtype: DType, beta: Float) throws {
          let product = HalfProduct(
            kernels: kernels, pairs: pairs, type: type, result: dtype, shape, alpha: 1, beta: beta)
          let scratch = try Guarded([Float](repeating: .nan, count: product.scratchCount(rows: m, columns: n)))
          product.compute(a.base, b.base, result, rows: 0..<m, columns: 0..<n, scratch: scratch.base)
        }
        for index in 0..<m * n { c.base[index] = 1 }
        try compute(ProductResult(address: c.base, type: nil), .float32, beta: 1)
        try compute(ProductResult(address: rounded.base, type: nn_half(type)), type, beta: 0)
        for (index, sum) in sums.enumerated() {
          let isRight = c.base[index] == sum + 1 && rounded.base[index] == format.bits(of: Double(sum))
          guard isRight else {
            Issue.record("seed \(seed): \(m)x\(k)x\(n) \(transposesA) \(transposesB): \(index), expected \(sum)")
            return
          }
        }
      }
    }
  }
}

private struct NoMemory: Error {}

/// Numbers in memory that ends at an inaccessible page.
private final class Guarded<Element: BitwiseCopyable> {
  let base: UnsafeMutablePointer<Element>
  private let region: UnsafeMutableRawPointer
  private let size: Int
  private static var page: Int { 65536 }

  init(_ values: [Element]) throws {
    let bytes = values.count * MemoryLayout<Element>.stride, inside = (bytes / Self.page + 1) * Self.page
    size = inside + Self.page
    guard let region = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      region != MAP_FAILED, mprotect(region + inside, Self.page, PROT_NONE) == 0
    else { throw NoMemory() }
    self.region = region
    base = (region + inside - bytes).bindMemory(to: Element.self, capacity: values.count)
    base.initialize(from: values, count: values.count)
  }

  deinit { munmap(region, size) }
}
