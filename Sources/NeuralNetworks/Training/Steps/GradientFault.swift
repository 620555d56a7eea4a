/// The origin of a NaN or an infinity in a step.
struct GradientFault: CustomStringConvertible {
  /// "the gradient of 2.weight", or a parameter that was not finite before the step; nil if every number was finite.
  let place: String?
  /// The operation that produced the first NaN or infinity.
  let operation: String?

  var description: String {
    guard let place else { return "the sum of its gradients overflows" }
    let origin = operation.map { "; the first one came from \($0)" } ?? ""
    return "\(place) holds a NaN or an infinity\(origin)"
  }
}

extension Tensor {
  /// Returns whether all elements are finite. Waits for the device.
  package func isAllFinite() throws -> Bool {
    guard dtype.isFloatingPoint, count > 0 else { return true }
    return try max().item().isFinite && min().item().isFinite
  }
}
