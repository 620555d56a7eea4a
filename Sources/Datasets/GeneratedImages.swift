import BackendCore
import NeuralNetworks

/// Handwritten digits that are drawn by this program: 28x28, ten classes, 60,000 to train on and 10,000 to test on, unless
/// other numbers are asked for. They need no file and no network.
///
/// Image `i` of a split is a pure function of the seed and `i`, the same bytes on every machine; the classes take turns.
/// The digits are turned, slanted, stretched and shifted by chance, their strokes wobble, and dirt lies on the paper: a
/// network with one hidden layer of 128 units classifies about 88 % of the test images after one epoch, 94 % after five.
public enum GeneratedImages {
  /// Which images: those to train on and those to test on have nothing in common.
  public enum Split: String, Sendable {
    case train, test

    /// How many there are by default.
    public var count: Int { self == .train ? 60_000 : 10_000 }
  }

  /// The names of the ten classes, by label.
  public static let classNames = (0...9).map(String.init)

  /// All images in memory, drawn on several threads: inputs float32 `[count, 28, 28]` in 0...1, targets int32 `[count]`.
  ///
  /// It takes a fraction of a second and 220 MB; `dataset(_:seed:count:)` draws images when they are asked for.
  public static func load(
    seed: UInt64 = 0, trainCount: Int = Split.train.count, testCount: Int = Split.test.count
  ) -> ImageDataset {
    ImageDataset(
      train: tensors(.train, seed, trainCount), test: tensors(.test, seed, testCount), classNames: classNames)
  }

  /// The same images, each drawn when a batch first asks for it and kept as bytes: training starts at once.
  public static func dataset(_ split: Split, seed: UInt64 = 0, count: Int? = nil) -> GeneratedImageDataset {
    GeneratedImageDataset(key: key(split, seed), count: count ?? split.count)
  }

  static func key(_ split: Split, _ seed: UInt64) -> UInt64 {
    RandomSource.derivedKey(seed: seed, "generated images \(split.rawValue)")
  }

  private static func tensors(_ split: Split, _ seed: UInt64, _ count: Int) -> TensorDataset {
    if count < 1 { fatalError("GeneratedImages.load: \(count) images to \(split.rawValue); at least 1 is needed") }
    let area = GlyphRenderer.area
    let parts = processorCount()
    let key = key(split, seed)
    let values = [Float](unsafeUninitializedCapacity: count * area) { values, filled in
      nonisolated(unsafe) let start = values.baseAddress!  // each thread writes images of its own
      concurrently(parts: parts) { part in
        var renderer = GlyphRenderer(key: key)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: area) { pixels in
          for index in count * part / parts..<count * (part + 1) / parts {
            renderer.draw(index, into: pixels.baseAddress!)
            Pixels.scale(UnsafeBufferPointer(pixels), into: start + index * area)
          }
        }
      }
      filled = count * area
    }
    let labels = (0..<count).map { Int32(GlyphRenderer.label($0)) }
    let side = GlyphRenderer.size
    return TensorDataset(Tensor(values, shape: [count, side, side]), Tensor(labels, shape: [count]))
  }
}

/// Generated images that are drawn when they are asked for: inputs float32 `[count, 28, 28]`, targets int32 `[count]`.
public struct GeneratedImageDataset: Dataset {
  public let count: Int
  private let images: ImageCache

  init(key: UInt64, count: Int) {
    if count < 1 { fatalError("GeneratedImages.dataset: \(count) images; at least 1 is needed") }
    self.count = count
    images = ImageCache(key: key, count: count)
  }

  /// The images with these indices and their classes. Any number of threads may ask at the same time.
  ///
  /// - Throws: `TrainingError.noSuchExample` for an index out of range.
  public func batch(at indices: [Int]) throws -> Batch {
    if let wrong = indices.first(where: { $0 < 0 || $0 >= count }) {
      throw TrainingError.noSuchExample(index: wrong, count: count)
    }
    let area = GlyphRenderer.area
    var renderer = GlyphRenderer(key: images.key)
    let values = [Float](unsafeUninitializedCapacity: indices.count * area) { values, filled in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: area) { pixels in
        for (place, index) in indices.enumerated() {
          images.copy(index, &renderer, into: pixels.baseAddress!)
          Pixels.scale(UnsafeBufferPointer(pixels), into: values.baseAddress! + place * area)
        }
      }
      filled = indices.count * area
    }
    let labels = indices.map { Int32(GlyphRenderer.label($0)) }
    let side = GlyphRenderer.size
    return Batch(
      input: Tensor(values, shape: [indices.count, side, side]), target: Tensor(labels, shape: [indices.count]))
  }
}
