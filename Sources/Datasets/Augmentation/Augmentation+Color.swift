import NeuralNetworks

extension Augmentation {
  /// Adds a number drawn uniformly from −`most`...`most` to all pixels (Keras' `RandomBrightness`; torchvision multiplies).
  /// - Parameters:
  ///   - most: The largest number, from 0 to 1, in units of the width of `values`.
  ///   - values: The range of pixels, to which results are limited.
  public static func brightness(_ most: Double, values: ClosedRange<Float> = 0...1) -> Augmentation {
    colorJitter(brightness: most, values: values)
  }

  /// Multiplies the difference of each pixel from the mean of its plane by a factor drawn uniformly from
  /// 1 − `most`...1 + `most` (Keras' `RandomContrast`; torchvision takes the mean of all colors).
  /// - Parameters:
  ///   - most: The largest difference of the factor from 1, from 0 to 1.
  ///   - values: The range of pixels, to which results are limited.
  public static func contrast(_ most: Double, values: ClosedRange<Float> = 0...1) -> Augmentation {
    colorJitter(contrast: most, values: values)
  }

  /// Multiplies the difference of each color from its gray by a factor drawn uniformly from 1 − `most`...1 + `most`
  /// (torchvision's `adjust_saturation`, Keras' `RandomColorDegeneration`). Images are `[3, rows, columns]`.
  /// - Parameters:
  ///   - most: The largest difference of the factor from 1, from 0 to 1.
  ///   - values: The range of pixels, to which results are limited.
  public static func saturation(_ most: Double, values: ClosedRange<Float> = 0...1) -> Augmentation {
    colorJitter(saturation: most, values: values)
  }

  /// Rotates the hue of all pixels by an angle drawn uniformly from −`most`...`most` (torchvision's `adjust_hue`; Keras'
  /// `RandomHue` with half the factor). Images are `[3, rows, columns]`, from 0 to 1.
  /// - Parameter most: The largest angle as a fraction of a turn, from 0 to 0.5.
  public static func hue(_ most: Double) -> Augmentation { colorJitter(hue: most) }

  /// Changes brightness, contrast, saturation, and hue, in this order, as the augmentations with these names do
  /// (torchvision's `ColorJitter`, Keras' `RandomColorJitter`). Numbers that are 0 leave out their step; saturation and hue
  /// need images `[3, rows, columns]`.
  /// - Parameters:
  ///   - brightness: The largest number that is added, from 0 to 1.
  ///   - contrast: The largest difference of the contrast factor from 1, from 0 to 1.
  ///   - saturation: The largest difference of the saturation factor from 1, from 0 to 1.
  ///   - hue: The largest rotation of the hue as a fraction of a turn, from 0 to 0.5; for `values` from 0 to 1.
  ///   - values: The range of pixels, to which results are limited.
  public static func colorJitter(
    brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0,
    values: ClosedRange<Float> = 0...1
  ) -> Augmentation {
    let name = "colorJitter"
    Mistakes.number(brightness, within: 0...1, "the brightness", name)
    Mistakes.number(contrast, within: 0...1, "the contrast", name)
    Mistakes.number(saturation, within: 0...1, "the saturation", name)
    Mistakes.number(hue, within: 0...0.5, "the hue", name)
    if hue > 0 && values != 0...1 {
      ProgrammerError.end("Augmentation.colorJitter: a hue is of values from 0 to 1, not \(values)")
    }
    return image { image, random in
      if brightness > 0 {
        image.add(Float(random.uniform(in: -brightness...brightness)) * (values.upperBound - values.lowerBound), values)
      }
      if contrast > 0 { image.scaleContrast(by: Float(random.uniform(in: 1 - contrast...1 + contrast)), values) }
      if saturation > 0 {
        try image.scaleSaturation(by: Float(random.uniform(in: 1 - saturation...1 + saturation)), values)
      }
      if hue > 0 { try image.rotateHue(by: Float(random.uniform(in: -hue...hue))) }
    }
  }

  /// Replaces the three colors of an image by their gray with the given probability (torchvision's and Keras'
  /// `RandomGrayscale`). Images are `[3, rows, columns]`.
  public static func grayscale(probability: Double = 0.1) -> Augmentation {
    Mistakes.probability(probability, "grayscale")
    return image { image, random in
      if random.isTrue(probability: probability) { try image.scaleSaturation(by: 0, nil) }
    }
  }

