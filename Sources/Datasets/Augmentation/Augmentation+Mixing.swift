import HostSystem
import NeuralNetworks

extension Augmentation {
  /// Mixes each image, and its targets, with those of another example: λ·x + (1 − λ)·x′, with λ from the beta distribution
  /// (Zhang et al. 2018; torchvision's and Keras' `MixUp`).
  ///
  /// The other example is drawn from the whole dataset, augmented by the steps before this one. Targets that are class
  /// indices become distributions over the classes, which `Loss.crossEntropy()` accepts as well; others, such as one-hot
  /// targets, are mixed as numbers. Weights stay those of the first example. In evaluation, nothing is mixed.
  ///
  /// ```swift
  /// let mixed = data.train.augmented(.horizontalFlip(), .mixUp(alpha: 0.2, classes: 10))
  /// ```
  /// - Parameters:
  ///   - alpha: The parameter of the beta distribution, from 0.001 to 1000. Small numbers make most of λ close to 0 or 1.
  ///   - classes: The number of classes; nil if targets are not class indices.
  public static func mixUp(alpha: Double = 0.2, classes: Int? = nil) -> Augmentation {
    mixing(.mixUp, alpha, classes, "mixUp")
  }

  /// Replaces a rectangle of each image by that of another example, and mixes the targets by area (Yun et al. 2019;
  /// torchvision's and Keras' `CutMix`).
  ///
  /// With λ from the beta distribution, the sides of the rectangle are those of the image times √(1 − λ). Its center is
  /// drawn uniformly, and what is outside of the image is cut off. Otherwise, it is like `mixUp`.
  /// - Parameters:
  ///   - alpha: The parameter of the beta distribution, from 0.001 to 1000; 1 for the uniform distribution.
  ///   - classes: The number of classes; nil if targets are not class indices.
  public static func cutMix(alpha: Double = 1, classes: Int? = nil) -> Augmentation {
    mixing(.cutMix, alpha, classes, "cutMix")
  }

  private static func mixing(_ style: Mixing.Style, _ alpha: Double, _ classes: Int?, _ name: String) -> Augmentation {
    Mistakes.number(alpha, within: 0.001...1000, "alpha", name)
    if let classes, !(1...Int(Int32.max)).contains(classes) {
      ProgrammerError.end("Augmentation.\(name): the number of classes is from 1 to 2147483647, not \(classes)")
    }
    return Augmentation(kind: .mixing(Mixing(style: style, alpha: alpha, classes: classes, name: name)))
  }
}

/// How two examples become one.
struct Mixing: Sendable {
  enum Style: Sendable { case mixUp, cutMix }

  let style: Style
  let alpha: Double
  let classes: Int?
  let name: String

  /// Returns the position of the example with which another one is mixed.
  static func partner(_ random: inout AugmentationRandom, count: Int) -> Int {
    random.integer(below: min(count, Int(UInt32.max)))
  }

  /// Mixes an image with another one of the same shape.
  /// - Returns: The share of the image itself.
  func mix(_ image: inout PixelPlanes, with other: PixelPlanes, _ random: inout AugmentationRandom) -> Float {
    let share = random.beta(alpha)
    switch style {
    case .mixUp:
      let share = Float(share)
      for index in image.pixels.indices {
        image.pixels[index] = share * image.pixels[index] + (1 - share) * other.pixels[index]
      }
      return share
    case .cutMix:
      let side = (1 - share).squareRoot()
      let vertical = Mixing.part(&random, extent: image.rows, side)
      let horizontal = Mixing.part(&random, extent: image.columns, side)
      let window = Window(
        top: vertical.lowerBound, left: horizontal.lowerBound, height: vertical.count, width: horizontal.count)
      image.replace(window) { other.pixels[$0] }
      return 1 - Float(vertical.count * horizontal.count) / Float(image.rows * image.columns)
    }
  }

  /// Draws a part of an axis around a uniform center.
  private static func part(_ random: inout AugmentationRandom, extent: Int, _ side: Double) -> Range<Int> {
    let half = Int((0.5 * side * Double(extent)).rounded())
    let center = random.integer(below: extent)
    return max(0, center - half)..<min(extent, center + half)
  }

  /// Returns targets of the first half of a batch, mixed with those of the second half.
  /// - Parameter shares: The share of each example of the first half.
  func mixed(_ target: Tensor, _ shares: [Float]) throws -> Tensor {
    let distribution = try numbers(of: target)
    let count = shares.count
    let share = Tensor(
      shares, shape: [count] + [Int](repeating: 1, count: distribution.rank - 1), dtype: distribution.dtype,
      on: target.device)
    return share * distribution[0..<count] + (1 - share) * distribution[count..<2 * count]
  }

  /// Returns targets as numbers: one-hot vectors for class indices.
  private func numbers(of target: Tensor) throws -> Tensor {
    if target.dtype.isFloatingPoint { return target }
    guard let classes else {
      throw DataError.augmentation(reason: "\(name) of class indices needs their number of classes: classes: …")
    }
    let labels = target.rank == 2 && target.shape[1] == 1 ? target.squeezed(axis: 1) : target
    guard labels.rank == 1, labels.dtype == .int32 || labels.dtype == .int64 else {
      throw DataError.augmentation(
        reason: "\(name) mixes one class index for each example, not targets of the shape \(target.shape)")
    }
    if let bad = try labels.scalars(as: Int64.self).first(where: { $0 < 0 || $0 >= classes }) {
      throw DataError.augmentation(reason: "\(name) has classes from 0 to \(classes - 1), and a target is \(bad)")
    }
    return labels.oneHot(classes: classes)
  }
}
