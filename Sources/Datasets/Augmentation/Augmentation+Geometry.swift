import HostSystem
import NeuralNetworks

extension Augmentation {
  /// Rotates an image about its center by an angle drawn uniformly from −`most`...`most` (torchvision's
  /// `RandomRotation`, Keras' with fractions of a turn).
  /// - Parameters:
  ///   - most: The maximum angle in degrees, from 0 to 180.
  ///   - method: `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the image.
  ///   - fill: Their value with `.constant`.
  public static func rotation(
    degrees most: Double, method: InterpolationMethod = .bilinear, fillMode: FillMode = .reflect, fill: Float = 0
  ) -> Augmentation {
    affine(degrees: most, method: method, fillMode: fillMode, fill: fill)
  }

  /// Scales an image about its center by a factor drawn uniformly from `scale`, the same for both axes (torchvision's
  /// `scale`; Keras' `RandomZoom` takes its reciprocal minus 1).
  /// - Parameters:
  ///   - scale: The range of the factor, from 0.01 to 100; numbers above 1 enlarge the image.
  ///   - method: `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the image.
  ///   - fill: Their value with `.constant`.
  public static func zoom(
    scale: ClosedRange<Double> = 0.8...1.2, method: InterpolationMethod = .bilinear, fillMode: FillMode = .reflect,
    fill: Float = 0
  ) -> Augmentation {
    affine(scale: scale, method: method, fillMode: fillMode, fill: fill)
  }

  /// Scales, shears, rotates, and shifts an image about its center, in one step of interpolation (torchvision's
  /// `RandomAffine`). Each number is drawn uniformly, from −`most`...`most` unless a range is given.
  /// - Parameters:
  ///   - degrees: The maximum angle of the rotation, from 0 to 180.
  ///   - translation: The maximum shift, as a fraction of the rows and columns, from 0 to 1.
  ///   - scale: The range of the factor, from 0.01 to 100; numbers above 1 enlarge the image.
  ///   - shear: The maximum angle of a horizontal shear in degrees, from 0 to 80.
  ///   - method: `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the image.
  ///   - fill: Their value with `.constant`.
  public static func affine(
    degrees: Double = 0, translation: Double = 0, scale: ClosedRange<Double> = 1...1, shear: Double = 0,
    method: InterpolationMethod = .bilinear, fillMode: FillMode = .reflect, fill: Float = 0
  ) -> Augmentation {
    Mistakes.number(degrees, within: 0...180, "the angle", "affine")
    Mistakes.number(translation, within: 0...1, "the translation", "affine")
    Mistakes.range(scale, within: 0.01...100, "the scale", "affine")
    Mistakes.number(shear, within: 0...80, "the shear", "affine")
    let resampler = Resampler(method, fillMode, fill, "affine")
    return image { image, random in
      let angle = random.uniform(in: -degrees...degrees) * .pi / 180
      let tangent = tan(random.uniform(in: -shear...shear) * .pi / 180)
      let factor = random.uniform(in: scale)
      let right = random.uniform(in: -translation...translation) * Double(image.columns)
      let down = random.uniform(in: -translation...translation) * Double(image.rows)
      let map = PixelMap(
        angle: angle, scale: factor, shearTangent: tangent, right: right, down: down, rows: image.rows,
        columns: image.columns)
      image.resample(map, resampler)
    }
  }

  /// Cuts out a window with a random area, aspect ratio, and position, and resizes it (torchvision's
  /// `RandomResizedCrop`, without antialiasing).
  ///
  /// The area is drawn uniformly, and the aspect ratio (width / height) so that its logarithm is uniform. If none of ten
  /// draws fits into the image, the largest window at the center whose ratio is in the range is used. In evaluation, it is
  /// the largest one at the center with the ratio of the result.
  /// - Parameters:
  ///   - rows: The rows of the result.
  ///   - columns: The columns of the result.
  ///   - scale: The range of the area, as a fraction of the image, from 0.0001 to 1.
  ///   - ratio: The range of the aspect ratio, from 0.01 to 100.
  ///   - method: `.bilinear` or `.nearest`.
  public static func resizedCrop(
    rows: Int, columns: Int, scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 0.75...4.0 / 3,
    method: InterpolationMethod = .bilinear
  ) -> Augmentation {
    let allowed = 1...65536
    if !allowed.contains(rows) || !allowed.contains(columns) {
      ProgrammerError.end("Augmentation.resizedCrop: the size is from 1 to 65536, not \(rows)x\(columns)")
    }
    Mistakes.range(scale, within: 0.0001...1, "the scale", "resizedCrop")
    Mistakes.range(ratio, within: 0.01...100, "the ratio", "resizedCrop")
    let resampler = Resampler(method, .nearest, 0, "resizedCrop")
    return Augmentation(
      kind: .image { image, random in
        let window: Window
        if var random {
          window = Window(random: &random, rows: image.rows, columns: image.columns, scale: scale, ratio: ratio)
        } else {
          let result = Double(columns) / Double(rows)
          window = Window(largestWithRatio: result...result, rows: image.rows, columns: image.columns)
        }
        image.cut(top: window.top, left: window.left, window.height, window.width)
        image.resample(
          PixelMap(resizing: (image.rows, image.columns), to: (rows, columns)), resampler, rows: rows, columns: columns)
      })
  }
}

/// A rectangle inside of an image.
struct Window {
  var top = 0
  var left = 0
  var height: Int
  var width: Int

  /// Draws a window of a random area and ratio. If none fits after ten draws, the largest one at the center is used.
  init(
    random: inout AugmentationRandom, rows: Int, columns: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>
  ) {
    for _ in 0..<10 {
      if let window = Window.drawn(&random, rows: rows, columns: columns, scale: scale, ratio: ratio) {
        self = window
        return
      }
    }
    self.init(largestWithRatio: ratio, rows: rows, columns: columns)
  }

  /// Draws a window; nil if it does not fit.
  static func drawn(
    _ random: inout AugmentationRandom, rows: Int, columns: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>
  ) -> Window? {
    let area = Double(rows) * Double(columns) * random.uniform(in: scale)
    let aspect = exp(random.uniform(in: log(ratio.lowerBound)...max(log(ratio.upperBound), log(ratio.lowerBound))))
    let width = Int((area * aspect).squareRoot().rounded())
    let height = Int((area / aspect).squareRoot().rounded())
    guard (1...rows).contains(height), (1...columns).contains(width) else { return nil }
    let top = random.integer(below: rows - height + 1)
    return Window(top: top, left: random.integer(below: columns - width + 1), height: height, width: width)
  }

  init(top: Int, left: Int, height: Int, width: Int) {
    (self.top, self.left, self.height, self.width) = (top, left, height, width)
  }

  /// Creates the largest window at the center whose width divided by its height is in a range.
  init(largestWithRatio ratio: ClosedRange<Double>, rows: Int, columns: Int) {
    let own = Double(columns) / Double(rows)
    (height, width) = (rows, columns)
    if own < ratio.lowerBound {
      height = max(1, min(rows, Int((Double(columns) / ratio.lowerBound).rounded())))
    } else if own > ratio.upperBound {
      width = max(1, min(columns, Int((Double(rows) * ratio.upperBound).rounded())))
    }
    (top, left) = ((rows - height) / 2, (columns - width) / 2)
  }
}
