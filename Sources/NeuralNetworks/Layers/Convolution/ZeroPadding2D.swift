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
    let sides = [configuration.top, configuration.bottom, configuration.left, configuration.right]
    guard sides.allSatisfy({ $0 >= 0 }) else {
      throw ModelError.invalidConfiguration(
        layer: "ZeroPadding2D", reason: "a padding of \(sides); every number is at least 0")
    }
    guard inputShape.count == 3 else {
      throw ModelError.invalidConfiguration(
        layer: "ZeroPadding2D", reason: "an example is an image [channels, height, width], not \(inputShape)")
    }
    guard sides.allSatisfy({ $0 <= SizeLimit.setting }) else {
      throw ModelError.invalidConfiguration(
        layer: "ZeroPadding2D", reason: "a padding of \(sides); at most \(SizeLimit.setting) is possible")
    }
    try WindowSettings.checkSize(
      layer: "ZeroPadding2D", [inputShape[1] + sides[0] + sides[1], inputShape[2] + sides[2] + sides[3]])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return input.padded([
      (0, 0), (0, 0), (configuration.top, configuration.bottom), (configuration.left, configuration.right),
    ])
  }

  public var allowsReplay: Bool { true }
}

extension ZeroPadding2D: ConfigurableLayer {
  /// The configuration of a `ZeroPadding2D` in a model description. Omitted sides get no padding.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of rows above and below, and of columns to the left and to the right.
    public var top = 0, bottom = 0, left = 0, right = 0

    static var template: Self { Self() }
  }
}
