import Tensors
import Testing

/// Expects the elements of a tensor, each within `tolerance` of max(1, |expected|), where NaN equals NaN; and its
/// shape, if given.
func expect(
  _ tensor: Tensor, _ expected: [Double], shape: [Int]? = nil, tolerance: Double = 2e-6,
  _ comment: @autoclosure () -> Comment = "", sourceLocation: SourceLocation = #_sourceLocation
) throws {
  if let shape { #expect(tensor.shape == shape, comment(), sourceLocation: sourceLocation) }
  let found = try tensor.scalars(as: Double.self)
  guard found.count == expected.count else {
    Issue.record("\(found.count) elements, not \(expected.count): \(found)", sourceLocation: sourceLocation)
    return
  }
  let isClose = zip(found, expected).allSatisfy { found, expected in
    found == expected || (found.isNaN && expected.isNaN)
      || abs(found - expected) <= tolerance * max(1, abs(expected))
  }
  #expect(isClose, "\(comment()) found \(found), expected \(expected)", sourceLocation: sourceLocation)
}

/// Expects two tensors of one shape with the same elements, within `tolerance` of max(1, |b|).
func expectEqual(
  _ a: Tensor, _ b: Tensor, tolerance: Double = 2e-6, _ comment: @autoclosure () -> Comment = "",
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try expect(
    a, b.scalars(as: Double.self), shape: b.shape, tolerance: tolerance, comment(), sourceLocation: sourceLocation)
}
