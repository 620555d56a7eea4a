/// In training, adds a random number to all pixels of each image. In inference, it does nothing (Keras'
/// `RandomBrightness`; torchvision multiplies).
public final class RandomBrightness: RandomImageLayer {
  /// All settings.
  public let configuration: ColorRange

  /// Creates a layer that changes the brightness.
  /// - Parameters:
  ///   - most: The largest number that is added or subtracted, from 0 to 1, in units of the width of `values`.
  ///   - values: The range of pixels, to which results are limited.
  public convenience init(_ most: Double, values: ClosedRange<Double> = 0...1) {
    self.init(configuration: ColorRange(most: most, values: values))
  }

  public init(configuration: ColorRange) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.check("RandomBrightness", inputShape) }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    images.brightened(configuration.most, configuration.values, using: random)
  }
}

/// In training, multiplies the difference of each pixel from the mean of its channel by a random factor for each image. In
/// inference, it does nothing (Keras' `RandomContrast`; torchvision takes the mean of all colors).
public final class RandomContrast: RandomImageLayer {
  /// All settings.
  public let configuration: ColorRange

  /// Creates a layer that changes the contrast.
  /// - Parameters:
  ///   - most: The largest difference of the factor from 1, from 0 to 1.
  ///   - values: The range of pixels, to which results are limited.
  public convenience init(_ most: Double, values: ClosedRange<Double> = 0...1) {
    self.init(configuration: ColorRange(most: most, values: values))
  }

  public init(configuration: ColorRange) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.check("RandomContrast", inputShape) }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    images.contrasted(configuration.most, configuration.values, using: random)
  }
}

/// The configuration of a `RandomBrightness` or `RandomContrast` in a model description.
public struct ColorRange: Codable, Sendable, LayerSettings {
  /// The largest change.
  public var most: Double
  /// The range of pixels, to which results are limited. The default is 0 to 1.
  public var values = 0.0...1.0

  static var template: Self { Self(most: 0) }
  static let required: Set = ["most"]

  func check(_ layer: String, _ inputShape: [Int]) throws {
    let settings = ImageSettings(layer: layer)
    try settings.image(inputShape)
    try settings.number(most, "a change", within: 0...1)
    try settings.values(values)
  }
}

/// In training, changes brightness, contrast, saturation, and hue of each color image at random, in this order. In
/// inference, it does nothing (Keras' `RandomColorJitter`, torchvision's `ColorJitter`).
///
/// Brightness and contrast are changed as by `RandomBrightness` and `RandomContrast`. The difference of colors from their
/// gray is multiplied by a factor close to 1 (torchvision's `adjust_saturation`, Keras' `RandomColorDegeneration`), and the
/// hue is rotated (`adjust_hue`, `RandomHue`). Numbers that are 0 leave out their step.
public final class RandomColorJitter: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that changes colors, `[N, 3, H, W]` with values from 0 to 1.
  /// - Parameters:
  ///   - brightness: The largest number that is added, from 0 to 1.
  ///   - contrast: The largest difference of the contrast factor from 1, from 0 to 1.
  ///   - saturation: The largest difference of the saturation factor from 1, from 0 to 1.
  ///   - hue: The largest rotation of the hue as a fraction of a turn, from 0 to 0.5.
  public convenience init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0) {
    self.init(
      configuration: Configuration(brightness: brightness, contrast: contrast, saturation: saturation, hue: hue))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    let settings = ImageSettings(layer: "RandomColorJitter")
    try settings.image(inputShape, channels: 3)
    try settings.number(configuration.brightness, "a brightness", within: 0...1)
    try settings.number(configuration.contrast, "a contrast", within: 0...1)
    try settings.number(configuration.saturation, "a saturation", within: 0...1)
    try settings.number(configuration.hue, "a hue", within: 0...0.5)
  }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    let values = 0.0...1.0
    let (saturation, hue) = (configuration.saturation, configuration.hue)
    var images = images.brightened(configuration.brightness, values, using: random)
      .contrasted(configuration.contrast, values, using: random)
    if saturation > 0 {
      let factor = images.drawn(in: 1 - saturation...1 + saturation, using: random)
      images = images.scaled(by: factor, from: images.rgbToGrayscale(), values)
    }
    return hue > 0 ? images.hueRotated(by: images.drawn(in: -hue...hue, using: random)) : images
  }
}

