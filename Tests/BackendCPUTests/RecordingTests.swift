import BackendCPU
import BackendCore
import BackendReference
import Testing

/// Recordings as lists of calls, and the memory of their temporary values.
@Suite struct RecordingTests {
  static let backends: [any Backend] = [CPUBackend(threads: 2), ReferenceBackend.shared]

  // MARK: Random programs

  /// A program without its numbers: each step computes one buffer from earlier ones. The first two are the inputs.
  private struct Program {
    enum Step {
      case unary(UnaryOp, Int), gradient(UnaryOp, Int, Int), binary(BinaryOp, Int, Int), broadcast(Int, Int)
      case scalar(Double, Int), select(Int, Int), reversed(Int), softmax(Int), linear(Int, Int), linearGradient(
        Int, Int)
      case partial(Int, Int), cumulative(Int)

      var operands: [Int] {
        switch self {
        case .unary(_, let a), .scalar(_, let a), .reversed(let a), .softmax(let a), .cumulative(let a): [a]
        case .gradient(_, let a, let b), .binary(_, let a, let b), .broadcast(let a, let b), .select(let a, let b),
          .linear(let a, let b), .linearGradient(let a, let b), .partial(let a, let b):
          [a, b]
        }
      }
    }

    static let extent = 8
    static var count: Int { extent * extent }
    var steps: [Step] = []
    var results: Set<Int> = []

    init(seed: UInt64) {
      var numbers = Numbers(seed: seed)
      func pick(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &numbers) }
      let functions: [UnaryOp] = [UnaryOp(.tanh), .relu, UnaryOp(.sigmoid), .leakyReLU(slope: 0.1), UnaryOp(.square)]
      for index in 2..<(5 + pick(28)) {
        // Mostly of the last buffers, so that many of them are free soon.
        func earlier() -> Int { max(0, index - 1 - min(pick(4), pick(12))) }
        let (a, b, function) = (earlier(), earlier(), functions[pick(functions.count)])
        let step: Step =
          switch pick(12) {
          case 0, 1: .unary(function, a)
          case 2: .gradient(function, a, b)
          case 3: .binary([.add, .multiply, .maximum][pick(3)], a, b)
          case 4: .broadcast(a, b)
          case 5: .scalar(0.5 + Double(pick(3)), a)
          case 6: .select(a, b)
          case 7: .reversed(a)
          case 8: pick(2) == 0 ? .softmax(a) : .cumulative(a)
          case 9: .linear(a, b)
          case 10: .linearGradient(a, b)
          default: .partial(a, b)
          }
        steps.append(step)
        if pick(8) == 0 { results.insert(index) }
      }
      results.insert(steps.count + 1)
    }

    /// Runs the program, and returns its results in the order of their numbers. A buffer is released after its last use.
    func run(on backend: any Backend, _ inputs: [BufferSlice]) throws -> [BufferSlice] {
      var buffers: [BufferSlice?] = inputs
      for (position, step) in steps.enumerated() {
        let operands = step.operands.compactMap { buffers[$0] }
        buffers.append(try compute(step, operands, on: backend))
        let isNeeded = Set(steps[(position + 1)...].flatMap(\.operands)).union(results)
        for index in 2..<buffers.count where !isNeeded.contains(index) { buffers[index] = nil }
      }
      return results.sorted().compactMap { buffers[$0] }
    }

