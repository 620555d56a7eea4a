import HostSystem
import Synchronization
import Tensors
import Testing

@Suite struct AutodiffTests {
  @Test(arguments: TestDevices.all)
  func oneTensor(_ device: Device) throws {
    let (y, dy) = valueAndGradient(at: Tensor(3, on: device)) { x in x * x + 2 * x }
    #expect(try y.item() == 15)
    #expect(try dy.item() == 8)
  }

  @Test(arguments: TestDevices.all)
  func severalTensors(_ device: Device) throws {
    let w = Tensor([1, 2], on: device), b = Tensor(0, on: device)
    let x = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    let (loss, (dw, db)) = valueAndGradient(at: w, b) { w, b in (x.matmul(w) + b - 1).squared().mean() }
    try expect(loss, [58])
    try expect(dw, [34, 48], shape: [2])
    try expect(db, [14], shape: [])
    let many = valueAndGradient(at: [w, b]) { p in (x.matmul(p[0]) + p[1] - 1).squared().mean() }
    try expect(many.gradient[0], [34, 48])
    try expect(many.gradient[1], [14])
  }

  @Test func whatIsNotUsedHasNoGradient() throws {
    let (_, (da, db)) = valueAndGradient(at: Tensor([1, 2]), Tensor([3])) { a, _ in a.sum() }
    try expect(da, [1, 1])
    try expect(db, [0], shape: [1])
    let (value, gradient) = valueAndGradient(at: Tensor([1, 2])) { _ in Tensor(7) }
    try expect(value, [7])
    try expect(gradient, [0, 0])
  }

  @Test func constantsStopGradients() throws {
    let x = Tensor([1, 2, 3])
    try expect(valueAndGradient(at: x) { x in (x * x.detached()).sum() }.gradient, [1, 2, 3])
    let paused = valueAndGradient(at: x) { x in
      let factor = withoutGradient { x * x }
      return (factor * x).sum()
    }
    try expect(paused.gradient, [1, 4, 9])
    let comparison = valueAndGradient(at: x) { x in ((x .> 1).cast(to: .float32) * x).sum() }
    try expect(comparison.gradient, [0, 1, 1])
  }

