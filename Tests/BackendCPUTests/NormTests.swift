import BackendCPU
import BackendCore
import Testing

/// The norm of numbers whose squares leave float32, and of numbers that are not finite.
@Suite struct NormTests {
  private static let segment = 65_536
  private let backend = CPUBackend(threads: 2)

  private func norm(_ values: [Float]) throws -> Float {
    let y = try backend.empty(1)
    try backend.norm(try backend.slice(values, offset: 3), count: values.count, accumulating: false, into: y)
    return try backend.floats(y, 1)[0]
  }

  /// The squares overflow in one slice alone; what the others hold counts as before.
  @Test func squaresThatOverflowAreSummedInDouble() throws {
    var values = [Float](repeating: 3e18, count: 3 * Self.segment + 77)
    values[Self.segment + 5] = 2e22
    values[2 * Self.segment + 1] = -1e22
    let sum = values.reduce(0.0) { $0 + Double($1) * Double($1) }
    let found = try norm(values)
    #expect(abs(Double(found) / sum.squareRoot() - 1) < 1e-5, "\(found), not \(sum.squareRoot())")
  }

  @Test func whatIsNotFiniteIsSeenWhereverItIs() throws {
    for place in [0, Self.segment - 1, Self.segment, 2 * Self.segment + 76] {
      var values = [Float](repeating: 1e20, count: 2 * Self.segment + 77)
      values[place] = -.infinity
      #expect(try norm(values) == .infinity)
      values[(place + Self.segment) % values.count] = .nan
      #expect(try norm(values).isNaN)
    }
  }

  /// Gradients that have become NaN are not gone through again, number by number.
  @Test func nothingIsSlowAboutNaN() throws {
    let values = [Float](repeating: 1, count: 1 << 22)
    let (finite, broken) = (try backend.slice(values), try backend.slice(values.map { _ in .nan }))
    let y = try backend.empty(1)
    func time(_ x: BufferSlice) throws -> Duration {
      try (0..<9).map { _ in
        try ContinuousClock().measure { try backend.norm(x, count: values.count, accumulating: false, into: y) }
      }.min() ?? .zero
    }
    let (usual, found) = (try time(finite), try time(broken))
    #expect(found < usual * 3, "\(found) for NaN, \(usual) for other numbers")
  }
}
