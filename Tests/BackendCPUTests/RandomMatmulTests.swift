import BackendCPU
import BackendCore
import BackendReference
import Testing

/// Compares complete products of random shapes with the Reference backend, on every instruction set and on 1, 2, 3, and
/// 7 threads. A failure names its seed.
@Suite struct RandomMatmulTests {
  static let threadCounts = [1, 2, 3, 7]
  static let backends = InstructionSet.available.map { set in
    threadCounts.map { CPUBackend(instructionSet: set, threads: $0) }
  }

  @Test(arguments: 1...80 as ClosedRange<UInt64>)
  func agreesWithReference(seed: UInt64) throws {
    var numbers = Numbers(seed: seed)
    let trial = Trial(&numbers)
    for transposes in allTransposes {
      try compare(trial, transposes, "seed \(seed), \(trial.description(transposes))")
    }
  }

  /// Copied blocks of Aᵀ, and several blocks of k, rows, and columns, and several panels.
  @Test(arguments: [(512, 256, 390), (150, 1030, 130), (20, 1030, 800), (300, 40, 1600)])
  func agreesWithReferenceInBlocks(_ m: Int, _ n: Int, _ k: Int) throws {
    var numbers = Numbers(seed: 7)
    var trial = Trial(&numbers)
    trial.shape = MatmulShape(m: m, n: n, k: k)
    for transposes in allTransposes { try compare(trial, transposes, trial.description(transposes)) }
  }

  /// A matrix times itself transposed, both operands the same slice.
  @Test(arguments: [(3, 5), (40, 70), (200, 300)])
  func takesOneSliceAsBothOperands(_ m: Int, _ k: Int) throws {
    var numbers = Numbers(seed: 3)
    let values = numbers.floats(m * k)
    for (transposesA, n, depth) in [(false, m, k), (true, k, m)] {
      let shape = MatmulShape(m: n, n: n, k: depth, transposesA: transposesA, transposesB: !transposesA)
      func product(_ backend: any Backend) throws -> [Float] {
        let x = try operand(backend, values, offset: 2)
        let y = try operand(backend, [Float](repeating: .nan, count: n * n), offset: 1)
        try backend.matmul(x, x, shape, alpha: 1, beta: 0, into: y)
        return try floats(backend, y, n * n)
      }
      let expected = try product(ReferenceBackend.shared)
      for backend in Self.backends.joined() {
        let worst = worstError(try product(backend), expected)
        // The diagonal sums squares, up to a third of the number of terms instead of its root.
        let bound = bound(depth) * Double(depth).squareRoot()
        #expect(worst <= bound, "\(backend.instructionSet), \(backend.threadCount) threads")
      }
    }
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func linearAgreesWithReference(seed: UInt64) throws {
    var numbers = Numbers(seed: seed)
    let trial = LinearTrial(&numbers)
    let expected = try trial.results(ReferenceBackend.shared)
    for backends in Self.backends {
      let first = try trial.results(backends[0])
      for (found, expected) in zip(first, expected) {
        // The examined activations have derivatives below 1.2, so they preserve the error of the sum.
        let worst = worstError(found, expected), bound = bound(trial.inputs + 64)
        #expect(worst <= bound, "seed \(seed), \(trial), \(backends[0].instructionSet): error \(worst), bound \(bound)")
      }
      for backend in backends.dropFirst() {
        let isSame = try trial.results(backend).map { $0.map(\.bitPattern) } == first.map { $0.map(\.bitPattern) }
        #expect(isSame, "seed \(seed), \(trial), \(backend.instructionSet), \(backend.threadCount) threads")
      }
    }
  }

  private func compare(_ trial: Trial, _ transposes: (Bool, Bool), _ title: String) throws {
    let expected = try trial.product(ReferenceBackend.shared, transposes)
    for backends in Self.backends {
      let first = try trial.product(backends[0], transposes)
      let worst = worstError(first, expected)
      let bound = bound(trial.shape.k) * (abs(trial.alpha) + abs(trial.beta))
      #expect(worst <= bound, "\(title), \(backends[0].instructionSet): error \(worst), bound \(bound)")
      for backend in backends.dropFirst() {
        let isSame = try trial.product(backend, transposes).map(\.bitPattern) == first.map(\.bitPattern)
        #expect(isSame, "\(title), \(backend.instructionSet): other bits on \(backend.threadCount) threads")
      }
    }
  }
}

private let allTransposes = [(false, false), (true, false), (false, true), (true, true)]

/// Each of k roundings is half a unit of a partial sum, which stays below √k for numbers in -1...1; a wrong operand
/// causes an error of 0.1.
private func bound(_ k: Int) -> Double { 1.2e-7 * (10 + Double(k)) }

private func worstError(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - Double(pair.1))
    return error.isNaN ? .infinity : max(worst, error)
  }
}

private func operand(_ backend: any Backend, _ values: [Float], offset: Int) throws -> BufferSlice {
  let whole = BufferSlice(try backend.allocate(count: values.count + offset, dtype: .float32))
  try backend.fill(whole, count: offset, with: .nan)
  try values.withUnsafeBytes { try backend.upload($0, into: whole.advanced(by: offset)) }
  return whole.advanced(by: offset)
}

