/// Adds zeros around images: `[N, C, H, W]` → `[N, C, top + H + bottom, left + W + right]`.
///
/// ```swift
/// ZeroPadding2D(1)                                 // [N, 3, 28, 28] → [N, 3, 30, 30]
/// ZeroPadding2D(top: 0, bottom: 1, left: 0, right: 1)
/// ```
public final class ZeroPadding2D: Layer {
  /// The number of rows and columns of zeros to add.
  public let configuration: Configuration

  /// Creates the layer with symmetric padding.
  /// - Parameter padding: The number of rows above and below, and of columns to the left and to the right.
  public convenience init(_ padding: Extent2D) {
    self.init(top: padding.height, bottom: padding.height, left: padding.width, right: padding.width)
  }

  /// Creates the layer with a separate number for each side.
  public convenience init(top: Int, bottom: Int, left: Int, right: Int) {
    self.init(configuration: Configuration(top: top, bottom: bottom, left: left, right: right))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try Edges.check("ZeroPadding2D", inputShape, configuration.edges, grows: true)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return input.padded([(0, 0), (0, 0)] + configuration.edges)
  }

  public var allowsReplay: Bool { true }
}

extension ZeroPadding2D: ConfigurableLayer {
  /// The configuration of a `ZeroPadding2D` or a `Cropping2D` in a model description. Omitted sides do not change.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of rows above and below, and of columns to the left and to the right.
    public var top = 0, bottom = 0, left = 0, right = 0

    static var template: Self { Self() }
    var edges: [(before: Int, after: Int)] { [(top, bottom), (left, right)] }
  }
}

/// Adds zeros at the ends of sequences: `[N, C, L]` → `[N, C, before + L + after]`.
///
/// ```swift
/// ZeroPadding1D(2)                                 // [N, 8, 100] → [N, 8, 104]
/// ZeroPadding1D(before: 2, after: 0)
/// ```
public final class ZeroPadding1D: Layer {
  /// The number of zeros to add.
  public let configuration: Configuration

  /// Creates the layer with the same number of zeros at both ends.
  public convenience init(_ padding: Int) { self.init(before: padding, after: padding) }

  /// Creates the layer with a separate number for each end.
  public convenience init(before: Int, after: Int) {
    self.init(configuration: Configuration(before: before, after: after))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try Edges.check("ZeroPadding1D", inputShape, configuration.edges, grows: true)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    prepareCall(input)
    return input.padded([(0, 0), (0, 0)] + configuration.edges)
  }

  public var allowsReplay: Bool { true }
}

extension ZeroPadding1D: ConfigurableLayer {
  /// The configuration of a `ZeroPadding1D` or a `Cropping1D` in a model description. Omitted ends do not change.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of positions at the start and at the end.
    public var before = 0, after = 0

    static var template: Self { Self() }
    var edges: [(before: Int, after: Int)] { [(before, after)] }
  }
}

/// Removes positions at the edges of images: `[N, C, H, W]` → `[N, C, H − top − bottom, W − left − right]` (Keras).
///
/// ```swift
/// Cropping2D(1)                                    // [N, 3, 30, 30] → [N, 3, 28, 28]
/// ```
public final class Cropping2D: Layer {
  /// The number of rows and columns to remove.
  public let configuration: ZeroPadding2D.Configuration

  /// Creates the layer with the same number of rows on both sides, and of columns.
  /// - Parameter cropping: The number of rows above and below, and of columns to the left and to the right.
  public convenience init(_ cropping: Extent2D) {
    self.init(top: cropping.height, bottom: cropping.height, left: cropping.width, right: cropping.width)
  }

  /// Creates the layer with a separate number for each side.
  public convenience init(top: Int, bottom: Int, left: Int, right: Int) {
    self.init(configuration: ZeroPadding2D.Configuration(top: top, bottom: bottom, left: left, right: right))
  }

  public init(configuration: ZeroPadding2D.Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try Edges.check("Cropping2D", inputShape, configuration.edges, grows: false)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return input[
      .all, .all, configuration.top..<input.shape[2] - configuration.bottom,
      configuration.left..<input.shape[3] - configuration.right]
  }

  public var allowsReplay: Bool { true }
}

extension Cropping2D: ConfigurableLayer {}

/// Removes positions at the ends of sequences: `[N, C, L]` → `[N, C, L − before − after]` (Keras).
///
/// ```swift
/// Cropping1D(before: 0, after: 2)                  // [N, 8, 100] → [N, 8, 98]
/// ```
public final class Cropping1D: Layer {
  /// The number of positions to remove.
  public let configuration: ZeroPadding1D.Configuration

  /// Creates the layer with the same number of positions at both ends.
  public convenience init(_ cropping: Int) { self.init(before: cropping, after: cropping) }

  /// Creates the layer with a separate number for each end.
  public convenience init(before: Int, after: Int) {
    self.init(configuration: ZeroPadding1D.Configuration(before: before, after: after))
  }

  public init(configuration: ZeroPadding1D.Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try Edges.check("Cropping1D", inputShape, configuration.edges, grows: false)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    prepareCall(input)
    return input[.all, .all, configuration.before..<input.shape[2] - configuration.after]
  }

  public var allowsReplay: Bool { true }
}

extension Cropping1D: ConfigurableLayer {}

/// The checks of layers that add or remove positions at the ends of axes.
enum Edges {
  /// - Parameters:
  ///   - inputShape: The shape of one example, `[C, L]`, `[C, H, W]`, or `[C, D, H, W]`.
  ///   - edges: The number of positions at the ends of each spatial axis.
  ///   - grows: Whether the positions are added.
  static func check(
    _ layer: String, _ inputShape: [Int], _ edges: [(before: Int, after: Int)], grows: Bool
  ) throws {
    let name = grows ? "padding" : "cropping"
    func fail(_ reason: String) throws -> Never { throw ModelError.invalidConfiguration(layer: layer, reason: reason) }
    let sides = edges.flatMap { [$0.before, $0.after] }
    guard sides.allSatisfy({ $0 >= 0 }) else { try fail("a \(name) of \(sides); every number is at least 0") }
    guard inputShape.count == edges.count + 1 else {
      let expected = [
        "a sequence [channels, length]", "an image [channels, height, width]",
        "a volume [channels, depth, height, width]",
      ]
      try fail("an example is \(expected[edges.count - 1]), not \(inputShape)")
    }
    guard sides.allSatisfy({ $0 <= SizeLimit.setting }) else {
      try fail("a \(name) of \(sides); at most \(SizeLimit.setting) is possible")
    }
    let size = zip(inputShape.dropFirst(), edges).map { grows ? $0 + $1.before + $1.after : $0 - $1.before - $1.after }
    guard size.allSatisfy({ $0 >= 1 }) else { try fail("a cropping of \(sides) leaves nothing of \(inputShape)") }
    try WindowSettings.checkSize(layer: layer, size)
  }
}
