import BackendReference
import NeuralNetworks
import Testing

/// The devices that tests of losses, metrics and training run on: whatever is there, and Reference.
enum TestDevices {
  static let reference = Device(ReferenceBackend())
  static let openCL = Device.available().filter { $0.identifier.hasPrefix("opencl") }
  /// Those that a user trains on.
  static let real = [Device.cpu] + openCL
  static let all = real + [reference]
}

/// Expects the elements of a tensor to be stored numbers, within a part of their size.
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

/// Expects a number to be a stored one, within a part of its size.
func expectClose(
  _ found: Double, _ expected: Double, relative: Double = 1e-5, absolute: Double = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let isClose = (found - expected).magnitude <= absolute + relative * expected.magnitude
  #expect(isClose, "\(found), expected \(expected)", sourceLocation: sourceLocation)
}

/// A generator for test data, independent of the library's: the linear congruential one of Knuth's MMIX.
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
