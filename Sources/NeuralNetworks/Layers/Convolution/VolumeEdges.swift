/// Adds zeros around volumes: `[N, C, D, H, W]` → `[N, C, front + D + back, top + H + bottom, left + W + right]` (Keras;
/// PyTorch's `ZeroPad3d`).
///
/// ```swift
/// ZeroPadding3D(1)                                 // [N, 3, 14, 28, 28] → [N, 3, 16, 30, 30]
/// ZeroPadding3D(front: 2, back: 0)                 // [N, 3, 14, 28, 28] → [N, 3, 16, 28, 28]
/// ```
public final class ZeroPadding3D: Layer {
  /// The number of planes, rows, and columns of zeros to add.
  public let configuration: Configuration

  /// Creates the layer with symmetric padding.
  /// - Parameter padding: The number of planes, of rows, and of columns on both sides.
  public convenience init(_ padding: Extent3D) { self.init(configuration: Configuration(padding)) }

  /// Creates the layer with a separate number for each side; 0 by default.
  public convenience init(
    front: Int = 0, back: Int = 0, top: Int = 0, bottom: Int = 0, left: Int = 0, right: Int = 0
  ) {
    self.init(
      configuration: Configuration(front: front, back: back, top: top, bottom: bottom, left: left, right: right))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try Edges.check("ZeroPadding3D", inputShape, configuration.edges, grows: true)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    prepareCall(input)
    return input.padded([(0, 0), (0, 0)] + configuration.edges)
  }

  public var allowsReplay: Bool { true }
}

extension ZeroPadding3D: ConfigurableLayer {
  /// The configuration of a `ZeroPadding3D` or a `Cropping3D` in a model description. Omitted sides do not change.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of planes at the front and at the back.
    public var front = 0, back = 0
    /// The number of rows above and below, and of columns to the left and to the right.
    public var top = 0, bottom = 0, left = 0, right = 0

    static var template: Self { Self() }
    var edges: [(before: Int, after: Int)] { [(front, back), (top, bottom), (left, right)] }
  }
}

extension ZeroPadding3D.Configuration {
  init(_ extent: Extent3D) {
    self.init(
      front: extent.depth, back: extent.depth, top: extent.height, bottom: extent.height, left: extent.width,
      right: extent.width)
  }
}

/// Removes positions at the edges of volumes: `[N, C, D, H, W]` → `[N, C, D − front − back, H − top − bottom, W − left −
/// right]` (Keras).
///
/// ```swift
/// Cropping3D(1)                                    // [N, 3, 16, 30, 30] → [N, 3, 14, 28, 28]
/// ```
public final class Cropping3D: Layer {
  /// The number of planes, rows, and columns to remove.
  public let configuration: ZeroPadding3D.Configuration

  /// Creates the layer with the same numbers on both sides.
  /// - Parameter cropping: The number of planes, of rows, and of columns on both sides.
  public convenience init(_ cropping: Extent3D) {
    self.init(configuration: ZeroPadding3D.Configuration(cropping))
  }

  /// Creates the layer with a separate number for each side; 0 by default.
  public convenience init(
    front: Int = 0, back: Int = 0, top: Int = 0, bottom: Int = 0, left: Int = 0, right: Int = 0
  ) {
    self.init(
      configuration: ZeroPadding3D.Configuration(
        front: front, back: back, top: top, bottom: bottom, left: left, right: right))
  }

  public init(configuration: ZeroPadding3D.Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try Edges.check("Cropping3D", inputShape, configuration.edges, grows: false)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    prepareCall(input)
    let kept = zip(input.shape.dropFirst(2), configuration.edges).map { $1.before..<$0 - $1.after }
    return input[.all, .all, kept[0], kept[1], kept[2]]
  }

  public var allowsReplay: Bool { true }
}

extension Cropping3D: ConfigurableLayer {}

/// Repeats each number of a volume along its axes: `[N, C, D, H, W]` → `[N, C, D·depth, H·height, W·width]` (Keras;
/// PyTorch's `Upsample` with `nearest`).
///
/// ```swift
/// UpSampling3D(2)                                  // [N, 8, 7, 7, 7] → [N, 8, 14, 14, 14], each number eight times
/// ```
public final class UpSampling3D: Layer {
  /// The factor.
  public let configuration: Configuration

  /// Creates an upsampling layer.
  /// - Parameter factor: The scale factor of each axis.
  public convenience init(_ factor: Extent3D) { self.init(configuration: Configuration(factor: factor)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    let factor = configuration.factor.numbers
    guard factor.allSatisfy({ $0 > 0 }) else {
      throw ModelError.invalidConfiguration(
        layer: "UpSampling3D", reason: "a factor of \(factor); every number is at least 1")
    }
    guard inputShape.count == 4, !inputShape.contains(0) else {
      throw ModelError.invalidConfiguration(
        layer: "UpSampling3D", reason: "an example is a volume [channels, depth, height, width], not \(inputShape)")
    }
    try WindowSettings.checkSize(layer: "UpSampling3D", inputShape + factor)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    prepareCall(input)
    return configuration.factor.numbers.enumerated().reduce(input) { volume, axis in
      axis.element == 1 ? volume : volume.repeated(axis.element, axis: axis.offset + 2)
    }
  }

  public var allowsReplay: Bool { true }
}

extension UpSampling3D: ConfigurableLayer {
  /// The configuration of an `UpSampling3D` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The scale factors of planes, rows, and columns.
    public var factor: Extent3D

    static var template: Self { Self(factor: 1) }
    static let required: Set = ["factor"]
  }
}
