/// A layer that varies each image in training, and does nothing in inference. It runs on the device of the model, as a part
/// of it; `AugmentedDataset` in the module `Datasets` prepares examples on the host.
///
/// The numbers for each image are drawn in each step, as those of `Dropout`, also when a recorded step is replayed.
///
/// ```swift
/// final class Stripes: RandomImageLayer {
///   let configuration: NoSettings
///   init(configuration: NoSettings = NoSettings()) { self.configuration = configuration }
///   func varied(_ images: Tensor, using random: RandomStream) -> Tensor {
///     let rows = [images.shape[0], 1, images.shape[2], 1]
///     return images * Tensor.bernoulli(rows, probability: 0.9, using: random, dtype: images.dtype, on: images.device)
///   }
/// }
/// ```
public protocol RandomImageLayer: ConfigurableLayer, FullPrecisionLayer {
  /// Returns variants of images `[N, C, H, W]`, which have the same shape. Random numbers come from `random` alone.
  func varied(_ images: Tensor, using random: RandomStream) -> Tensor
}

extension RandomImageLayer {
  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return context.isTraining ? varied(input, using: context.random) : input
  }

  public var allowsReplay: Bool { true }
  public var preparesData: Bool { true }
}

extension Tensor {
  /// Returns a number from a uniform distribution for each image, `[N, 1, 1, 1]`.
  func drawn(in range: ClosedRange<Double>, using random: RandomStream) -> Tensor {
    let (lower, width) = (range.lowerBound, range.upperBound - range.lowerBound)
    return Tensor.uniform([shape[0], 1, 1, 1], using: random, dtype: dtype, on: device) * width + lower
  }

  /// Returns for each image whether it is changed, `[N, 1, 1, 1]`.
  func chosen(_ probability: Double, using random: RandomStream) -> Tensor {
    Tensor.bernoulli([shape[0], 1, 1, 1], probability: probability, using: random, dtype: dtype, on: device) .> 0
  }
}

/// Checks of the settings of layers for images.
struct ImageSettings {
  let layer: String

  private func refuse(_ reason: String) throws -> Never {
    throw ModelError.invalidConfiguration(layer: layer, reason: reason)
  }

  func image(_ inputShape: [Int], channels: Int? = nil) throws {
    guard inputShape.count == 3, !inputShape.contains(0) else {
      try refuse("an example is an image [channels, height, width], not \(inputShape)")
    }
    if let channels, inputShape[0] != channels {
      try refuse("an image has \(channels) colors, [\(channels), height, width], not \(inputShape)")
    }
  }

  func number(_ number: Double, _ setting: String, within allowed: ClosedRange<Double>) throws {
    if !allowed.contains(number) {
      try refuse("\(setting) of \(number); it is from \(allowed.lowerBound) to \(allowed.upperBound)")
    }
  }

  func range(_ range: ClosedRange<Double>, _ setting: String, within allowed: ClosedRange<Double>) throws {
    if !(range.lowerBound >= allowed.lowerBound && range.upperBound <= allowed.upperBound) {
      try refuse(
        "\(setting) of \(range.lowerBound)...\(range.upperBound); it is from \(allowed.lowerBound) to "
          + "\(allowed.upperBound)")
    }
  }

  func probability(_ probability: Double) throws { try number(probability, "a probability", within: 0...1) }

  func fill(_ value: Double) throws {
    if !value.isFinite { try refuse("a fill value of \(value); it is a finite number") }
  }

  func values(_ values: ClosedRange<Double>) throws {
    if !(values.lowerBound.isFinite && values.upperBound.isFinite) {
      try refuse("values of \(values); both bounds are finite")
    }
  }
}
