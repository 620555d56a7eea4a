import BackendCore

/// Random numbers: bitwise identical words, uniforms, and masks; normals to 4 ulps.
extension ConformanceRunner {
  func examineRandom() {
    let source = RandomSource(key: 0x0123_4567_89AB_CDEF, call: 3, step: 70_000)
    for count in Special.sizes + Special.borders + [2, 5, 4099] { examineDraws(source, count, "") }
    let others: [(String, RandomSource)] = [
      ("key 0", RandomSource(key: 0)),
      ("largest key", RandomSource(key: .max)),
      ("only the upper half of the key", RandomSource(key: 0xFFFF_FFFF_0000_0000)),
      ("largest call", RandomSource(key: 7, call: .max)),
      ("largest step", RandomSource(key: 7, step: .max)),
    ]
    for (name, source) in others { examineDraws(source, 1000, ", \(name)") }
    for probability in [0.0, 1, 1e-9, 0.999_999_999_9] { examineMask(source, 1000, probability, .float32) }
    for offset in [0.0, 5, -70_001, Double(Int32.max)] { examineStepOffset(source, offset) }
    for (count, probability) in [(1000, 0.5), (1000, 0.1), (129, 0), (129, 1), (33, 0.9), (1, 0.5), (0, 0.5)] {
      examineDropout(source, count, probability)
    }
  }

  private func examineDraws(_ source: RandomSource, _ count: Int, _ details: String) {
    examineDraw(.bits, .int32, source, count, .number, details)
    examineDraw(.uniform, .float32, source, count, .bits, details)
    // A device may return 0 where the cosine of a quarter turn is 6e-17 in Double.
    examineDraw(.normal, .float32, source, count, .mixed(ulps: 4, absolute: 1e-6), details)
    examineMask(source, count, 0.3, .float32, details)
    examineMask(source, count, 0.3, .bool, details)
  }

  private func examineMask(
    _ source: RandomSource, _ count: Int, _ probability: Double, _ dtype: DType, _ details: String = ""
  ) {
    examineDraw(.bernoulli(probability: probability), dtype, source, count, .bits, details)
  }

  private func examineDraw(
    _ distribution: RandomDistribution, _ dtype: DType, _ source: RandomSource, _ count: Int, _ tolerance: Tolerance,
    _ details: String
  ) {
    examine("random \(distribution) \(dtype)", "[\(count)]\(details)") { testCase in
      let y = testCase.output(count, dtype, offset: 3, within: tolerance)
      return { backend, s in try backend.random(distribution, source, count: count, into: s[y]) }
    }
  }

  /// The step offset of the device is read when the kernel runs.
  private func examineStepOffset(_ source: RandomSource, _ offset: Double) {
    examine("random uniform float32", "[129], step offset \(offset)") { testCase in
      let step = testCase.input([offset], .int32, offset: 3)
      let y = testCase.output(129, within: .bits)
      return { backend, s in
        var shifted = source
        shifted.stepOffset = s[step]
        try backend.random(.uniform, shifted, count: 129, into: s[y])
      }
    }
    let values = numbers.floats(129)
    examine("dropout float32", "[129], step offset \(offset)", isFused: true) { testCase in
      let step = testCase.input([offset], .int32, offset: 1)
      let x = testCase.input(values)
      let y = testCase.output(129, within: .ulps(2))
      return { backend, s in
        var shifted = source
        shifted.stepOffset = s[step]
        try backend.dropout(s[x], probability: 0.5, shifted, count: 129, into: s[y])
      }
    }
  }

  private func examineDropout(_ source: RandomSource, _ count: Int, _ probability: Double) {
    let values = numbers.floats(count)
    examine("dropout float32 \(probability)", "[\(count)]", isFused: true) { testCase in
      let x = testCase.input(values, offset: 3)
      let y = testCase.output(count, offset: 1, within: .ulps(2))
      return { backend, s in
        try backend.dropout(s[x], probability: probability, source, count: count, into: s[y])
      }
    }
    examine("dropout float32 \(probability)", "[\(count)], in place", isFused: true) { testCase in
      let x = testCase.updated(values, offset: 2, within: .ulps(2))
      return { backend, s in
        try backend.dropout(s[x], probability: probability, source, count: count, into: s[x])
      }
    }
  }
}
