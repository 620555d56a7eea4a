/// A backend that passes the primitives on to another backend and uses the protocol's defaults for every fused
/// operation. It is the reference for that backend's overrides, and it performs fused operations in element types for which
/// the backend has no kernels of its own.
public final class DefaultsOnly: ForwardingBackend {
  public let base: any Backend

  /// Creates a backend from the primitives of another one.
  /// - Parameter base: The backend that provides the primitives.
  public init(_ base: any Backend) { self.base = base }
}
