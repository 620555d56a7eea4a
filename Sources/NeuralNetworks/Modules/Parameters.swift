/// The parameters of a module with their paths, in the order of declaration.
///
/// ```swift
/// for (path, parameter) in model.parameters where path.hasSuffix("bias") { parameter.isTrainable = false }
/// print(model.parameters.count, model.parameters.trainableCount)
/// ```
public struct Parameters: Sequence {
  let entries: [(path: String, parameter: Parameter)]

  init(_ walk: ModuleWalk) { entries = walk.parameters.map { ($0.path, $0.parameter) } }

  /// How many numbers there are, not how many tensors; parameters without a shape count nothing.
  public var count: Int { count { _ in true } }
  /// The numbers that training changes.
  public var trainableCount: Int { count { $0.isTrainable } }
  /// The paths in order.
  public var paths: [String] { entries.map(\.path) }

  /// The parameter with this path.
  public subscript(_ path: String) -> Parameter? { entries.first { $0.path == path }?.parameter }

  public func makeIterator() -> IndexingIterator<[(path: String, parameter: Parameter)]> { entries.makeIterator() }

  /// The number of numbers in parameters that fulfil a condition.
  func count(where condition: (Parameter) -> Bool) -> Int {
    entries.reduce(0) { $0 + (condition($1.parameter) ? $1.parameter.count : 0) }
  }

  /// True when each parameter has a value.
  package var areBuilt: Bool { entries.allSatisfy { $0.parameter.slab != nil } }

  /// Throws for parameters without a shape, and for two with one name.
  func checkNamesAndShapes() throws {
    var seen: Set<String> = []
    for (path, _) in entries where !seen.insert(path).inserted {
      throw ModelError.invalidConfiguration(layer: path, reason: "two parameters have this name")
    }
    let unknown = entries.filter { $0.parameter.shape == nil }
    if !unknown.isEmpty { throw ModelError.notBuilt(path: unknown.map(\.path).joined(separator: ", ")) }
    if count > SizeLimit.model {
      throw ModelError.invalidConfiguration(
        layer: "the model", reason: "it has \(count) parameters; at most \(SizeLimit.model) are possible")
    }
  }
}
