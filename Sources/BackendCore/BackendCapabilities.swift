/// The abilities and limits of a backend, next to its element types.
///
/// `Backend` only gets new requirements that have default implementations, and this type only gets new properties that
/// have defaults, so that a backend for an earlier version of the contract remains one.
public struct BackendCapabilities: Sendable, Hashable {
  /// The version of the contract that the documentation of `Backend` describes.
  public static let currentVersion = 1

  /// The version of the contract for which the backend was written. Behavior that a later version requires is not
  /// expected of it.
  public var version: Int
  /// The size of the largest buffer in bytes.
  public var largestBuffer: Int
  /// Whether every call has finished when it returns, so that the host reads a result without waiting.
  public var finishesCalls: Bool

  /// Creates the capabilities of a backend; the defaults promise nothing.
  public init(version: Int, largestBuffer: Int = .max, finishesCalls: Bool = false) {
    self.version = version
    self.largestBuffer = largestBuffer
    self.finishesCalls = finishesCalls
  }
}

extension Backend {
  public var capabilities: BackendCapabilities { BackendCapabilities(version: 1) }
}
