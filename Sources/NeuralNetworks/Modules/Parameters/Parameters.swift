/// The parameters of a module with their paths, in the order of declaration.
///
/// ```swift
/// for (path, parameter) in model.parameters where path.hasSuffix("bias") { parameter.isTrainable = false }
/// print(model.parameters.count, model.parameters.trainableCount)
/// ```
public struct Parameters: Sequence {
  let entries: [(path: String, parameter: Parameter)]

  init(_ walk: ModuleWalk) { entries = walk.parameters.map { ($0.path, $0.parameter) } }

  /// The number of elements, not the number of tensors. Parameters without a shape are not counted.
  public var count: Int { count { _ in true } }
  /// The number of elements that training changes.
  public var trainableCount: Int { count { $0.isTrainable } }
  /// The paths in order.
  public var paths: [String] { entries.map(\.path) }

  /// The parameter with this path; nil if there is none.
  public subscript(_ path: String) -> Parameter? { entries.first { $0.path == path }?.parameter }

  public func makeIterator() -> IndexingIterator<[(path: String, parameter: Parameter)]> { entries.makeIterator() }

  /// Returns the number of elements in parameters that fulfill a condition.
  func count(where condition: (Parameter) -> Bool) -> Int {
    entries.reduce(0) { $0 + (condition($1.parameter) ? $1.parameter.count : 0) }
  }

  /// Whether every parameter has a value.
  package var areBuilt: Bool { entries.allSatisfy { $0.parameter.slab != nil } }

  /// Throws for parameters without a shape, parameters that are too large, and duplicate names.
  func checkNamesAndShapes() throws {
    var seen: Set<String> = []
    for (path, _) in entries where !seen.insert(path).inserted {
      throw ModelError.invalidConfiguration(layer: path, reason: "two parameters have this name")
    }
    let unknown = entries.filter { $0.parameter.shape == nil }
    if !unknown.isEmpty { throw ModelError.notBuilt(path: unknown.map(\.path).joined(separator: ", ")) }
    for (path, parameter) in entries where parameter.count > SizeLimit.tensor {
      throw ModelError.invalidConfiguration(
        layer: path,
        reason: "a parameter of shape \(parameter.shapeText) has more than \(SizeLimit.tensor) numbers")
    }
    if count > SizeLimit.model {
      throw ModelError.invalidConfiguration(
        layer: "the model", reason: "it has \(count) parameters; at most \(SizeLimit.model) are possible")
    }
  }
}