private func floats(_ backend: any Backend, _ slice: BufferSlice, _ count: Int) throws -> [Float] {
  var result = [Float](repeating: 0, count: count)
  try result.withUnsafeMutableBytes { try backend.download(slice, into: $0) }
  return result
}

extension Numbers {
  /// Small numbers, numbers next to multiples of the vectors and tiles, and occasionally a large one.
  fileprivate mutating func extent() -> Int {
    switch Int.random(in: 0..<10, using: &self) {
    case 0..<3: Int.random(in: 1...13, using: &self)
    case 3..<6: Int.random(in: 1...4, using: &self) * 16 + Int.random(in: -1...1, using: &self)
    case 6..<9: Int.random(in: 14...130, using: &self)
    default: Int.random(in: 131...1100, using: &self)
    }
  }
}

/// The numbers of one product, regardless of the storage order of the operands.
private struct Trial {
  var shape: MatmulShape
  let alpha, beta: Double
  /// Elements before each operand, and between the matrices of a batch; nil if one matrix is used for the batch.
  let offset: Int
  let gapA, gapB: Int?
  let seed: UInt64

  init(_ numbers: inout Numbers) {
    var (m, n, k) = (numbers.extent(), numbers.extent(), numbers.extent())
    while m * n * k > 3_000_000 { (m, n, k) = (max(1, m / 2), max(1, n / 2), max(1, k * 2 / 3)) }
    shape = MatmulShape(batch: Int.random(in: 0..<4, using: &numbers) == 0 ? 3 : 1, m: m, n: n, k: k)
    let factors = [(1.0, 0.0), (1, 0), (1, 1), (-0.5, 0), (2, -0.25), (0, 1)]
    (alpha, beta) = factors.randomElement(using: &numbers)!
    offset = Int.random(in: 0...5, using: &numbers)
    gapA = [nil, 0, 7].randomElement(using: &numbers)!
    gapB = [nil, 0, 3].randomElement(using: &numbers)!
    seed = numbers.next()
  }

  func description(_ transposes: (Bool, Bool)) -> String {
    """
    \(shape.batch)x \(shape.m)x\(shape.k)x\(shape.n) \(transposes.0 ? "T" : "N")\(transposes.1 ? "T" : "N"), alpha \(alpha), \
    beta \(beta), offset \(offset), gaps \(gapA.map(String.init) ?? "shared") and \(gapB.map(String.init) ?? "shared")
    """
  }

  func product(_ backend: any Backend, _ transposes: (Bool, Bool)) throws -> [Float] {
    var shape = shape
    (shape.transposesA, shape.transposesB) = transposes
    shape.strideA = gapA.map { shape.m * shape.k + $0 } ?? 0
    shape.strideB = gapB.map { shape.k * shape.n + $0 } ?? 0
    var numbers = Numbers(seed: seed)
    let last = shape.batch - 1, count = shape.batch * shape.m * shape.n
    let a = try operand(backend, numbers.floats(last * shape.strideA + shape.m * shape.k), offset: offset)
    let b = try operand(backend, numbers.floats(last * shape.strideB + shape.k * shape.n), offset: offset + 1)
    // With beta = 0, C contains NaN and must not be read.
    let old = beta == 0 ? [Float](repeating: .nan, count: count) : numbers.floats(count)
    let c = try operand(backend, old, offset: 3)
    try backend.matmul(a, b, shape, alpha: alpha, beta: beta, into: c)
    return try floats(backend, c, count)
  }
}

/// The numbers of one dense layer.
private struct LinearTrial: CustomStringConvertible {
  let rows, inputs, units: Int
  let activation: UnaryOp?
  let hasBias, wantsPreActivation: Bool
  let seed: UInt64

  init(_ numbers: inout Numbers) {
    var (rows, inputs, units) = (numbers.extent(), numbers.extent(), numbers.extent())
    while rows * inputs * units > 2_000_000 {
      (rows, inputs, units) = (max(1, rows / 2), inputs / 2 + 1, units / 2 + 1)
    }
    (self.rows, self.inputs, self.units) = (rows, inputs, units)
    activation = [nil, .relu, UnaryOp(.tanh), UnaryOp(.gelu), .leakyReLU(slope: 0.2)].randomElement(using: &numbers)!
    hasBias = Bool.random(using: &numbers)
    wantsPreActivation = Bool.random(using: &numbers)
    seed = numbers.next()
  }

  var description: String {
    "\(rows)x\(inputs)x\(units), \(activation.map { "\($0.kind)" } ?? "no activation"), bias \(hasBias)"
  }

  /// The result, and on request the value before the activation.
  func results(_ backend: any Backend) throws -> [[Float]] {
    var numbers = Numbers(seed: seed)
    let x = try operand(backend, numbers.floats(rows * inputs), offset: 3)
    let w = try operand(backend, numbers.floats(inputs * units), offset: 1)
    let bias = hasBias ? try operand(backend, numbers.floats(units), offset: 2) : nil
    let unset = [Float](repeating: .nan, count: rows * units)
    let y = try operand(backend, unset, offset: 5)
    let before = wantsPreActivation ? try operand(backend, unset, offset: 0) : nil
    try backend.linear(
      x, w, bias: bias, rows: rows, inputs: inputs, units: units, activation: activation, into: y, preActivation: before
    )
    return try [y, before].compactMap(\.self).map { try floats(backend, $0, rows * units) }
  }
}