extension RandomColorJitter {
  /// The configuration of a `RandomColorJitter` in a model description. The defaults are 0.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The largest number that is added.
    public var brightness = 0.0
    /// The largest difference of the contrast factor from 1.
    public var contrast = 0.0
    /// The largest difference of the saturation factor from 1.
    public var saturation = 0.0
    /// The largest rotation of the hue as a fraction of a turn.
    public var hue = 0.0

    static var template: Self { Self() }
  }
}

/// In training, replaces the three colors of an image by their gray with a given probability. In inference, it does nothing
/// (Keras' and torchvision's `RandomGrayscale`).
public final class RandomGrayscale: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that removes colors.
  /// - Parameter probability: The probability.
  public convenience init(_ probability: Double = 0.1) {
    self.init(configuration: Configuration(probability: probability))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    let settings = ImageSettings(layer: "RandomGrayscale")
    try settings.image(inputShape, channels: 3)
    try settings.probability(configuration.probability)
  }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    images.replacing(
      with: images.rgbToGrayscale().broadcast(to: images.shape),
      where: images.chosen(configuration.probability, using: random))
  }
}

extension RandomGrayscale {
  /// The configuration of a `RandomGrayscale` in a model description. The default probability is 0.1.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The probability.
    public var probability = 0.1

    static var template: Self { Self() }
  }
}

/// In training, blurs each image with a Gaussian kernel of a random standard deviation. In inference, it does nothing
/// (Keras' `RandomGaussianBlur`, torchvision's `GaussianBlur`). Around the image, it is mirrored at its first and last
/// pixels.
public final class RandomGaussianBlur: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that blurs images.
  /// - Parameters:
  ///   - kernel: The number of pixels in each direction, odd, from 1 to 255, and less than twice the height and width.
  ///   - deviation: The range of the deviation in pixels, from 0.01 to 100.
  public convenience init(kernel: Int = 5, deviation: ClosedRange<Double> = 0.1...2) {
    self.init(configuration: Configuration(kernel: kernel, deviation: deviation))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    let (settings, kernel) = (ImageSettings(layer: "RandomGaussianBlur"), configuration.kernel)
    try settings.image(inputShape)
    guard (1...255).contains(kernel), kernel % 2 == 1, kernel / 2 < min(inputShape[1], inputShape[2]) else {
      throw ModelError.invalidConfiguration(
        layer: "RandomGaussianBlur",
        reason:
          "a kernel of \(kernel) for an image of shape \(inputShape); it is odd, at most 255, and less than twice "
          + "the height and width")
    }
    try settings.range(configuration.deviation, "a deviation", within: 0.01...100)
  }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    let deviations = images.drawn(in: configuration.deviation, using: random)
    return images.gaussianBlurred(kernel: configuration.kernel, deviations: deviations.reshaped([-1]))
  }
}

extension RandomGaussianBlur {
  /// The configuration of a `RandomGaussianBlur` in a model description, with the defaults of the initializer.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of pixels in each direction.
    public var kernel = 5
    /// The range of the deviation in pixels.
    public var deviation = 0.1...2.0

    static var template: Self { Self() }
  }
}

extension Tensor {
  /// Adds a number from −most to most, in units of the width of `values`, to each image.
  fileprivate func brightened(_ most: Double, _ values: ClosedRange<Double>, using random: RandomStream) -> Tensor {
    if most == 0 { return self }
    let width = values.upperBound - values.lowerBound
    return (self + drawn(in: -most * width...most * width, using: random)).clamped(to: values)
  }

  /// Scales the contrast of each image by 1 − most to 1 + most.
  fileprivate func contrasted(_ most: Double, _ values: ClosedRange<Double>, using random: RandomStream) -> Tensor {
    if most == 0 { return self }
    return scaled(
      by: drawn(in: 1 - most...1 + most, using: random), from: mean(axes: [2, 3], keepingRank: true), values)
  }

  /// Returns center + factor·(self − center), limited to a range.
  func scaled(by factor: Tensor, from center: Tensor, _ values: ClosedRange<Double>) -> Tensor {
    ((self - center) * factor + center).clamped(to: values)
  }

  /// Rotates the hue of each image by a fraction of a turn, `[N, 1, 1, 1]`.
  func hueRotated(by turn: Tensor) -> Tensor {
    let hsv = rgbToHSV()
    return Tensor.concatenated([hsv[.all, 0..<1] + turn, hsv[.all, 1..<3]], axis: 1).hsvToRGB()
  }
}
