import BackendConformance
import BackendCore
import BackendReference
import Testing

/// The default composition of each fused operation equals the formula in the Reference backend, in float64.
@Suite struct DefaultsTests {
  let direct = ReferenceBackend.shared
  let defaults = DefaultsOnly(ReferenceBackend.shared)

  /// Runs a call directly and with the default, and compares all results that it names.
  private func compare(_ body: (any Backend) throws -> [BufferSlice], sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    let expected = try body(direct).map { try values($0) }
    let found = try body(defaults).map { try values($0) }
    #expect(expected.count == found.count && !expected.isEmpty, sourceLocation: sourceLocation)
    for (a, b) in zip(expected, found) {
      #expect(agree(a, b, to: 1e-13), "\(a) and \(b)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [nil, UnaryOp.relu, UnaryOp(.gelu), .leakyReLU(slope: 0.3)], [false, true])
  func linear(_ activation: UnaryOp?, _ wantsPreActivation: Bool) throws {
    let (rows, inputs, units) = (5, 7, 3)
    try compare { backend in
      let y = try result(rows * units)
      let before = wantsPreActivation ? try result(rows * units) : nil
      try backend.linear(
        try buffer(numbers(rows * inputs)), try buffer(numbers(inputs * units, seed: 2)),
        bias: try buffer(numbers(units, seed: 3)), rows: rows, inputs: inputs, units: units, activation: activation,
        into: y, preActivation: before)
      return [y] + (before.map { [$0] } ?? [])
    }
  }

  @Test(arguments: [nil, UnaryOp(.tanh)])
  func linearGradient(_ activation: UnaryOp?) throws {
    try compare { backend in
      let (dz, dBias) = (try result(20), try result(4))
      try backend.linearGradient(
        try buffer(numbers(20)), saved: activation == nil ? nil : try buffer(numbers(20, seed: 2)),
        activation: activation, rows: 5, units: 4, dz: activation == nil ? nil : dz, dBias: dBias)
      return activation == nil ? [dBias] : [dz, dBias]
    }
  }

  @Test(arguments: [false, true])
  func softmax(_ logarithmic: Bool) throws {
    try compare { backend in
      let (y, dx) = (try result(24), try result(24))
      try backend.softmax(try buffer(numbers(24)), rows: 4, columns: 6, logarithmic: logarithmic, into: y)
      try backend.softmaxGradient(
        try buffer(numbers(24, seed: 2)), y, rows: 4, columns: 6, logarithmic: logarithmic, into: dx)
      return [y, dx]
    }
  }

  @Test(arguments: [false, true], [false, true])
  func normalization(_ isCentered: Bool, _ isAffine: Bool) throws {
    let shape = NormalizationShape(rows: 4, columns: 6, isCentered: isCentered, epsilon: 1e-3)
    try compare { backend in
      let (x, y, dx, statistics) = (try buffer(numbers(24)), try result(24), try result(24), try result(8))
      let (dWeight, dBias) = (try result(6), try result(6))
      let weight = isAffine ? try buffer(numbers(6, seed: 3)) : nil
      try backend.normalize(
        x, weight: weight, bias: isAffine ? try buffer(numbers(6, seed: 4)) : nil, shape, into: y,
        statistics: statistics)
      try backend.normalizeGradient(
        try buffer(numbers(24, seed: 2)), x, weight: weight, statistics: statistics, shape, into: dx,
        dWeight: isAffine ? dWeight : nil, dBias: isAffine ? dBias : nil)
      return [y, statistics, dx] + (isAffine ? [dWeight, dBias] : [])
    }
  }

  @Test(arguments: [0, 0.1, 1], [nil, 2, -100] as [Int32?])
  func softmaxCrossEntropy(_ smoothing: Double, _ ignored: Int32?) throws {
    try compare { backend in
      let (loss, gradient) = (try result(6), try result(24))
      try backend.softmaxCrossEntropy(
        try buffer(numbers(24)), labels: try buffer([0, 3, 2, -100, 4, -1], .int32), rows: 6, columns: 4,
        smoothing: smoothing, ignoredLabel: ignored, gradientScale: 0.3, loss: loss, gradient: gradient)
      return [loss, gradient]
    }
  }

  @Test(arguments: [0, 0.3, 1])
  func dropout(_ probability: Double) throws {
    try compare { backend in
      let y = try result(100)
      try backend.dropout(
        try buffer(numbers(100)), probability: probability, RandomSource(key: 5), count: 100, into: y)
      return [y]
    }
  }

  @Test(arguments: OptimizerStepsTests.runs)
  func optimizerStep(_ run: OptimizerStepsTests.Run) throws {
    let step = run.step
    try compare { backend in
      let parameters = try buffer(numbers(30))
      let states = try (0..<step.stateCount).map { _ in try buffer([Double](repeating: 0, count: 30)) }
      for t in 1...3 {
        let scalars = try buffer([0.1, 0.9, 0.4, 0.1 * Double(t), 0.03 * Double(t), .nan, .nan, .nan])
        try backend.optimizerStep(
          step, parameters: parameters, gradients: try buffer(numbers(30, seed: UInt64(t + 1))), states: states,
          count: 30, scalars: scalars)
      }
      return [parameters] + states
    }
  }

  @Test(arguments: [0.5, 1e6])
  func clipping(_ maximumNorm: Double) throws {
    try compare { backend in
      let (norm, factor) = (try result(1), try result(1))
      try backend.norm(try buffer(numbers(50)), count: 50, accumulating: false, into: norm)
      try backend.norm(try buffer(numbers(50, seed: 2)), count: 50, accumulating: true, into: norm)
      try backend.clipFactor(norm: norm, maximumNorm: maximumNorm, into: factor)
      return [norm, factor]
    }
  }

  /// Temporary buffers are released when a call returns.
  @Test func defaultsLeaveNothingBehind() throws {
    let backend = ReferenceBackend()
    let x = try buffer(numbers(24), on: backend)
    let labels = try buffer([0, 1, 2, 3], .int32, on: backend)
    let (loss, gradient) = (try result(4, on: backend), try result(24, on: backend))
    let before = backend.memoryStatistics().liveBytes
    try DefaultsOnly(backend).softmaxCrossEntropy(
      x, labels: labels, rows: 4, columns: 6, smoothing: 0.1, ignoredLabel: 1, gradientScale: 1, loss: loss,
      gradient: gradient)
    #expect(backend.memoryStatistics().liveBytes == before)
  }

  /// Later calls may depend on what the host has read.
  @Test func readingEndsARecording() throws {
    let x = try buffer(numbers(4), on: defaults)
    var number = 0.0
    let recording = try defaults.record { backend in
      try backend.binaryScalar(.add, x, 1, scalarFirst: false, count: 4, into: x)
      try withUnsafeMutableBytes(of: &number) { try backend.download(x, into: $0) }
    }
    #expect(recording == nil)
    #expect(number == numbers(4)[0] + 1)
  }

  @Test func aFailedCallEndsARecording() throws {
    let x = try buffer(numbers(4), on: defaults)
    let recording = try defaults.record { backend in
      _ = try? backend.allocate(count: .max, dtype: .float64)
      try backend.fill(x, count: 4, with: 1)
    }
    #expect(recording == nil)
  }
}