    private func compute(_ step: Step, _ o: [BufferSlice], on backend: any Backend) throws -> BufferSlice {
      let (extent, count) = (Program.extent, Program.count)
      let shape: Shape = [extent, extent]
      let (dense, transposed) = (Layout(dense: shape), Layout(shape: shape, strides: Strides([1, extent])))
      let y = BufferSlice(try backend.allocate(count: count, dtype: .float32))
      switch step {
      case .unary(let op, _): try backend.unary(op, o[0], count: count, into: y)
      case .gradient(let op, _, _): try backend.unaryGradient(op, o[0], saved: o[1], count: count, into: y)
      case .binary(let op, _, _): try backend.binary(op, o[0], dense, o[1], transposed, into: y)
      case .broadcast:
        let row = Layout(broadcasting: [extent], to: shape)
        try backend.binary(.subtract, o[0].advanced(by: extent), row, o[1], dense, into: y)
      case .scalar(let number, _):
        try backend.binaryScalar(.multiply, o[0], number, scalarFirst: false, count: count, into: y)
      case .select:
        let condition = BufferSlice(try backend.allocate(count: count, dtype: .bool))
        try backend.compareScalar(.greater, o[0], 0, count: count, into: condition)
        try backend.select(condition, dense, o[0], dense, o[1], transposed, into: y)
      case .reversed:
        try backend.copyStrided(
          o[0].advanced(by: count - 1), Strides([-1]), shape: [count], into: y, Strides([1]), accumulating: false)
      case .softmax: try backend.softmax(o[0], rows: extent, columns: extent, logarithmic: false, into: y)
      case .linear:
        let (bias, before) = (o[0].advanced(by: 3), BufferSlice(try backend.allocate(count: count, dtype: .float32)))
        try backend.linear(
          o[0], o[1], bias: bias, rows: extent, inputs: extent, units: extent, activation: UnaryOp(.gelu), into: y,
          preActivation: before)
        try backend.binary(.add, before, dense, y, dense, into: y)
        // Products grow; the numbers of a long program stay finite.
        try backend.unary(UnaryOp(.tanh), y, count: count, into: y)
      case .linearGradient:
        let sums = BufferSlice(try backend.allocate(count: extent, dtype: .float32))
        try backend.linearGradient(
          o[0], saved: o[1], activation: UnaryOp(.tanh), rows: extent, units: extent, dz: y, dBias: sums)
        let row = Layout(broadcasting: [extent], to: shape)
        try backend.binary(.multiply, y, dense, sums, row, into: y)
        try backend.unary(UnaryOp(.tanh), y, count: count, into: y)
      case .partial:
        try backend.copy(o[0], count: count / 2, into: y)
        try backend.copy(o[1].advanced(by: 1), count: count - count / 2, into: y.advanced(by: count / 2))
      case .cumulative:
        try backend.scan(
          .sum, o[0], AxisShape(outer: 1, extent: extent, inner: extent), reversed: true, into: y)
        try backend.unary(UnaryOp(.tanh), y, count: count, into: y)
      }
      return y
    }
  }

  private func buffers(_ seed: UInt64, on backend: any Backend) throws -> [BufferSlice] {
    try (0..<2).map { number in
      let y = BufferSlice(try backend.allocate(count: Program.count, dtype: .float32))
      try backend.random(.normal, RandomSource(key: seed, call: UInt32(number)), count: Program.count, into: y)
      return y
    }
  }

  private func bits(_ slices: [BufferSlice], of backend: any Backend) throws -> [[UInt32]] {
    try slices.map { slice in
      var numbers = [UInt32](repeating: 0, count: Program.count)
      try numbers.withUnsafeMutableBytes { try backend.download(slice, into: $0) }
      return numbers
    }
  }

  /// A replay, whose temporary values share memory, gives the bits of the same calls made one by one in memory of their
  /// own, also where results replace operands.
  @Test(arguments: backends.indices) func replaysGiveTheBitsOfSingleCalls(_ index: Int) throws {
    let backend = Self.backends[index]
    var (planned, largest, replaced) = (0, 0, 0)
    for seed in 0..<400 as Range<UInt64> {
      let program = Program(seed: seed)
      let inputs = try buffers(seed, on: backend)
      var results: [BufferSlice] = []
      let recording = try #require(try backend.record { results = try program.run(on: $0, inputs) })
      #expect(try bits(results, of: backend) == bits(program.run(on: backend, inputs), of: backend), "seed \(seed)")
      let others = try buffers(seed + 1_000_000, on: backend)
      let expected = try bits(program.run(on: backend, others), of: backend)
      for _ in 0..<2 {
        try recording.replay(
          substituting: zip(inputs, others).map { BufferBinding($0.buffer, by: $1) })
        #expect(try bits(results, of: backend) == expected, "seed \(seed)")
      }
      let list = try #require(recording.calls)
      let plan = MemoryPlan(list)
      planned += plan.byteCount
      largest += list.peakByteCount
      replaced += plan.byteCount < list.peakByteCount ? 1 : 0
      for limit in [0, 1 << 10, 1 << 12] {
        expectSeparateMemory(MemoryPlan(list, largestBlock: limit), list, limit)
        if seed >= 40 { continue }
        let limited = try #require(
          try WithSmallBuffers(backend, limit).record { results = try program.run(on: $0, inputs) })
        try limited.replay(substituting: zip(inputs, others).map { BufferBinding($0.buffer, by: $1) })
        #expect(try bits(results, of: backend) == expected, "seed \(seed), \(limit) bytes")
      }
    }
    // The plans take as much as is in use at a time; less where a result replaces an operand at that time.
    #expect(Double(planned) < 1.02 * Double(largest))
    #expect(replaced > 50)
  }

  // MARK: Plans

  /// A backend that says that its buffers are small.
  private final class WithSmallBuffers: CallHandler, ForwardingBackend {
    let base: any Backend
    let capabilities: BackendCapabilities

    init(_ base: any Backend, _ largestBufferBytes: Int) {
      self.base = base
      capabilities = BackendCapabilities(version: 1, largestBufferBytes: largestBufferBytes)
    }
  }

  /// Expects values that are in use at the same time to have separate memory, and only single values to exceed the limit.
  /// (A result may have the same memory as an operand that no later call uses, but not a part of it.)
  private func expectSeparateMemory(_ plan: MemoryPlan, _ list: CallList, _ limit: Int) {
    let lifetimes = list.lifetimes()
    let values = plan.positions.keys.sorted()
    for (index, a) in values.enumerated() {
      guard let place = plan.positions[a], let lifetime = lifetimes[a] else { continue }
      let end = place.offset + list.values[a].count
      let block = plan.blocks[place.block]
      #expect(end <= block.count && block.dtype == list.values[a].dtype)
      #expect(end * block.dtype.byteCount <= limit || place.offset == 0)
      for b in values[(index + 1)...] {
        guard let other = plan.positions[b], let otherLifetime = lifetimes[b], other.block == place.block else {
          continue
        }
        let meet = place.offset < other.offset + list.values[b].count && other.offset < end
        let isReplaced =
          (lifetime.upperBound == otherLifetime.lowerBound || otherLifetime.upperBound == lifetime.lowerBound)
          && place == other && list.values[a] == list.values[b]
        #expect(!(meet && lifetime.overlaps(otherLifetime)) || isReplaced, "%\(a) and %\(b)")
      }
    }
  }

  private func recordedCalls(_ backend: any Backend, _ body: @escaping (any Backend) throws -> Void) throws -> CallList
  {
    let recording = try #require(try backend.record(body))
    return try #require(recording.calls)
  }

  private func empty(_ count: Int, _ backend: any Backend) throws -> BufferSlice {
    BufferSlice(try backend.allocate(count: count, dtype: .float32))
  }

  /// A network whose planes shrink needs the memory of its two largest values.
  @Test func valuesOfDifferentSizesShareMemory() throws {
    let backend = ReferenceBackend()
    let x = try empty(1024, backend)
    try backend.fill(x, count: 1024, with: 1)
    let list = try recordedCalls(backend) { backend in
      var last = x
      for count in [1024, 512, 256, 128, 64] {
        let (y, normalized) = (try empty(count, backend), try empty(count, backend))
        try backend.copy(last, count: count, into: y)
        try backend.softmax(y, rows: 1, columns: count, logarithmic: false, into: normalized)
        last = normalized
      }
    }
    #expect(list.temporaryByteCount == 2 * 4 * (1024 + 512 + 256 + 128 + 64))
    #expect(list.peakByteCount == 2 * 4 * 1024)
    #expect(MemoryPlan(list).byteCount == 2 * 4 * 1024)
    // A device whose buffers have at most 4 KiB gets two of them.
    #expect(MemoryPlan(list, largestBlock: 4 * 1024).blocks.map(\.count) == [1024, 1024])
  }

  /// Elementwise results replace their operands: a chain takes the memory of one value.
  @Test func resultsReplaceOperands() throws {
    let backend = ReferenceBackend()
    let x = try empty(256, backend)
    try backend.fill(x, count: 256, with: 1)
    let list = try recordedCalls(backend) { backend in
      var last = x
      for _ in 0..<6 {
        let y = try empty(256, backend)
        try backend.unary(UnaryOp(.tanh), last, count: 256, into: y)
        last = y
      }
    }
    #expect(list.peakByteCount == 2 * 4 * 256)
    #expect(MemoryPlan(list).byteCount == 4 * 256)
  }

  /// An operand that is also read in another order, or that does not start at its beginning, is not replaced.
  @Test func operandsInUseAreNotReplaced() throws {
    let backend = ReferenceBackend()
    let x = try empty(256, backend)
    try backend.fill(x, count: 256, with: 1)
    let (dense, transposed) = (Layout(dense: [16, 16]), Layout(shape: [16, 16], strides: Strides([1, 16])))
    let twice = try recordedCalls(backend) { backend in
      let (y, z) = (try empty(256, backend), try empty(256, backend))
      try backend.copy(x, count: 256, into: y)
      try backend.binary(.add, y, dense, y, transposed, into: z)
    }
    #expect(MemoryPlan(twice).byteCount == 2 * 4 * 256)
    let shifted = try recordedCalls(backend) { backend in
      let (y, z) = (try empty(256, backend), try empty(256, backend))
      try backend.copy(x, count: 256, into: y)
      try backend.unary(UnaryOp(.tanh), y.advanced(by: 1), count: 255, into: z)
    }
    #expect(MemoryPlan(shifted).byteCount == 2 * 4 * 256)
    let overlapping = try recordedCalls(backend) { backend in
      let (y, z) = (try empty(256, backend), try empty(256, backend))
      try backend.copy(x, count: 256, into: y)
      try backend.binary(.add, y, Layout(flat: 255), y.advanced(by: 1), Layout(flat: 255), into: z)
    }
    #expect(MemoryPlan(overlapping).byteCount == 2 * 4 * 256)
  }

  /// The operands of a custom operation keep buffers of their own: it may take only their beginnings.
  @Test func operandsOfCustomOperationsKeepTheirBuffers() throws {
    let backend = ReferenceBackend()
    let x = try empty(4, backend)
    try backend.fill(x, count: 4, with: 2)
    let recorder = CallRecorder(backend)
    var results: [BufferSlice] = []
    do {
      let (first, y) = (try empty(4, recorder), try empty(4, recorder))
      let square = CustomOperation("square") { backend, operands in
        #expect(operands.map(\.offset) == [0, 0])
        try backend.unary(UnaryOp(.square), operands[0], count: 4, into: operands[1])
      }
      try recorder.unary(UnaryOp(.negate), x, count: 4, into: first)
      try recorder.perform(.custom(square), [first, y])
      let result = try empty(4, recorder)
      try recorder.binaryScalar(.add, y, 1, scalarFirst: false, count: 4, into: result)
      results = [result]
    }
    let recording = try #require(recorder.recording())
    #expect(recording.calls?.values.contains { $0.isTemporary } == false)
    try backend.fill(x, count: 4, with: 3)
    try recording.replay()
    var numbers = [Float](repeating: 0, count: 4)
    try numbers.withUnsafeMutableBytes { try backend.download(results[0], into: $0) }
    #expect(numbers == [10, 10, 10, 10])
  }

  /// After a recording ends, its memory is what the plan says.
  @Test func aRecordingHoldsThePlannedMemory() throws {
    let backend = ReferenceBackend()
    let x = try empty(1024, backend)
    try backend.fill(x, count: 1024, with: 1)
    let before = backend.memoryStatistics().liveBytes
    let recording = try backend.record { backend in
      for count in [1024, 512, 256] {
        let y = try empty(count, backend)
        try backend.softmax(x, rows: 1, columns: count, logarithmic: false, into: y)
      }
    }
    withExtendedLifetime(recording) { #expect(backend.memoryStatistics().liveBytes == before + 4 * 1024) }
  }

  // MARK: Values

  @Test func aRecordingCanBePrinted() throws {
    let backend = ReferenceBackend()
    let (x, w) = (try empty(6, backend), try empty(6, backend))
    for slice in [x, w] { try backend.fill(slice, count: 6, with: 1) }
    let list = try recordedCalls(backend) { backend in
      let (y, z) = (try empty(4, backend), try empty(2, backend))
      try backend.matmul(x, w, MatmulShape(m: 2, n: 2, k: 3), alpha: 1, beta: 0, into: y)
      try backend.unaryGradient(UnaryOp(.tanh), y, saved: y, count: 4, into: y)
      try backend.reduce(.sum, y, AxisShape(outer: 1, extent: 2, inner: 2), into: z)
      try backend.copy(z, count: 1, into: x.advanced(by: 5))
      try backend.matmul(x, w, MatmulShape(m: 2, n: 2, k: 3), alpha: 1, beta: 1, into: y)
    }
    #expect(
      list.description == """
        %0 = matmul(%2, %3)
        %0 = gradient of tanh(%0, %0)
        %1 = sum(%0)
        %2+5 = copy(%1)
        %0 = matmul(%2, %3, %0)
        """)
    #expect(list.calls.count == 5)
    #expect(list.values.map(\.isTemporary) == [true, true, false, false])
  }

  /// The counter of random numbers is an operand, which a replay may replace.
  @Test(arguments: backends.indices) func theStepOfRandomNumbersCanBeSubstituted(_ index: Int) throws {
    let backend = Self.backends[index]
    let counters = try (0..<2).map { number in
      let counter = BufferSlice(try backend.allocate(count: 1, dtype: .int32))
      try backend.fill(counter, count: 1, with: Double(number))
      return counter
    }
    let y = try empty(Program.count, backend)
    func draw(_ backend: any Backend, _ counter: BufferSlice) throws {
      let source = RandomSource(key: 5, call: 1, stepOffset: counter)
      try backend.random(.normal, source, count: Program.count, into: y)
    }
    let recording = try #require(try backend.record { try draw($0, counters[0]) })
    try draw(backend, counters[1])
    let expected = try bits([y], of: backend)
    try recording.replay(substituting: [BufferBinding(counters[0].buffer, by: counters[1])])
    #expect(try bits([y], of: backend) == expected)
    try recording.replay()
    #expect(try bits([y], of: backend) != expected)
  }
}
