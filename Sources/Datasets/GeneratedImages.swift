import HostSystem
import BackendCore
import NeuralNetworks
import Synchronization

/// Handwritten digits drawn by this program: 28x28, ten classes, by default 60,000 for training and 10,000 for testing.
/// They require neither files nor a network.
///
/// Image `i` of a split is a pure function of the seed and `i`, with the same bytes on every machine; the classes
/// alternate. The digits are randomly rotated, slanted, stretched, and shifted; their strokes wobble, and there are
/// specks on the paper. A network with one hidden layer of 128 units classifies about 88 % of the test images correctly
/// after one epoch and 94 % after five.
public enum GeneratedImages {
  /// A split of the images. The training images and the test images are different.
  public enum Split: String, Sendable {
    case train, test

    /// The default number of images.
    public var count: Int { self == .train ? 60_000 : 10_000 }
  }

  /// The names of the ten classes, by label.
  public static let classNames = (0...9).map(String.init)

  /// Returns all images in memory, drawn on several threads: inputs float32 `[count, 28, 28]` in 0...1, targets int32
  /// `[count]`.
  ///
  /// This takes a fraction of a second (a few seconds in a debug build) and 220 MB; `dataset(_:seed:count:)` draws
  /// images on demand.
  public static func load(
    seed: UInt64 = 0, trainCount: Int = Split.train.count, testCount: Int = Split.test.count
  ) -> ImageDataset {
    ImageDataset(
      train: tensors(.train, seed, trainCount), test: tensors(.test, seed, testCount), classNames: classNames)
  }

  /// Returns the same images, each drawn when first requested by a batch and cached as bytes, so training starts at
  /// once.
  public static func dataset(_ split: Split, seed: UInt64 = 0, count: Int? = nil) -> GeneratedImageDataset {
    GeneratedImageDataset(key: key(split, seed), count: count ?? split.count)
  }

  static func key(_ split: Split, _ seed: UInt64) -> UInt64 {
    RandomSource.derivedKey(seed: seed, "generated images \(split.rawValue)")
  }

  private static func tensors(_ split: Split, _ seed: UInt64, _ count: Int) -> TensorDataset {
    if !(1...Int(Int32.max)).contains(count) {
      ProgrammerError.end("GeneratedImages.load: images to \(split.rawValue) are from 1 to \(Int32.max), not \(count)")
    }
    let area = GlyphRenderer.area
    // While the numbers are converted to a tensor, there are two copies of them.
    requireMemory(for: "GeneratedImages.load", count, of: 2 * (4 * area + 4))
    let parts = min(onlineProcessors(), 8)  // more do not make loading faster
    let key = key(split, seed)
    let values = [Float](unsafeUninitializedCapacity: count * area) { values, filled in
      nonisolated(unsafe) let start = values.baseAddress!  // each thread writes images of its own
      SystemThread.concurrently(parts) { part in
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

/// Generated images, drawn on demand: inputs float32 `[count, 28, 28]`, targets int32 `[count]`.
public struct GeneratedImageDataset: Dataset {
  public let count: Int
  private let images: ImageCache

  init(key: UInt64, count: Int) {
    if count < 1 { ProgrammerError.end("GeneratedImages.dataset: at least 1 image is needed, not \(count)") }
    self.count = count
    images = ImageCache(key: key, count: count)
  }

  /// Returns the images with the given indices and their classes. Any number of threads may call this method at the
  /// same time.
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

/// The bytes of generated images, drawn at the first request. Memory pages without a requested image are never touched.
///
/// The cache can be used from any number of threads without a lock. An image is written once, by the thread that
/// changes its state from `absent` to `busy`. Other threads read it only if the state is `ready`; a thread that finds
/// it busy draws its own copy.
final class ImageCache: @unchecked Sendable {
  let key: UInt64
  private let count: Int
  private let pixels: UnsafeMutablePointer<UInt8>
  private let states: UnsafeMutablePointer<Atomic<UInt8>>
  private static let absent: UInt8 = 0
  private static let busy: UInt8 = 1
  private static let ready: UInt8 = 2

  init(key: UInt64, count: Int) {
    self.key = key
    self.count = count
    // Free memory is not checked, because the memory is used image by image.
    let (bytes, overflow) = count.multipliedReportingOverflow(by: GlyphRenderer.area)
    guard !overflow, let memory = malloc(bytes) else {
      let size = GlyphRenderer.area
      ProgrammerError.end("GeneratedImages.dataset: there is no memory for \(count) images of \(size) bytes")
    }
    pixels = memory.bindMemory(to: UInt8.self, capacity: bytes)
    requireMemory(for: "GeneratedImages.dataset", count, of: 1)
    states = .allocate(capacity: count)
    for index in 0..<count { (states + index).initialize(to: Atomic(ImageCache.absent)) }
  }

  deinit {
    states.deinitialize(count: count)
    states.deallocate()
    free(pixels)
  }

  /// Copies image `index` to `output`, drawing it first if necessary.
  func copy(_ index: Int, _ renderer: inout GlyphRenderer, into output: UnsafeMutablePointer<UInt8>) {
    let kept = pixels + index * GlyphRenderer.area
    if states[index].load(ordering: .acquiring) == ImageCache.ready {
      return output.update(from: kept, count: GlyphRenderer.area)
    }
    renderer.draw(index, into: output)
    let claim = states[index].compareExchange(
      expected: ImageCache.absent, desired: ImageCache.busy, ordering: .relaxed)
    if !claim.exchanged { return }
    kept.update(from: output, count: GlyphRenderer.area)
    states[index].store(ImageCache.ready, ordering: .releasing)
  }
}
