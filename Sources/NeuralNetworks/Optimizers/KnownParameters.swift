/// The parameters of the model that an optimizer has updated, by path. Frozen ones are included, because another part
/// of the same model may be trained next.
struct KnownParameters {
  private struct Known {
    weak var parameter: Parameter?
  }

  private var known: [String: Known] = [:]
  /// The most recently added layout.
  private var layout: SlabLayout?

  /// Adds the parameters of a placement.
  /// - Throws: `ModelError.invalidConfiguration` if they belong to another model.
  mutating func add(_ placement: Placement, rule: any UpdateRule) throws {
    if layout === placement.layout { return }
    let members = placement.members
    let foreign = members.first { path, parameter in known[path].map { $0.parameter !== parameter } ?? false }
    // Other paths may lead to the same parameters.
    let isNew = !members.isEmpty && !known.isEmpty && members.allSatisfy { known[$0.path] == nil }
    if foreign != nil || (isNew && !knowsAny(of: members.map(\.parameter))) {
      let remembered = foreign.map { ", and remembers the \"\($0.path)\" of that" } ?? ""
      throw ModelError.invalidConfiguration(
        layer: "\(type(of: rule))",
        reason: "the optimizer has updated another model\(remembered); hint: make one optimizer for each model")
    }
    for (path, parameter) in members { known[path] = Known(parameter: parameter) }
    layout = placement.layout
  }

  private func knowsAny(of parameters: [Parameter]) -> Bool {
    // Only existing objects: the address of a deallocated one may be in use again.
    let objects = Set(known.values.compactMap { $0.parameter.map(ObjectIdentifier.init) })
    return parameters.contains { objects.contains(ObjectIdentifier($0)) }
  }
}
