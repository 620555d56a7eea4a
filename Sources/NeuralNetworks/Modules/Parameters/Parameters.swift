import HostSystem

/// The parameters of a module with their paths, in the order of declaration.
///
/// ```swift
/// for (path, parameter) in model.parameters where path.hasSuffix("bias") { parameter.isTrainable = false }
/// print(model.parameters.count, model.parameters.trainableCount)
/// ```
///
/// Weights in integers are not among the parameters of a quantized model.
public struct Parameters: Sequence {
  let entries: [(path: String, parameter: Parameter)]

  init(_ walk: ModuleWalk) {
    entries = walk.parameters.lazy.filter { $0.parameter.quantized == nil }.map { ($0.path, $0.parameter) }
  }

  /// The number of elements, not the number of tensors. Parameters without a shape and weights in integers are not counted;
  /// the `parameterCount` of a model's `summary()` includes weights in integers.
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

/// A pattern of parameter paths: `*` matches any part of one name, and `**` matches any number of names, including
/// none.
///
/// `**.bias` matches `bias` and `0.bias`; `encoder.**` matches everything in `encoder`; `*.weight` matches `0.weight`, but
/// not `encoder.0.weight`.
package struct PathPattern: Sendable, Hashable {
  private let text: String
  private let names: [Substring]

  package init(_ pattern: String) {
    text = pattern
    names = pattern.split(separator: ".", omittingEmptySubsequences: false)
  }

  /// Returns an error message if the pattern matches none of the paths although there are some; nil otherwise. `**`
  /// always matches.
  package func fault(among paths: [String]) -> String? {
    if paths.isEmpty || names.allSatisfy({ $0 == "**" }) || paths.contains(where: matches) { return nil }
    func quoted(_ text: String) -> String { "\"\(text.shortened(to: 80).onOneLine)\"" }
    let start = "no parameter matches \(quoted(text))"
    let shown = paths.prefix(4).map(quoted).joined(separator: ", ")
    let rest = paths.count > 4 ? " and \(NumberText.grouped(paths.count - 4)) more" : ""
    return start + "; the parameters are \(shown)\(rest)"
  }

  package func matches(_ path: String) -> Bool {
    PathPattern.matches(
      names[...], path.split(separator: ".", omittingEmptySubsequences: false)[...],
      isAny: { $0 == "**" }, isSame: { PathPattern.matches($0, name: $1) })
  }

  /// Returns whether one name matches a pattern with `*`.
  private static func matches(_ pattern: Substring, name: Substring) -> Bool {
    matches(Array(pattern)[...], Array(name)[...], isAny: { $0 == "*" }, isSame: ==)
  }

  /// Returns whether a sequence matches a pattern in which some elements represent any number of elements.
  private static func matches<Element>(
    _ pattern: ArraySlice<Element>, _ elements: ArraySlice<Element>, isAny: (Element) -> Bool,
    isSame: (Element, Element) -> Bool
  ) -> Bool {
    var (p, e) = (pattern.startIndex, elements.startIndex)
    var retry: (p: Int, e: Int)?
    while e < elements.endIndex {
      if p < pattern.endIndex, isAny(pattern[p]) {
        retry = (p + 1, e)
        p += 1
      } else if p < pattern.endIndex, isSame(pattern[p], elements[e]) {
        p += 1
        e += 1
      } else if let last = retry {
        // Let the last wildcard match one more element.
        retry = (last.p, last.e + 1)
        (p, e) = (last.p, last.e + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy(isAny)
  }
}
