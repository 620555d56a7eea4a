/// Reshapes each example: `Reshape([1, 28, 28])` converts `[N, 784]` to `[N, 1, 28, 28]`.
public final class Reshape: Layer {
  /// The shape of an example, without the batch axis. One extent may be -1.
  public var shape: [Int] { configuration.shape }
  /// All settings.
  public let configuration: Configuration

  /// Creates a reshaping layer.
  /// - Parameter shape: The shape of an example, without the batch axis. One extent may be -1; it is inferred.
  public convenience init(_ shape: [Int]) { self.init(configuration: Configuration(shape: shape)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    guard shape.allSatisfy({ $0 >= 1 || $0 == -1 }), shape.count(where: { $0 == -1 }) <= 1, shape.count <= 7,
      SizeLimit.count(shape) != nil
    else {
      throw ModelError.invalidConfiguration(
        layer: "Reshape",
        reason: "\(shape) is no shape: extents are at least 1, at most one is -1, and there are at most 7")
    }
    let count = inputShape.reduce(1, *)
    guard resolved(for: count).reduce(1, *) == count else {
      throw ModelError.invalidConfiguration(
        layer: "Reshape",
        reason: "the \(count) numbers of an input of shape \(inputShape) cannot be arranged as \(shape)")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    prepareCall(input)
    let shape = input.shape
    return input.reshaped([shape.first ?? 1] + resolved(for: shape.dropFirst().reduce(1, *)))
  }

  public var allowsReplay: Bool { true }

  /// Returns the shape with -1 replaced by the inferred extent for `count` numbers.
  private func resolved(for count: Int) -> [Int] {
    let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
    return shape.map { $0 == -1 ? count / known : $0 }
  }
}

extension Reshape: ConfigurableLayer {
  /// The configuration of a `Reshape` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The shape of an example, without the batch axis. One extent may be -1.
    public var shape: [Int]

    static var template: Self { Self(shape: []) }
    static let required: Set = ["shape"]
  }
}

/// Flattens all axes except the batch axis: `[N, 28, 28]` → `[N, 784]`.
public final class Flatten: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws {}

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let shape = input.shape
    return input.reshaped([shape.first ?? 1, shape.dropFirst().reduce(1, *)])
  }

  public var allowsReplay: Bool { true }
}

extension Flatten: ConfigurableLayer {
  public var configuration: NoSettings { NoSettings() }

  public convenience init(configuration: NoSettings) { self.init() }
}
