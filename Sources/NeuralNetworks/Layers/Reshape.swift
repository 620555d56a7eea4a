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
        reason: "\(shape) is not a shape: extents are at least 1, at most one is -1, and there are at most 7")
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

/// Permutes the axes of each example: `Permute([2, 1])` converts `[N, T, C]`, as recurrent layers use it, to `[N, C, T]`,
/// as one-dimensional convolutions do (Keras).
public final class Permute: Layer {
  /// The axes of the input in the order of the output. The batch axis is 0 and stays first.
  public var axes: [Int] { configuration.axes }
  /// All settings.
  public let configuration: Configuration

  /// Creates a permuting layer.
  /// - Parameter axes: The axes of the input in the order of the output: each of 1, 2, …, once. The batch axis is 0.
  public convenience init(_ axes: [Int]) { self.init(configuration: Configuration(axes: axes)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    guard axes.sorted() == Array(inputShape.indices.map { $0 + 1 }) else {
      throw ModelError.invalidConfiguration(
        layer: "Permute",
        reason: "the axes \(axes) of an example of shape \(inputShape); each of its axes, counted from 1, is named once"
      )
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    prepareCall(input)
    return input.permuted([0] + axes)
  }

  public var allowsReplay: Bool { true }
}

extension Permute: ConfigurableLayer {
  /// The configuration of a `Permute` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The axes of the input in the order of the output. The batch axis is 0.
    public var axes: [Int]

    static var template: Self { Self(axes: []) }
    static let required: Set = ["axes"]
  }
}

/// Repeats each example as the steps of a sequence: `RepeatVector(5)` converts `[N, C]` to `[N, 5, C]` (Keras).
public final class RepeatVector: Layer {
  /// The number of steps.
  public var count: Int { configuration.count }
  /// All settings.
  public let configuration: Configuration

  /// Creates a repeating layer.
  /// - Parameter count: The number of steps.
  public convenience init(_ count: Int) { self.init(configuration: Configuration(count: count)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    guard inputShape.count == 1, count >= 1, SizeLimit.count([count, inputShape[0]]) != nil else {
      throw ModelError.invalidConfiguration(
        layer: "RepeatVector",
        reason: "\(count) repetitions of an example of shape \(inputShape); a vector is repeated at least once")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    prepareCall(input)
    return input.expanded(axis: 1).repeated(count, axis: 1)
  }

  public var allowsReplay: Bool { true }
}

extension RepeatVector: ConfigurableLayer {
  /// The configuration of a `RepeatVector` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of steps.
    public var count: Int

    static var template: Self { Self(count: 1) }
    static let required: Set = ["count"]
  }
}
