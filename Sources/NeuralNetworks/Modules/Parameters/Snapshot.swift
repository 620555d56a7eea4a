/// The values of all parameters of a module at one moment, by path. It can be sent between tasks.
public struct Snapshot: Sendable {
  package let values: [(path: String, value: Tensor)]

  package init(_ values: [(path: String, value: Tensor)]) { self.values = values }

  /// The paths, in the order of the module's parameters.
  public var paths: [String] { values.map(\.path) }

  /// The value of a parameter; nil if the module has no parameter with this name.
  public subscript(_ path: String) -> Tensor? { values.first { $0.path == path }?.value }
}
