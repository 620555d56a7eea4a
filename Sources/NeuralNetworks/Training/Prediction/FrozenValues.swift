/// The values of a model's parameters at one point in time. Layers read them instead of the current values, so that
/// predictions do not change with the model. Memory is shared until the model changes.
final class FrozenValues: Sendable {
  /// The device of the values.
  let device: Device
  private let values: [LeafKey: Tensor]

  /// Creates a copy of the values; nil for a model that has no values yet, or whose values are about to be moved.
  init?(_ model: Model) {
    let device = model.device
    var values: [LeafKey: Tensor] = [:]
    for (_, parameter) in model.parameters {
      guard let value = parameter.currentValue, value.device == device else { return nil }
      values[LeafKey(parameter)] = value
    }
    self.device = device
    self.values = values
  }

  /// The value of a parameter; nil if the parameter does not belong to the model.
  subscript(_ parameter: Parameter) -> Tensor? { values[LeafKey(parameter)] }

  /// Runs `body` with these values for the parameters.
  func use<Result>(_ body: () throws -> Result) rethrows -> Result {
    let thread = LayerThread.current
    let outer = thread.frozenValues
    thread.frozenValues = self
    defer { thread.frozenValues = outer }
    return try body()
  }
}
