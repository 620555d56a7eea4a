import HostSystem

/// In training, flips each image at random: horizontally, vertically, or both (Keras' `RandomFlip`). In inference, it does
/// nothing.
///
/// ```swift
/// let model = Sequential { RandomFlip(.horizontal); RandomRotation(degrees: 15); Conv2D(32, kernel: 3) }
/// ```
public final class RandomFlip: RandomImageLayer {
  /// The axes of flips.
  public enum Direction: String, Codable, Sendable, Hashable, CaseIterable {
    /// Left to right, with probability 1/2.
    case horizontal
    /// Upside down, with probability 1/2.
    case vertical
    /// Each of the two, independently.
    case both
  }

  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that flips images.
  /// - Parameter direction: The direction; both by default, as in Keras.
  public convenience init(_ direction: Direction = .both) {
    self.init(configuration: Configuration(direction: direction))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try ImageSettings(layer: "RandomFlip").image(inputShape) }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    let axes = [Direction.vertical, .horizontal].enumerated().filter {
      configuration.direction == $1 || configuration.direction == .both
    }
    return axes.reduce(images) { images, axis in
      images.replacing(with: images.flipped(axis: axis.offset + 2), where: images.chosen(0.5, using: random))
    }
  }
}

extension RandomFlip {
  /// The configuration of a `RandomFlip` in a model description. The default direction is `both`.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The direction.
    public var direction = Direction.both

    static var template: Self { Self() }
  }
}

/// In training, cuts out a window at a random position: `[N, C, H, W]` → `[N, C, height, width]`. In inference, it is the
/// window at the center (Keras' `RandomCrop`, which resizes the image instead, and torchvision's).
public final class RandomCrop: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that crops images.
  /// - Parameter size: The height and width of the result.
  public convenience init(_ size: Extent2D) { self.init(configuration: Configuration(size: size)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try ImageSize.checkCrop("RandomCrop", inputShape, configuration.size)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return context.isTraining ? varied(input, using: context.random) : input.centerCropped(configuration.size)
  }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    let size = configuration.size
    /// The first position of each window.
    func start(_ extent: Int, _ part: Int) -> Tensor {
      let count = Double(extent - part + 1)
      return images.drawn(in: 0...count, using: random).floor().minimum(count - 1)
    }
    let (top, left) = (start(images.shape[2], size.height), start(images.shape[3], size.width))
    let zero = Tensor.zeros(like: top)
    let matrices = Tensor.stacked([zero + 1, zero, left, zero, zero + 1, top], axis: 1)
    return images.warped(
      by: matrices.reshaped([-1, 2, 3]), size: [size.height, size.width], method: .nearest, fillMode: .nearest)
  }
}

extension RandomCrop {
  /// The configuration of a `RandomCrop` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The height and width of the result.
    public var size: Extent2D

    static var template: Self { Self(size: 1) }
    static let required: Set = ["size"]
  }
}

/// In training, sets a random rectangle of an image to one value, with a given probability. In inference, it does nothing
/// (Keras' and torchvision's `RandomErasing`; Zhong et al. 2017).
///
/// The area of the rectangle is drawn uniformly, its aspect ratio so that the logarithm is uniform, and its position
/// uniformly. Rectangles that are higher or wider than the image are cut to it; torchvision draws again.
public final class RandomErasing: RandomImageLayer {
  /// All settings.
  public let configuration: Configuration

  /// Creates a layer that erases rectangles.
  /// - Parameters:
  ///   - probability: The probability that an image is changed.
  ///   - scale: The range of the area, as a fraction of the image, from 0 to 1.
  ///   - ratio: The range of the aspect ratio, width / height, from 0.01 to 100.
  ///   - fillValue: The value.
  public convenience init(
    _ probability: Double = 0.5, scale: ClosedRange<Double> = 0.02...0.33, ratio: ClosedRange<Double> = 0.3...3.3,
    fillValue: Double = 0
  ) {
    self.init(
      configuration: Configuration(probability: probability, scale: scale, ratio: ratio, fillValue: fillValue))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    let settings = ImageSettings(layer: "RandomErasing")
    try settings.image(inputShape)
    try settings.probability(configuration.probability)
    try settings.range(configuration.scale, "a scale", within: 0...1)
    try settings.range(configuration.ratio, "a ratio", within: 0.01...100)
    try settings.fill(configuration.fillValue)
  }

  public func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
    let (rows, columns) = (images.shape[2], images.shape[3])
    let area = images.drawn(in: configuration.scale, using: random) * Double(rows * columns)
    let logarithms = log(configuration.ratio.lowerBound)...log(configuration.ratio.upperBound)
    let ratio = images.drawn(in: logarithms, using: random).exp()
    /// Whether a row or column is in the rectangle.
    func part(_ side: Tensor, of extent: Int, _ shape: [Int]) -> Tensor {
      let side = side.squareRoot().rounded().minimum(extent)
      let rest = extent - side
      let start = (images.drawn(in: 0...1, using: random) * (rest + 1)).floor().minimum(rest)
      let place = Tensor.range(0..<extent, dtype: images.dtype, on: images.device).reshaped(shape)
      return (place .>= start) .& (place .< start + side)
    }
    let isErased =
      part(area / ratio, of: rows, [1, 1, -1, 1]) .& part(area * ratio, of: columns, [1, 1, 1, -1])
      .& images.chosen(configuration.probability, using: random)
    return images.replacing(with: configuration.fillValue, where: isErased)
  }
}

extension RandomErasing {
  /// The configuration of a `RandomErasing` in a model description, with the defaults of the initializer.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The probability that an image is changed.
    public var probability = 0.5
    /// The range of the area, as a fraction of the image.
    public var scale = 0.02...0.33
    /// The range of the aspect ratio, width / height.
    public var ratio = 0.3...3.3
    /// The value.
    public var fillValue = 0.0

    static var template: Self { Self() }
  }
}
