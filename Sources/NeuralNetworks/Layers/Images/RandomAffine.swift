/// In training, scales, shears, rotates, and shifts each image about its center by random amounts, in one step of
/// interpolation. In inference, it does nothing (torchvision's `RandomAffine`; with one of the amounts, Keras'
/// `RandomRotation`, `RandomZoom`, `RandomTranslation`, and `RandomShear`).
///
/// Each amount is drawn uniformly, from −most to most unless a range is given.
public final class RandomAffine: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer for affine maps.
  /// - Parameters:
  ///   - degrees: The maximum angle of the rotation, from 0 to 180.
  ///   - rows: The maximum vertical shift, as a fraction of the height, from 0 to 1.
  ///   - columns: The maximum horizontal shift, as a fraction of the width, from 0 to 1.
  ///   - scale: The range of the factor, from 0.01 to 100; numbers above 1 enlarge the image.
  ///   - shear: The maximum angle of a horizontal shear in degrees, from 0 to 80.
  ///   - method: The interpolation method, `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the image.
  ///   - fillValue: Their value with `.constant`.
  public convenience init(
    degrees: Double = 0, rows: Double = 0, columns: Double = 0, scale: ClosedRange<Double> = 1...1, shear: Double = 0,
    method: InterpolationMethod = .bilinear, fillMode: FillMode = .reflect, fillValue: Double = 0
  ) {
    self.init(
      configuration: Configuration(
        degrees: degrees, rows: rows, columns: columns, scale: scale, shear: shear, method: method, fillMode: fillMode,
        fillValue: fillValue))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.check("RandomAffine", inputShape) }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    configuration.varied(images, using: random)
  }
}

/// Maps about the centers of images; each number is `[N, 1, 1, 1]`.
struct AffineMap {
  /// The angle of a counterclockwise rotation, the factor, and the tangent of the angle of the shear.
  let angle, scale, tangent: Tensor
  /// The shift in pixels.
  let down, right: Tensor

  /// Returns the inverse maps, `[N, 2, 3]`: from pixels of the result to positions in the images.
  func matrices(_ height: Int, _ width: Int) -> Tensor {
    let (sine, cosine) = (angle.sin() / scale, angle.cos() / scale)
    let (middleRow, middleColumn) = (Double(height - 1) / 2, Double(width - 1) / 2)
    let (row, column) = (down + middleRow, right + middleColumn)
    let (columnByColumn, columnByRow) = (cosine - tangent * sine, -(sine + tangent * cosine))
    let firstColumn = middleColumn - columnByColumn * column - columnByRow * row
    let firstRow = middleRow - sine * column - cosine * row
    return Tensor.stacked([columnByColumn, columnByRow, firstColumn, sine, cosine, firstRow], axis: 1)
      .reshaped([-1, 2, 3])
  }
}

extension RandomAffine {
  /// The configuration of a `RandomAffine` in a model description, with the defaults of the initializer.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The maximum angle of the rotation in degrees.
    public var degrees = 0.0
    /// The maximum vertical shift, as a fraction of the height.
    public var rows = 0.0
    /// The maximum horizontal shift, as a fraction of the width.
    public var columns = 0.0
    /// The range of the factor.
    public var scale = 1.0...1.0
    /// The maximum angle of the horizontal shear in degrees.
    public var shear = 0.0
    /// The interpolation method.
    public var method = InterpolationMethod.bilinear
    /// The values of pixels outside of the image.
    public var fillMode = FillMode.reflect
    /// Their value with `.constant`.
    public var fillValue = 0.0

    static var template: Self { Self() }

    func check(_ layer: String, _ inputShape: [Int]) throws {
      let settings = ImageSettings(layer: layer)
      try settings.image(inputShape)
      try settings.number(degrees, "an angle", within: 0...180)
      try settings.number(rows, "a shift of rows", within: 0...1)
      try settings.number(columns, "a shift of columns", within: 0...1)
      try settings.range(scale, "a scale", within: 0.01...100)
      try settings.number(shear, "a shear", within: 0...80)
      try settings.fill(fillValue)
      guard method == .bilinear || method == .nearest else {
        throw ModelError.invalidConfiguration(
          layer: layer, reason: "the method \(method.rawValue); it is bilinear or nearest")
      }
    }

    func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
      func drawn(_ most: Double) -> Tensor { images.drawn(in: -most...most, using: random) }
      let (height, width) = (images.shape[2], images.shape[3])
      let map = AffineMap(
        angle: drawn(degrees * .pi / 180), scale: images.drawn(in: scale, using: random),
        tangent: drawn(shear * .pi / 180).tan(), down: drawn(rows) * Double(height),
        right: drawn(columns) * Double(width))
      return images.warped(
        by: map.matrices(height, width), method: method, fillMode: fillMode, fillValue: fillValue)
    }
  }
}