  @Test func errorsLeaveTheTapeInOrder() throws {
    struct Stop: Error {}
    let x = Tensor([1, 2])
    #expect(throws: Stop.self) {
      try valueAndGradient(at: x) { (x) throws(Stop) -> Tensor in
        _ = x * x
        throw Stop()
      }
    }
    #expect(!isRecordingGradients)
    let outer = valueAndGradient(at: x) { x in
      let y = x * x
      do {
        _ = try valueAndGradient(at: y) { (y) throws(Stop) -> Tensor in throw Stop() }
      } catch {
        #expect(isRecordingGradients)
      }
      return (y * x).sum()
    }
    try expect(outer.gradient, [3, 12])
    let thrown = #expect(throws: Stop.self) { try withoutGradient { () throws(Stop) -> Int in throw Stop() } }
    #expect(thrown != nil)
  }

  /// d/dx, d²/dx² and d³/dx³ of x⁴ by nesting.
  @Test func higherDerivatives() throws {
    let x = Tensor(2)
    func first(_ x: Tensor) -> Tensor { valueAndGradient(at: x) { $0.power(4) }.gradient }
    func second(_ x: Tensor) -> Tensor { valueAndGradient(at: x) { first($0) }.gradient }
    func third(_ x: Tensor) -> Tensor { valueAndGradient(at: x) { second($0) }.gradient }
    try expect(first(x), [32])
    try expect(second(x), [48])
    try expect(third(x), [48])
  }

  /// An inner call treats the outer variable as a constant, and the outer call differentiates through the inner one.
  @Test func nestedCallsKeepTheirVariablesApart() throws {
    // d/dx [x · d/dy (x·y)] at y = 3 is d/dx x² = 2x.
    let (_, gradient) = valueAndGradient(at: Tensor(5)) { x in
      let (_, inner) = valueAndGradient(at: Tensor(3)) { y in x * y }
      return x * inner
    }
    try expect(gradient, [10])
    // The value of an inner call stays on the outer tape.
    let (_, through) = valueAndGradient(at: Tensor(5)) { x in
      let (value, _) = valueAndGradient(at: x) { $0 * $0 }
      return value * x
    }
    try expect(through, [75])
    // A call inside withoutGradient has a gradient, which is a constant outside.
    let (_, paused) = valueAndGradient(at: Tensor(5)) { x in
      let inner = withoutGradient { valueAndGradient(at: x) { $0 * $0 }.gradient }
      return inner * x
    }
    try expect(paused, [10])
  }

  /// A tensor that was changed during a pause is a constant afterwards, whether or not it was changed in place.
  @Test(arguments: TestDevices.all)
  func changesInAPauseStopGradients(_ device: Device) throws {
    let x = Tensor([1, 2], on: device)
    for isShared in [false, true] {
      var kept: [Tensor] = []
      let scaled = valueAndGradient(at: x) { x in
        var y = x * 3
        if isShared { kept.append(y) }
        withoutGradient { y *= 2 }
        return (y + x).sum()
      }
      try expect(scaled.value, [21])
      try expect(scaled.gradient, [1, 1])
      let added = valueAndGradient(at: x) { x in
        var y = x * 3
        if isShared { kept.append(y) }
        withoutGradient { y += Tensor.ones(like: y) }
        return (y + x).sum()
      }
      try expect(added.value, [14])
      try expect(added.gradient, [1, 1])
    }
  }

  /// Nodes of a finished tape count as constants.
  @Test func escapedTensorsAreConstants() throws {
    var escaped = Tensor(0)
    _ = valueAndGradient(at: Tensor(3)) { x in
      escaped = x * x
      return escaped
    }
    let (_, gradient) = valueAndGradient(at: Tensor(2)) { x in x * escaped }
    try expect(gradient, [9])
    try expect(escaped + 1, [10])
  }

  @Test func customGradients() throws {
    let x = Tensor([-2, 0.5, 3])
    let clipped = valueAndGradient(at: x) { x in
      withCustomGradient(of: x, forward: { $0 * 10 }, backward: { dy, _, _ in dy.clamped(to: -1...1) }).sum()
    }
    try expect(clipped.gradient, [1, 1, 1])
    // log(1 + eˣ) with a custom form of its derivative, differentiated again.
    func softplus(_ x: Tensor) -> Tensor {
      withCustomGradient(of: x, forward: { ($0.exp() + 1).log() }, backward: { dy, x, _ in dy * x.sigmoid() })
    }
    let second = valueAndGradient(at: x) { x in
      let (_, gradient) = valueAndGradient(at: x) { softplus($0).sum() }
      return gradient.sum()
    }
    try expectEqual(second.gradient, x.sigmoid() * (1 - x.sigmoid()))
    let (_, (da, db)) = valueAndGradient(at: Tensor(2), Tensor(3)) { a, b in
      withCustomGradient(of: [a, b], forward: { $0[0] * $0[1] }, backward: { dy, inputs, y in [dy * y, inputs[0]] })
    }
    try expect(da, [6])
    try expect(db, [2])
    try expect(withCustomGradient(of: x, forward: { $0 + 1 }, backward: { dy, _, _ in dy }), [-1, 1.5, 4])
  }

  /// A hundred thousand consecutive operations: releasing and traversing the tape does not recurse.
  @Test func longTapes() throws {
    let (_, gradient) = valueAndGradient(at: Tensor(1)) { x in
      var y = x
      for _ in 0..<100_000 { y = y + x }
      return y
    }
    try expect(gradient, [100_001])
  }

  /// The backward pass releases what it has used: after a step, the memory is the same as before.
  @Test func stepsLeaveNothingBehind() throws {
    let device = TestDevices.separate()
    let x = Tensor.ones([100], on: device)
    func step() throws { _ = try valueAndGradient(at: x) { x in (x.exp() * x).sum() }.gradient.scalars() }
    try step()
    let before = device.memoryStatistics().liveBytes
    for _ in 0..<100 { try step() }
    #expect(device.memoryStatistics().liveBytes == before)
  }

  /// Slices of one tensor add to its gradient in place, in the order of the backward pass.
  @Test(arguments: TestDevices.all)
  func manySlices(_ device: Device) throws {
    let x = Tensor((0..<100).map(Float.init), shape: [100, 1], on: device)
    let (_, gradient) = valueAndGradient(at: x) { x in
      (0..<100).reduce(Tensor(0, on: device)) { $0 + x[$1].sum() * Double($1) }
    }
    try expect(gradient, (0..<100).map(Double.init), shape: [100, 1])
  }

  /// Every thread has a separate tape.
  @Test func threads() throws {
    let results = Mutex<[Double]>([])
    let x = Tensor(3)
    var outside: Tensor?
    let (_, gradient) = valueAndGradient(at: x) { x in
      let captured = x.detached()
      runOnThreads(4) { index in
        #expect(!isRecordingGradients)
        for _ in 0..<50 {
          let (_, inner) = valueAndGradient(at: Tensor(Double(index))) { y in y * y * captured }
          results.withLock { $0.append((try? inner.item()) ?? .nan) }
        }
      }
      outside = x * x
      return x * x * x
    }
    try expect(gradient, [27])
    #expect(outside != nil)
    let expected = (0..<4).flatMap { index in Array(repeating: Double(6 * index), count: 50) }
    #expect(results.withLock { $0.sorted() } == expected)
  }
}

/// Runs a body on new threads, and waits for them.
func runOnThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let threads = (0..<count).map { index in SystemThread { body(index) } }
  for thread in threads {
    #expect(thread != nil)
    thread?.join()
  }
}
