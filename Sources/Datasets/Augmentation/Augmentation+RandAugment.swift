import HostSystem
import NeuralNetworks

extension Augmentation {
  /// Applies a few steps drawn from a list, all with one strength (Cubuk et al. 2019; torchvision's and Keras'
  /// `RandAugment`). Images are from 0 to 1.
  ///
  /// The list is: no change, a horizontal shear, shifts along both axes, rotation, brightness, saturation (of color
  /// images), contrast, sharpness, posterization, solarization, `autoContrast`, and `equalization`. With the largest
  /// magnitude, these are a shear by 0.3, a shift by 45 % of the image, 30°, a brightness of 0.9, factors of 1 ± 0.9, 4
  /// bits, and a threshold of 0; each sign is drawn. Brightness is added, as in `brightness(_:values:)`.
  /// - Parameters:
  ///   - operations: The number of steps for each image, from 1 to 100. One step can occur several times.
  ///   - magnitude: The strength, from 0 to 30.
  ///   - method: `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the image.
  ///   - fill: Their value with `.constant`.
  public static func randAugment(
    operations: Int = 2, magnitude: Double = 9, method: InterpolationMethod = .nearest,
    fillMode: FillMode = .constant, fill: Float = 0
  ) -> Augmentation {
    if !(1...100).contains(operations) {
      ProgrammerError.end("Augmentation.randAugment: there are 1 to 100 operations, not \(operations)")
    }
    Mistakes.number(magnitude, within: 0...30, "the magnitude", "randAugment")
    let resampler = Resampler(method, fillMode, fill, "randAugment")
    return image { image, random in
      for _ in 0..<operations {
        let step = RandAugmentStep.allCases[random.integer(below: RandAugmentStep.allCases.count)]
        let sign = random.isTrue(probability: 0.5) ? 1.0 : -1
        try image.apply(step, strength: magnitude / 30, sign: sign, resampler)
      }
    }
  }
}

/// A step of `randAugment`.
enum RandAugmentStep: CaseIterable {
  case identity, shear, right, down, rotation, brightness, saturation, contrast, sharpness, posterization, solarization
  case autoContrast, equalization
}

extension PixelPlanes {
  /// Applies a step.
  /// - Parameter strength: From 0 to 1.
  mutating func apply(_ step: RandAugmentStep, strength: Double, sign: Double, _ resampler: Resampler) throws {
    let number = sign * strength
    let factor = Float(1 + 0.9 * number)
    func moved(angle: Double = 0, shear: Double = 0, right: Double = 0, down: Double = 0) -> PixelMap {
      PixelMap(angle: angle, scale: 1, shearTangent: shear, right: right, down: down, rows: rows, columns: columns)
    }
    switch step {
    case .identity: return
    case .shear: resample(moved(shear: 0.3 * number), resampler)
    case .right: resample(moved(right: 0.45 * number * Double(columns)), resampler)
    case .down: resample(moved(down: 0.45 * number * Double(rows)), resampler)
    case .rotation: resample(moved(angle: number * .pi / 6), resampler)
    case .brightness: add(factor - 1, 0...1)
    case .saturation: if shape.count == 3, planes == 3 { try scaleSaturation(by: factor, 0...1) }
    case .contrast: scaleContrast(by: factor, 0...1)
    case .sharpness: scaleSharpness(by: factor, 0...1)
    case .posterization: posterize(bits: 8 - Int((4 * strength).rounded()))
    case .solarization: solarize(from: Float(1 - strength))
    case .autoContrast: stretch()
    case .equalization: equalize()
    }
  }
}
