import HostSystem
import NeuralNetworks

extension Augmentation {
  /// Blurs an image with a Gaussian kernel whose standard deviation is drawn uniformly from a range (torchvision's
  /// `GaussianBlur`). Around the image, it is mirrored at its first and last pixels.
  /// - Parameters:
  ///   - kernel: The number of pixels in each direction, odd, from 1 to 255.
  ///   - deviation: The range of the deviation in pixels, from 0.01 to 100.
  public static func gaussianBlur(kernel: Int = 5, deviation: ClosedRange<Double> = 0.1...2) -> Augmentation {
    if !(1...255).contains(kernel) || kernel % 2 == 0 {
      ProgrammerError.end("Augmentation.gaussianBlur: a kernel is odd and from 1 to 255, not \(kernel)")
    }
    Mistakes.range(deviation, within: 0.01...100, "the deviation", "gaussianBlur")
    return image { image, random in image.blur(kernel: kernel, deviation: random.uniform(in: deviation)) }
  }

  /// Sets a rectangle to one value with the given probability (torchvision's and Keras' `RandomErasing`; Zhong et al.
  /// 2017). Its area and aspect ratio are drawn as in `resizedCrop`; if none of ten draws fits, nothing is erased.
  /// - Parameters:
  ///   - probability: The probability.
  ///   - scale: The range of the area, as a fraction of the image, from 0.0001 to 1.
  ///   - ratio: The range of the aspect ratio, width / height, from 0.01 to 100.
  ///   - fill: The value.
  public static func erasing(
    probability: Double = 0.5, scale: ClosedRange<Double> = 0.02...0.33, ratio: ClosedRange<Double> = 0.3...3.3,
    fill: Float = 0
  ) -> Augmentation {
    Mistakes.probability(probability, "erasing")
    Mistakes.range(scale, within: 0.0001...1, "the scale", "erasing")
    Mistakes.range(ratio, within: 0.01...100, "the ratio", "erasing")
    return image { image, random in
      guard random.isTrue(probability: probability) else { return }
      for _ in 0..<10 {
        guard
          let window = Window.drawn(&random, rows: image.rows, columns: image.columns, scale: scale, ratio: ratio)
        else { continue }
        image.replace(window) { _ in fill }
        return
      }
    }
  }
}

extension PixelPlanes {
  /// Replaces the pixels of a window.
  /// - Parameter value: Returns the value for an index of `pixels`.
  mutating func replace(_ window: Window, _ value: (Int) -> Float) {
    for plane in 0..<planes {
      for row in window.top..<window.top + window.height {
        let start = (plane * rows + row) * columns + window.left
        for index in start..<start + window.width { pixels[index] = value(index) }
      }
    }
  }

  mutating func blur(kernel: Int, deviation: Double) {
    let half = kernel / 2
    let bells = (-half...half).map { exp(-0.5 * (Double($0) / deviation) * (Double($0) / deviation)) }
    let sum = bells.reduce(0, +)
    let weights = bells.map { Float($0 / sum) }
    let (rows, columns) = (rows, columns)
    pixels = PixelPlanes.blurred(pixels, weights, extent: columns, stride: 1)
    pixels = PixelPlanes.blurred(pixels, weights, extent: rows, stride: columns)
  }

  /// Returns weighted sums of neighbors along an axis.
  private static func blurred(_ pixels: [Float], _ weights: [Float], extent: Int, stride step: Int) -> [Float] {
    let half = weights.count / 2
    let period = max(1, 2 * (extent - 1))
    let neighbors = (-half..<extent + half).map { position in
      let rest = (position % period + period) % period
      return min(rest, period - rest) * step
    }
    return pixels.indices.map { index in
      let place = index / step % extent
      let start = index - place * step
      return weights.indices.reduce(Float(0)) { $0 + weights[$1] * pixels[start + neighbors[place + $1]] }
    }
  }
}
