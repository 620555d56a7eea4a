import BackendCore
import NeuralNetworks

/// A random transformation of examples, so that a model sees a new variant of each example in every epoch.
///
/// Images are inputs whose last two axes are rows and columns; all planes before them (channels) are moved in the same
/// way. Colors are RGB, `[3, rows, columns]`, and values are from 0 to 1 unless a range is given. Noise is for inputs of
/// any shape.
///
/// ```swift
/// let varied = data.train.augmented(
///   .horizontalFlip(), .rotation(degrees: 15), .brightness(0.2),
///   .custom("frame") { image, random in
///     if random.isTrue(probability: 0.5) { for column in 0..<image.columns { image[0, 0, column] = 1 } }
///   })
/// ```
public struct Augmentation: Sendable {
  /// Changes an example. There are no random numbers for evaluation.
  typealias Change = @Sendable (_ image: inout PixelPlanes, _ random: AugmentationRandom?) throws -> Void

  enum Kind: Sendable {
    case elements(Change)
    case image(Change)
    case mixing(Mixing)
  }

  let kind: Kind

  /// An augmentation of images that does nothing in evaluation.
  static func image(
    _ change: @escaping @Sendable (inout PixelPlanes, inout AugmentationRandom) throws -> Void
  ) -> Augmentation {
    Augmentation(
      kind: .image { image, random in
        guard var random else { return }
        try change(&image, &random)
      })
  }

  /// Shifts an image by a whole number of pixels, drawn uniformly from −n...n for each direction. Uncovered pixels are
  /// set to `fill`.
  /// - Parameters:
  ///   - most: The maximum shift, vertically and horizontally; 0 to 65,536.
  ///   - fill: The value of uncovered pixels.
  public static func shift(by most: Int, fill: Float = 0) -> Augmentation {
    shift(rows: most, columns: most, fill: fill)
  }

  /// Shifts an image, with a separate limit for each direction.
  public static func shift(rows: Int, columns: Int, fill: Float = 0) -> Augmentation {
    let allowed = 0...65536
    if !allowed.contains(rows) || !allowed.contains(columns) {
      ProgrammerError.end("Augmentation.shift: the bounds are from 0 to 65536, not \(rows) and \(columns)")
    }
    return image { image, random in
      let down = random.integer(below: 2 * rows + 1) - rows
      image.shift(down: down, right: random.integer(below: 2 * columns + 1) - columns, fill)
    }
  }

  /// Flips an image horizontally with the given probability.
  public static func horizontalFlip(probability: Double = 0.5) -> Augmentation {
    Mistakes.probability(probability, "horizontalFlip")
    return image { image, random in if random.isTrue(probability: probability) { image.mirrorColumns() } }
  }

  /// Flips an image vertically with the given probability.
  public static func verticalFlip(probability: Double = 0.5) -> Augmentation {
    Mistakes.probability(probability, "verticalFlip")
    return image { image, random in if random.isTrue(probability: probability) { image.mirrorRows() } }
  }

  /// Crops an image to the given size at a uniformly random position. Validation data held back by `fit`, and
  /// `original`, use the window at the center (its upper left corner is rounded down).
  public static func crop(rows: Int, columns: Int) -> Augmentation {
    Mistakes.size(rows, columns, "crop")
    return Augmentation(
      kind: .image { image, random in
        guard rows <= image.rows, columns <= image.columns else {
          throw DataError.augmentation(
            reason: "a window of \(rows)x\(columns) does not fit into images of \(image.rows)x\(image.columns)")
        }
        var random = random
        let (down, right) = (image.rows - rows, image.columns - columns)
        let top = random?.integer(below: down + 1) ?? down / 2
        image.cut(top: top, left: random?.integer(below: right + 1) ?? right / 2, rows, columns)
      })
  }

  /// Adds independent, normally distributed noise with mean 0 and the given standard deviation to each element.
  public static func noise(deviation: Double) -> Augmentation {
    if !(deviation >= 0 && deviation.isFinite) {
      ProgrammerError.end("Augmentation.noise: the deviation is a number of at least 0, not \(deviation)")
    }
    return Augmentation(
      kind: .elements { example, random in
        guard let random else { return }
        let numbers = try Tensor.hostNormals(example.pixels.count, from: random.source)
        let factor = Float(deviation)
        for index in numbers.indices { example.pixels[index] += factor * numbers[index] }
      })
  }

  /// A custom augmentation, which keeps the size of images. It is omitted in evaluation.
  /// - Parameters:
  ///   - name: The name in error messages.
  ///   - change: Changes the pixels of one image. It is called on several threads. To make runs repeatable, it takes
  ///     random numbers from its second argument alone.
  public static func custom(
    _ name: String, _ change: @escaping @Sendable (inout PixelPlanes, inout AugmentationRandom) throws -> Void
  ) -> Augmentation {
    image { image, random in
      let count = image.pixels.count
      try change(&image, &random)
      if image.pixels.count != count {
        throw DataError.augmentation(
          reason: "\(name) returned \(image.pixels.count) pixels for an image of shape \(image.shape), "
            + "expected \(count)")
      }
    }
  }
}

/// Checks of arguments. A mistake ends the program.
enum Mistakes {
  static func probability(_ probability: Double, _ name: String) {
    if !(probability >= 0 && probability <= 1) {
      ProgrammerError.end("Augmentation.\(name): the probability is from 0 to 1, not \(probability)")
    }
  }

  static func size(_ rows: Int, _ columns: Int, _ name: String) {
    if rows < 1 || columns < 1 {
      ProgrammerError.end("Augmentation.\(name): a window has at least 1 row and 1 column, not \(rows) and \(columns)")
    }
  }

  /// Requires numbers in a range.
  static func range(
    _ range: ClosedRange<Double>, within allowed: ClosedRange<Double>, _ setting: String, _ name: String
  ) {
    if !(range.lowerBound >= allowed.lowerBound && range.upperBound <= allowed.upperBound) {
      ProgrammerError.end(
        "Augmentation.\(name): \(setting) is from \(allowed.lowerBound) to \(allowed.upperBound), not "
          + (range.lowerBound == range.upperBound
            ? "\(range.lowerBound)" : "\(range.lowerBound)...\(range.upperBound)"))
    }
  }

  /// Requires a number in a range.
  static func number(_ number: Double, within allowed: ClosedRange<Double>, _ setting: String, _ name: String) {
    if !allowed.contains(number) {
      ProgrammerError.end(
        "Augmentation.\(name): \(setting) is from \(allowed.lowerBound) to \(allowed.upperBound), not \(number)")
    }
  }
}
