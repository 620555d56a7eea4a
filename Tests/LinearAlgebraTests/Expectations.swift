import TestSupport
import Tensors
import Testing

typealias TestDevices = TestSupport.TestDevices

extension TestDevices {
  /// The devices whose matrices LAPACK can reach.
  static let hosts = [Device.cpu, reference]
}

/// The element type in which a device of `hosts` computes best.
func precision(_ device: Device) -> (dtype: DType, tolerance: Double) {
  device == TestDevices.reference ? (.float64, 1e-12) : (.float32, 2e-6)
}

/// Returns a tensor with the best element type of a device of `hosts`.
func tensor(_ numbers: [Double], _ shape: [Int], on device: Device) -> Tensor {
  Tensor(numbers, shape: shape, dtype: precision(device).dtype, on: device)
}

/// Expects the shape and the elements of a tensor, each within the tolerance of its device, relative to the largest
/// element, where NaN equals NaN.
func expect(
  _ tensor: Tensor, _ expected: [Double], shape: [Int], tolerance: Double? = nil,
  _ comment: @autoclosure () -> Comment = "", sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(tensor.shape == shape, comment(), sourceLocation: sourceLocation)
  let found = try tensor.scalars(as: Double.self)
  let scale = max(1, expected.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 1)
  let limit = (tolerance ?? precision(tensor.device).tolerance) * scale
  let isClose =
    found.count == expected.count
    && zip(found, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= limit }
  #expect(isClose, "\(comment()) found \(found), expected \(expected)", sourceLocation: sourceLocation)
}

/// Expects two tensors of one shape with the same elements.
func expectEqual(
  _ a: Tensor, _ b: Tensor, tolerance: Double? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try expect(a, b.scalars(as: Double.self), shape: b.shape, tolerance: tolerance, sourceLocation: sourceLocation)
}

/// Fixed numbers from −1 to 1 without a pattern: multiples of the golden ratio, wrapped.
func numbers(_ count: Int, _ seed: Int = 0) -> [Double] {
  (0..<count).map { index in
    let position = Double(index * index + 3 * index + 1) * 0.6180339887498949 + Double(seed) * 0.2873
    return 2 * (position - position.rounded(.down)) - 1
  }
}

/// Matrices of such numbers.
func matrices(_ shape: [Int], _ seed: Int = 0, on device: Device) -> Tensor {
  tensor(numbers(shape.reduce(1, *), seed), shape, on: device)
}

/// Well-conditioned symmetric positive definite matrices.
func positiveDefinite(_ shape: [Int], on device: Device) -> Tensor {
  let x = matrices(shape, on: device)
  return x.matmul(x, transposingRight: true) + Tensor.identity(shape[shape.count - 1], on: device).cast(to: x.dtype)
}
