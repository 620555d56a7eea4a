/// Resizes images to a given size: `[N, C, H, W]` → `[N, C, height, width]` (Keras).
///
/// ```swift
/// Resizing([224, 224])                             // [N, 3, 300, 400] → [N, 3, 224, 224], bilinear
/// ```
public final class Resizing: Layer {
  /// The size and the method.
  public let configuration: Configuration

  /// Creates a resizing layer.
  /// - Parameters:
  ///   - size: The height and width of the result.
  ///   - method: The interpolation method; bilinear by default.
  public convenience init(_ size: Extent2D, _ method: InterpolationMethod = .bilinear) {
    self.init(configuration: Configuration(size: size, method: method))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try ImageSize.check("Resizing", inputShape, configuration.size)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return input.resized(
      to: [configuration.size.height, configuration.size.width], method: configuration.method)
  }

  public var allowsReplay: Bool { true }
}

extension Resizing: ConfigurableLayer {
  /// The configuration of a `Resizing` in a model description. The default method is `bilinear`.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The height and width of the result.
    public var size: Extent2D
    /// The interpolation method.
    public var method = InterpolationMethod.bilinear

    static var template: Self { Self(size: 1) }
    static let required: Set = ["size"]
  }
}

/// Cuts the center out of images: `[N, C, H, W]` → `[N, C, height, width]`. Of an odd number of rows or columns to
/// remove, one more is removed at the end (Keras, which resizes images that are too small; here, they are refused).
public final class CenterCrop: Layer {
  /// The size.
  public let configuration: Configuration

  /// Creates a cropping layer.
  /// - Parameter size: The height and width of the result.
  public convenience init(_ size: Extent2D) { self.init(configuration: Configuration(size: size)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try ImageSize.checkCrop("CenterCrop", inputShape, configuration.size)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return input.centerCropped(configuration.size)
  }

  public var allowsReplay: Bool { true }
}

extension CenterCrop: ConfigurableLayer {
  /// The configuration of a `CenterCrop` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The height and width of the result.
    public var size: Extent2D

    static var template: Self { Self(size: 1) }
    static let required: Set = ["size"]
  }
}

/// Multiplies each number by a factor and adds an offset: y = x·scale + offset (Keras).
///
/// ```swift
/// Rescaling(1 / 255.0)                             // pixels from 0 to 255 → 0…1
/// Rescaling(1 / 127.5, offset: -1)                 // → −1…1
/// ```
public final class Rescaling: Layer {
  /// The factor and the offset.
  public let configuration: Configuration

  /// Creates a rescaling layer.
  /// - Parameters:
  ///   - scale: The factor.
  ///   - offset: The number that is added to the product.
  public convenience init(_ scale: Double, offset: Double = 0) {
    self.init(configuration: Configuration(scale: scale, offset: offset))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    guard configuration.scale.isFinite, configuration.offset.isFinite else {
      throw ModelError.invalidConfiguration(
        layer: "Rescaling",
        reason: "a scale of \(configuration.scale) and an offset of \(configuration.offset); both are finite numbers")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    input * configuration.scale + configuration.offset
  }

  public var allowsReplay: Bool { true }
}

extension Rescaling: ConfigurableLayer {
  /// The configuration of a `Rescaling` in a model description. The default offset is 0.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The factor.
    public var scale: Double
    /// The number that is added to the product.
    public var offset = 0.0

    static var template: Self { Self(scale: 1) }
    static let required: Set = ["scale"]
  }
}

/// Moves channels to pixels: `[N, C·factor², H, W]` → `[N, C, H·factor, W·factor]` (Shi et al. 2016; PyTorch's
/// `PixelShuffle`). After a convolution, it upsamples images without interpolation.
public final class PixelShuffle: Layer {
  /// The factor.
  public let configuration: Configuration

  /// Creates a layer that moves channels to pixels.
  /// - Parameter factor: The scale factor of both axes.
  public convenience init(_ factor: Int) { self.init(configuration: Configuration(factor: factor)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    let factor = configuration.factor
    guard inputShape.count == 3, (1...SizeLimit.setting).contains(factor), inputShape[0] % (factor * factor) == 0 else {
      throw ModelError.invalidConfiguration(
        layer: "PixelShuffle",
        reason:
          "a factor of \(factor) for an example of shape \(inputShape); its square divides the channels of an image")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return input.pixelShuffled(by: configuration.factor)
  }

  public var allowsReplay: Bool { true }
}

extension PixelShuffle: ConfigurableLayer {
  /// The configuration of a `PixelShuffle` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The scale factor of both axes.
    public var factor: Int

    static var template: Self { Self(factor: 1) }
    static let required: Set = ["factor"]
  }
}

extension Tensor {
  /// Returns the center of images that are at least of this size.
  func centerCropped(_ size: Extent2D) -> Tensor {
    let (top, left) = ((shape[2] - size.height) / 2, (shape[3] - size.width) / 2)
    return self[.all, .all, top..<top + size.height, left..<left + size.width]
  }
}

/// The checks of layers with images of a given size as their results.
enum ImageSize {
  /// Checks the size of a part of an image.
  static func checkCrop(_ layer: String, _ inputShape: [Int], _ size: Extent2D) throws {
    try check(layer, inputShape, size)
    guard inputShape[1] >= size.height, inputShape[2] >= size.width else {
      throw ModelError.invalidConfiguration(
        layer: layer,
        reason: "a size of \(size) is larger than the image of shape \(inputShape); hint: put Resizing(…) first")
    }
  }

  static func check(_ layer: String, _ inputShape: [Int], _ size: Extent2D) throws {
    guard size.height >= 1, size.width >= 1 else {
      throw ModelError.invalidConfiguration(layer: layer, reason: "a size of \(size); both numbers are at least 1")
    }
    guard inputShape.count == 3, !inputShape.contains(0) else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "an example is an image [channels, height, width], not \(inputShape)")
    }
    try WindowSettings.checkSize(layer: layer, [inputShape[0], size.height, size.width])
  }
}
