import BackendCore

/// The parameters of the model that an optimizer has updated, by path. Frozen ones are included, because another part
/// of the same model may be trained next.
struct KnownParameters {
  private struct Known {
    weak var parameter: Parameter?
  }

  private var known: [String: Known] = [:]
  /// The most recently added layout.
  private var layout: SlabLayout?

  /// - Throws: `ModelError.invalidConfiguration` if the parameters of a placement belong to another model.
  func check(_ placement: Placement, owner: @autoclosure () -> String) throws {
    if layout === placement.layout { return }
    let members = placement.members
    let foreign = members.first { path, parameter in known[path].map { $0.parameter !== parameter } ?? false }
    // Other paths may lead to the same parameters.
    let isNew = !members.isEmpty && !known.isEmpty && members.allSatisfy { known[$0.path] == nil }
    if foreign != nil || (isNew && !knowsAny(of: members.map(\.parameter))) {
      let remembered = foreign.map { ", and remembers the \"\($0.path)\" of that" } ?? ""
      throw ModelError.invalidConfiguration(
        layer: owner(),
        reason: "the optimizer has updated another model\(remembered); hint: make one optimizer for each model")
    }
  }

  /// Adds the parameters of a placement that has been checked.
  mutating func add(_ placement: Placement) {
    if layout === placement.layout { return }
    for (path, parameter) in placement.members { known[path] = Known(parameter: parameter) }
    layout = placement.layout
  }

  private func knowsAny(of parameters: [Parameter]) -> Bool {
    // Only existing objects: the address of a deallocated one may be in use again.
    let objects = Set(known.values.compactMap { $0.parameter.map(ObjectIdentifier.init) })
    return parameters.contains { objects.contains(ObjectIdentifier($0)) }
  }
}

/// The number of steps skipped since gradients were not finite for the first time, stored on the device.
struct SkippedSteps {
  private var tensor: Tensor?

  /// Creates the number if it does not exist yet, for gradients with the device and the element type of this slab.
  mutating func prepare(like slab: Tensor) throws {
    if let tensor, tensor.device == slab.device, tensor.dtype == slab.dtype, !tensor.isPoisoned { return }
    tensor = Tensor.full([1], 0, dtype: slab.dtype, on: slab.device)
    try tensor?.checkPoison()
  }

  /// Whether the last step was skipped, as a scalar on the device; nil if no step can be.
  var isSkipping: Tensor? { tensor.map { $0.reshaped([]) .> 0 } }

  /// Returns the buffer of the number.
  func buffers() throws -> [Buffer] { try tensor.map { [try $0.slice.buffer] } ?? [] }

  /// Counts the step of these gradients if it, or an earlier one, must be skipped, and returns the number.
  /// - Parameter known: 1 if the gradients are not finite, else 0; nil to examine them.
  mutating func updated(by gradients: [Tensor], _ known: Tensor?) throws -> Tensor {
    guard var count = tensor else { fatalError("steps are counted before they are prepared") }
    let isBad = known ?? 1 - gradients.areAllFinite(like: count)
    let next = count + isBad.maximum(count.clamped(to: 0...1))
    try next.checkPoison()
    tensor = nil  // held once, so that it is written in place
    defer { tensor = count }
    try count.overwrite(from: 0, with: next)
    return next
  }

  /// Returns the number of skipped steps. Waits for the device.
  func count() throws -> Int { try tensor.map { Int(try $0.item()) } ?? 0 }
}
