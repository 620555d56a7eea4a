import NeuralNetworks

extension Augmentation {
  /// Stretches each plane linearly to the range from 0 to 1, with the given probability (torchvision's
  /// `RandomAutocontrast`, Keras' `AutoContrast`): x becomes (x − lowest) / (highest − lowest). A plane with only one value
  /// does not change.
  public static func autoContrast(probability: Double = 0.5) -> Augmentation {
    Mistakes.probability(probability, "autoContrast")
    return image { image, random in if random.isTrue(probability: probability) { image.stretch() } }
  }

  /// Makes the values of each plane about equally frequent, with the given probability (torchvision's `RandomEqualize`,
  /// Keras' `Equalization`, Pillow's `ImageOps.equalize`). Pixels from 0 to 1 are rounded to 8 bits: 255·x.
  public static func equalization(probability: Double = 0.5) -> Augmentation {
    Mistakes.probability(probability, "equalization")
    return image { image, random in if random.isTrue(probability: probability) { image.equalize() } }
  }

  /// Multiplies the difference of each pixel from a blurred image by a factor drawn uniformly from 1 − `most`...1 + `most`
  /// (torchvision's `adjust_sharpness`, Keras' `RandomSharpness`): 0 blurs, 2 sharpens. The blurred pixel is the mean of
  /// 3 × 3 pixels, in which the one at the center counts five times. Pixels at the border do not change.
  /// - Parameters:
  ///   - most: The largest difference of the factor from 1, from 0 to 1.
  ///   - values: The range of pixels, to which results are limited.
  public static func sharpness(_ most: Double, values: ClosedRange<Float> = 0...1) -> Augmentation {
    Mistakes.number(most, within: 0...1, "the sharpness", "sharpness")
    return image { image, random in
      image.scaleSharpness(by: Float(random.uniform(in: 1 - most...1 + most)), values)
    }
  }
}

extension PixelPlanes {
  /// Replaces the pixels of each plane.
  private mutating func changePlanes(_ change: (inout ArraySlice<Float>) -> Void) {
    let size = rows * columns
    for start in stride(from: 0, to: pixels.count, by: size) { change(&pixels[start..<start + size]) }
  }

  mutating func stretch() {
    changePlanes { plane in
      guard let lowest = plane.min(), let highest = plane.max(), lowest < highest else { return }
      for index in plane.indices { plane[index] = (plane[index] - lowest) / (highest - lowest) }
    }
  }

  mutating func equalize() {
    changePlanes { plane in
      // NaN counts as 0.
      let levels = plane.map { Int((max(0, $0).limited(to: 0...1) * 255).rounded()) }
      var counts = [Int](repeating: 0, count: 256)
      for level in levels { counts[level] += 1 }
      // The highest level stays as it is, and the others are spread below it.
      let step = (plane.count - (counts.last { $0 > 0 } ?? 0)) / 255
      guard step > 0 else { return }
      var below = step / 2
      let table = counts.map { count in
        defer { below += count }
        return Float(min(below / step, 255)) / 255
      }
      for (index, level) in zip(plane.indices, levels) { plane[index] = table[level] }
    }
  }

  mutating func scaleSharpness(by factor: Float, _ values: ClosedRange<Float>) {
    guard rows > 2, columns > 2 else { return }
    let (columns, old) = (columns, pixels)
    for plane in 0..<planes {
      for row in 1..<rows - 1 {
        let start = (plane * rows + row) * columns
        for index in start + 1..<start + columns - 1 {
          var sum = 4 * old[index]
          for line in [index - columns, index, index + columns] { sum += old[line - 1] + old[line] + old[line + 1] }
          let blurred = sum / 13
          pixels[index] = (factor * old[index] + (1 - factor) * blurred).limited(to: values)
        }
      }
    }
  }
}
