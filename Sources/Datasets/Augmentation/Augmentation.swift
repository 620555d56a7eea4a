import NeuralNetworks

/// A random transformation of examples, so that a model sees a new variant of each example in every epoch.
///
/// Shifts, flips, and crops are for images: the last two axes of an input are rows and columns, and all planes before
/// them (channels) are transformed in the same way. Noise is for inputs of any shape.
public struct Augmentation: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case shift(rows: Int, columns: Int, fill: Float)
    case flip(probability: Double)
    case crop(rows: Int, columns: Int)
    case noise(deviation: Double)
  }

  let kind: Kind

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
    return Augmentation(kind: .shift(rows: rows, columns: columns, fill: fill))
  }

  /// Flips an image horizontally with the given probability.
  public static func horizontalFlip(probability: Double = 0.5) -> Augmentation {
    if !(probability >= 0 && probability <= 1) {
      ProgrammerError.end("Augmentation.horizontalFlip: the probability is from 0 to 1, not \(probability)")
    }
    return Augmentation(kind: .flip(probability: probability))
  }

  /// Crops an image to the given size at a uniformly random position. Validation data held back by `fit`, and
  /// `original`, use the window at the center (its upper left corner is rounded down).
  public static func crop(rows: Int, columns: Int) -> Augmentation {
    if rows < 1 || columns < 1 {
      ProgrammerError.end("Augmentation.crop: a window has at least 1 row and 1 column, not \(rows) and \(columns)")
    }
    return Augmentation(kind: .crop(rows: rows, columns: columns))
  }

  /// Adds independent, normally distributed noise with mean 0 and the given standard deviation to each element.
  public static func noise(deviation: Double) -> Augmentation {
    if !(deviation >= 0 && deviation.isFinite) {
      ProgrammerError.end("Augmentation.noise: the deviation is a number of at least 0, not \(deviation)")
    }
    return Augmentation(kind: .noise(deviation: deviation))
  }
}
