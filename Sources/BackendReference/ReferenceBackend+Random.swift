import BackendCore

/// Random numbers as `RandomSource` defines them, and dropout.
extension ReferenceBackend {
  public func random(
    _ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    let result = Elements(y)
    guard distribution.accepts(y.dtype) else { throw unsupported("random \(distribution)", y.dtype) }
    let offset = stepOffset(of: source)
    for i in 0..<count {
      let block = source.block(i / 4, stepOffset: offset)
      let word = block[i % 4]
      switch distribution {
      case .bits: result[integer: i] = Int64(word)
      case .uniform: result[i] = Double(Philox.uniform(word))
      case .normal:
        let pair = i % 4 < 2 ? Philox.normals(block[0], block[1]) : Philox.normals(block[2], block[3])
        result[i] = i % 2 == 0 ? pair.0 : pair.1
      case .bernoulli(let probability):
        result[i] = UInt64(word) < Philox.threshold(probability: probability) ? 1 : 0
      }
    }
  }

  public func dropout(
    _ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    try require(.dropout, for: x.dtype)
    let (input, result) = (Elements(x), Elements(y))
    let threshold = Philox.threshold(probability: 1 - probability)
    let offset = stepOffset(of: source)
    for i in 0..<count {
      let isKept = UInt64(source.block(i / 4, stepOffset: offset)[i % 4]) < threshold
      // Dropped elements are multiplied by 0, so that NaN remains visible. With probability 1, there is nothing to
      // scale.
      result[i] = probability >= 1 ? 0 : input[i] * (isKept ? 1 / (1 - probability) : 0)
    }
  }

  /// The device's offset for the step of a source.
  private func stepOffset(of source: RandomSource) -> UInt32 {
    source.stepOffset.map { UInt32(truncatingIfNeeded: Elements($0)[integer: 0]) } ?? 0
  }
}
