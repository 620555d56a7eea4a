import NeuralNetworks
import TestSupport
import Testing

typealias TestDevices = TestSupport.TestDevices

/// Expects the elements of a tensor to equal stored numbers, within a fraction of their size.
func expectClose(
  _ tensor: Tensor, _ expected: [Double], relative: Double = 1e-5, absolute: Double = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let found = try tensor.scalars(as: Double.self)
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  for (index, pair) in zip(found, expected).enumerated() {
    let isClose = (pair.0 - pair.1).magnitude <= absolute + relative * pair.1.magnitude
    #expect(isClose, "element \(index): \(pair.0), expected \(pair.1)", sourceLocation: sourceLocation)
  }
}

/// Expects a number to equal a stored one, within a fraction of its size.
func expectClose(
  _ found: Double, _ expected: Double, relative: Double = 1e-5, absolute: Double = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let isClose = (found - expected).magnitude <= absolute + relative * expected.magnitude
  #expect(isClose, "\(found), expected \(expected)", sourceLocation: sourceLocation)
}

/// A generator for test data that is independent of the library: Knuth's linear congruential generator for MMIX.
struct Knuth {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  /// A number in [-1, 1).
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) * 0x1p-52 - 1
  }
  mutating func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in next() } }
}
