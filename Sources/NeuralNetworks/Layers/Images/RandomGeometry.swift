/// In training, rotates each image about its center by a random angle. In inference, it does nothing (torchvision's
/// `RandomRotation`; Keras' takes fractions of a turn).
public final class RandomRotation: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that rotates images.
  /// - Parameters:
  ///   - degrees: The maximum angle in both directions, from 0 to 180.
  ///   - method: The interpolation method, `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the image.
  ///   - fillValue: Their value with `.constant`.
  public convenience init(
    degrees: Double, method: InterpolationMethod = .bilinear, fillMode: FillMode = .reflect, fillValue: Double = 0
  ) {
    self.init(
      configuration: Configuration(degrees: degrees, method: method, fillMode: fillMode, fillValue: fillValue))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.map.check("RandomRotation", inputShape) }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    configuration.map.varied(images, using: random)
  }
}

extension RandomRotation {
  /// The configuration of a `RandomRotation` in a model description, with the defaults of the initializer.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The maximum angle in degrees.
    public var degrees: Double
    /// The interpolation method.
    public var method = InterpolationMethod.bilinear
    /// The values of pixels outside of the image.
    public var fillMode = FillMode.reflect
    /// Their value with `.constant`.
    public var fillValue = 0.0

    static var template: Self { Self(degrees: 0) }
    static let required: Set = ["degrees"]

    fileprivate var map: RandomAffine.Configuration {
      RandomAffine.Configuration(degrees: degrees, method: method, fillMode: fillMode, fillValue: fillValue)
    }
  }
}

/// In training, scales each image about its center by a random factor, the same for both axes. In inference, it does
/// nothing (torchvision's `RandomAffine(scale=)`; Keras' `RandomZoom` takes the reciprocal of the factor, minus 1).
public final class RandomZoom: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that scales images.
  /// - Parameters:
  ///   - scale: The range of the factor, from 0.01 to 100; numbers above 1 enlarge the image.
  ///   - method: The interpolation method, `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the image.
  ///   - fillValue: Their value with `.constant`.
  public convenience init(
    scale: ClosedRange<Double>, method: InterpolationMethod = .bilinear, fillMode: FillMode = .reflect,
    fillValue: Double = 0
  ) {
    self.init(configuration: Configuration(scale: scale, method: method, fillMode: fillMode, fillValue: fillValue))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.map.check("RandomZoom", inputShape) }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    configuration.map.varied(images, using: random)
  }
}

extension RandomZoom {
  /// The configuration of a `RandomZoom` in a model description, with the defaults of the initializer.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The range of the factor.
    public var scale: ClosedRange<Double>
    /// The interpolation method.
    public var method = InterpolationMethod.bilinear
    /// The values of pixels outside of the image.
    public var fillMode = FillMode.reflect
    /// Their value with `.constant`.
    public var fillValue = 0.0

    static var template: Self { Self(scale: 1...1) }
    static let required: Set = ["scale"]

    fileprivate var map: RandomAffine.Configuration {
      RandomAffine.Configuration(scale: scale, method: method, fillMode: fillMode, fillValue: fillValue)
    }
  }
}

/// In training, shifts each image by random fractions of its height and width. In inference, it does nothing (Keras'
/// `RandomTranslation`).
public final class RandomTranslation: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that shifts images.
  /// - Parameters:
  ///   - rows: The maximum shift up or down, as a fraction of the height, from 0 to 1.
  ///   - columns: The maximum shift to either side, as a fraction of the width, from 0 to 1.
  ///   - method: The interpolation method, `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the image.
  ///   - fillValue: Their value with `.constant`.
  public convenience init(
    rows: Double, columns: Double, method: InterpolationMethod = .bilinear, fillMode: FillMode = .reflect,
    fillValue: Double = 0
  ) {
    self.init(
      configuration: Configuration(
        rows: rows, columns: columns, method: method, fillMode: fillMode, fillValue: fillValue))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.map.check("RandomTranslation", inputShape) }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    configuration.map.varied(images, using: random)
  }
}

extension RandomTranslation {
  /// The configuration of a `RandomTranslation` in a model description, with the defaults of the initializer.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The maximum shift up or down, as a fraction of the height.
    public var rows: Double
    /// The maximum shift to either side, as a fraction of the width.
    public var columns: Double
    /// The interpolation method.
    public var method = InterpolationMethod.bilinear
    /// The values of pixels outside of the image.
    public var fillMode = FillMode.reflect
    /// Their value with `.constant`.
    public var fillValue = 0.0

    static var template: Self { Self(rows: 0, columns: 0) }
    static let required: Set = ["rows", "columns"]

    fileprivate var map: RandomAffine.Configuration {
      RandomAffine.Configuration(rows: rows, columns: columns, method: method, fillMode: fillMode, fillValue: fillValue)
    }
  }
}