  /// Replaces x by 1 − x with the given probability (torchvision's `RandomInvert`).
  public static func inversion(probability: Double = 0.5) -> Augmentation {
    Mistakes.probability(probability, "inversion")
    return image { image, random in if random.isTrue(probability: probability) { image.map { 1 - $0 } } }
  }

  /// Replaces x by 1 − x where x is at least a threshold, with the given probability (torchvision's `RandomSolarize`).
  public static func solarization(threshold: Float = 0.5, probability: Double = 0.5) -> Augmentation {
    Mistakes.probability(probability, "solarization")
    return image { image, random in if random.isTrue(probability: probability) { image.solarize(from: threshold) } }
  }

  /// Reduces pixels from 0 to 1 to a number of bits, with the given probability: of the 8 bits of 255·x, the others
  /// become 0 (torchvision's `RandomPosterize`).
  /// - Parameters:
  ///   - bits: The number of bits, from 1 to 8.
  ///   - probability: The probability.
  public static func posterization(bits: Int = 4, probability: Double = 0.5) -> Augmentation {
    Mistakes.probability(probability, "posterization")
    if !(1...8).contains(bits) { ProgrammerError.end("Augmentation.posterization: bits are from 1 to 8, not \(bits)") }
    return image { image, random in if random.isTrue(probability: probability) { image.posterize(bits: bits) } }
  }
}

extension Float {
  /// The nearest number in a range; NaN stays NaN.
  func limited(to range: ClosedRange<Float>) -> Float {
    self < range.lowerBound ? range.lowerBound : self > range.upperBound ? range.upperBound : self
  }
}

extension PixelPlanes {
  /// Replaces each element.
  mutating func map(_ change: (Float) -> Float) {
    for index in pixels.indices { pixels[index] = change(pixels[index]) }
  }

  mutating func solarize(from threshold: Float) { map { $0 >= threshold ? 1 - $0 : $0 } }

  mutating func posterize(bits: Int) {
    let step = Float(1 << (8 - bits))
    map { x in (x.limited(to: 0...1) * 255 / step).rounded(.down) * step / 255 }
  }

  mutating func add(_ number: Float, _ values: ClosedRange<Float>) { map { ($0 + number).limited(to: values) } }

  mutating func scaleContrast(by factor: Float, _ values: ClosedRange<Float>) {
    let size = rows * columns
    for start in stride(from: 0, to: pixels.count, by: size) {
      let mean = Float(pixels[start..<start + size].reduce(0) { $0 + Double($1) } / Double(size))
      for index in start..<start + size { pixels[index] = ((pixels[index] - mean) * factor + mean).limited(to: values) }
    }
  }

  mutating func scaleSaturation(by factor: Float, _ values: ClosedRange<Float>?) throws {
    try changeColors { color in
      let weighted = color * SIMD3(0.2989, 0.587, 0.114)
      let gray = weighted.x + weighted.y + weighted.z
      let result = factor * color + (1 - factor) * gray
      guard let values else { return result }
      return SIMD3(result.x.limited(to: values), result.y.limited(to: values), result.z.limited(to: values))
    }
  }

  mutating func rotateHue(by turn: Float) throws {
    try changeColors { color in
      let value = color.max()
      let chroma = value - color.min()
      guard chroma > 0 else { return color }
      let sixths =
        value == color.x
        ? (color.y - color.z) / chroma
        : value == color.y ? (color.z - color.x) / chroma + 2 : (color.x - color.y) / chroma + 4
      // The distance of a color from its value is a trapezoid over the hue.
      func part(_ start: Float) -> Float {
        let turns = (sixths + start) / 6 + turn
        let place = 6 * (turns - turns.rounded(.down))
        return value - chroma * min(place, 4 - place).limited(to: 0...1)
      }
      return SIMD3(part(5), part(3), part(1))
    }
  }

  /// Replaces each color of an image with three planes.
  private mutating func changeColors(_ change: (SIMD3<Float>) -> SIMD3<Float>) throws {
    guard shape.count >= 3, shape[shape.count - 3] == 3 else {
      throw DataError.augmentation(reason: "color images have the shape [3, rows, columns], not \(shape)")
    }
    let size = rows * columns
    for start in stride(from: 0, to: pixels.count, by: 3 * size) {
      for red in start..<start + size {
        let color = change(SIMD3(pixels[red], pixels[red + size], pixels[red + 2 * size]))
        (pixels[red], pixels[red + size], pixels[red + 2 * size]) = (color.x, color.y, color.z)
      }
    }
  }
}
