/// What is done to an example by chance, so that a model sees a new variant of it in each epoch.
///
/// Shifts, flips and crops are for images: the last two axes of an input are rows and columns, and all planes before them
/// (channels) are treated alike. Noise is for inputs of any shape.
public struct Augmentation: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case shift(rows: Int, columns: Int, fill: Float)
    case flip(probability: Double)
    case crop(rows: Int, columns: Int)
    case noise(deviation: Double)
  }

  let kind: Kind

  /// Moves an image by a whole number of pixels, drawn evenly from −n...n for each direction; what comes in at the edges is
  /// `fill`.
  /// - Parameters:
  ///   - most: The most that an image is moved by, up or down and to the left or to the right; 0 to 65,536.
  ///   - fill: The number of the pixels that come in.
  public static func shift(by most: Int, fill: Float = 0) -> Augmentation {
    shift(rows: most, columns: most, fill: fill)
  }

  /// Moves an image, with a bound for each direction.
  public static func shift(rows: Int, columns: Int, fill: Float = 0) -> Augmentation {
    let allowed = 0...65536
    if !allowed.contains(rows) || !allowed.contains(columns) {
      fatalError("shift: the bounds \(rows) and \(columns) are from 0 to 65536")
    }
    return Augmentation(kind: .shift(rows: rows, columns: columns, fill: fill))
  }

  /// Mirrors an image left to right, with this probability.
  public static func horizontalFlip(probability: Double = 0.5) -> Augmentation {
    if !(probability >= 0 && probability <= 1) { fatalError("horizontalFlip: \(probability) is no probability") }
    return Augmentation(kind: .flip(probability: probability))
  }

  /// Cuts a window of this size out of an image, anywhere in it with equal chances. What is held back for validation, and
  /// `original`, has the window in the middle (its upper left corner is rounded down).
  public static func crop(rows: Int, columns: Int) -> Augmentation {
    if rows < 1 || columns < 1 { fatalError("crop: a window of \(rows)x\(columns) has no pixels") }
    return Augmentation(kind: .crop(rows: rows, columns: columns))
  }

  /// Adds an independent normal number of mean 0 and this deviation to each element.
  public static func noise(deviation: Double) -> Augmentation {
    if !(deviation >= 0 && deviation.isFinite) { fatalError("noise: a deviation of \(deviation)") }
    return Augmentation(kind: .noise(deviation: deviation))
  }
}
