import Datasets
import HostSystem
import NeuralNetworks

/// Labeled pictures in a folder with one subfolder for each class, decoded when they are requested by a batch.
///
/// ```swift
/// let (train, validation) = try ImageFolder("pets", height: 96, width: 96).split(0.8, seed: 1)
/// try model.fit(train.augmented(.horizontalFlip()), epochs: 10, validation: .data(validation), seed: 1)
/// ```
///
/// Inputs are float32 `[count, channels, height, width]` from 0 to 1, targets int32 class indices `[count]`. The
/// classes are the subfolders, sorted by the bytes of their names; the examples are sorted by class and path, as in
/// Keras' `image_dataset_from_directory` and torchvision's `ImageFolder`. `fit` shuffles them.
///
/// A picture is a file, at any depth inside the folder of its class, whose name ends in `.png`, `.jpg`, `.jpeg`,
/// `.jpe`, or `.jfif` in any case. Names that start with a period, and files of other kinds, are ignored, except that
/// pictures in other formats are an error.
///
/// A batch is decoded on several threads, and `fit` requests the next batch while the model processes the current one.
/// The memory in use is that of two batches and of one decoded picture for each thread. The numbers do not depend on
/// the number of threads.
public struct ImageFolder: Dataset {
  /// The name of each class, by class index.
  public let classNames: [String]
  /// The path of each picture.
  public let files: [String]
  /// The class index of each picture.
  public let labels: [Int32]
  private let folder: String
  private let settings: Settings

  /// How pictures become numbers.
  private struct Settings: Sendable {
    var (height, width): (Int, Int)
    var channels: Image.Channels
    var interpolation: Image.Interpolation
    var cropToAspectRatio: Bool
    var request: Image.Request
    var threads: Int
  }

  /// Lists the pictures of a folder, without reading them.
  ///
  /// - Parameters:
  ///   - folder: The folder with the subfolders.
  ///   - height: The number of rows of each input, from 1 to 65,536.
  ///   - width: The number of columns of each input, from 1 to 65,536.
  ///   - channels: The channels of each input.
  ///   - interpolation: The filter for resizing, with antialiasing (see `Image.resized`; Keras has none by default).
  ///   - cropToAspectRatio: Whether to cut off margins rather than stretch pictures with another aspect ratio.
  ///   - reducedDecoding: Whether a JPEG that is at least four times as high and wide as the inputs is decoded to 1/2,
  ///     1/4, or 1/8 of its size, which is faster: at least to twice the height and width of the inputs, like Pillow's
  ///     `draft` in `thumbnail`. Inputs differ slightly.
  ///   - classNames: The names of the subfolders in the order of the class indices, for example those of the training
  ///     data; nil for all subfolders, sorted.
  ///   - pixelLimit: The maximum number of pixels of a picture.
  ///   - ignoresExtraBytes: Whether a JPEG with bytes between its pixels and its end is read; see `Image`.
  ///   - threads: The number of threads that decode; nil for one on each processor.
  /// - Throws: `DataError` if the folder cannot be read or has no subfolders, if subfolders differ from `classNames`
  ///   or a name occurs twice there, and for a class without a picture.
  public init(
    _ folder: String, height: Int, width: Int, channels: Image.Channels = .rgb,
    interpolation: Image.Interpolation = .bilinear, cropToAspectRatio: Bool = false, reducedDecoding: Bool = false,
    classNames: [String]? = nil, pixelLimit: Int = Image.defaultPixelLimit, ignoresExtraBytes: Bool = false,
    threads: Int? = nil
  ) throws {
    let sides = 1...Image.longestSide
    if !sides.contains(height) || !sides.contains(width) {
      ProgrammerError.end(
        "ImageFolder: height and width are from 1 to \(Image.longestSide), not \(height) and \(width)")
    }
    if let threads, threads < 1 { ProgrammerError.end("ImageFolder: at least 1 thread is needed, not \(threads)") }
    let listing = try ClassFolders(folder, .pictures, classNames: classNames)
    (self.classNames, files, labels) = (listing.classNames, listing.files, listing.labels)
    self.folder = folder
    settings = Settings(
      height: height, width: width, channels: channels, interpolation: interpolation,
      cropToAspectRatio: cropToAspectRatio,
      request: Image.Request(
        channels: channels, pixelLimit: pixelLimit, ignoresExtraBytes: ignoresExtraBytes,
        enough: reducedDecoding ? (2 * height, 2 * width) : nil),
      threads: threads ?? onlineProcessors())
  }

  public var count: Int { files.count }

  /// Returns the pictures at these positions, in this order.
  /// - Throws: `DataError` for the first of these pictures that cannot be read; `TrainingError.noSuchExample` for a
  ///   position out of range.
  public func batch(at indices: [Int]) throws -> Batch {
    try checkPositions(indices, below: count)
    let size = settings.channels.count * settings.height * settings.width
    do { try HostMemory.check(indices.count, of: 4 * size) } catch {
      throw DataError.unreadable(file: folder, reason: "\(error)")
    }
    var failure: DataError?
    let values = [Float](unsafeUninitializedCapacity: indices.count * size) { values, filled in
      guard let first = values.baseAddress else { return }
      nonisolated(unsafe) let start = first  // each thread writes pictures of its own
      do throws(DataError) {
        try concurrently(indices.count, threads: settings.threads) { place throws(DataError) in
          try image(at: indices[place]).writePlanes(to: start + place * size)
        }
        filled = indices.count * size
      } catch { failure = error }
    }
    if let failure { throw failure }
    return Batch(
      input: Tensor(values, shape: [indices.count, settings.channels.count, settings.height, settings.width]),
      target: Tensor(indices.map { labels[$0] }, shape: [indices.count]))
  }

  /// Reads a picture, with the size of the inputs.
  private func image(at index: Int) throws(DataError) -> Image {
    let image = try Image.read(files[index], settings.request)
    do { try HostMemory.check(image.memory(height: settings.height, width: settings.width)) } catch {
      throw .unreadable(file: files[index], reason: "\(error)")
    }
    return image.resized(
      height: settings.height, width: settings.width, interpolation: settings.interpolation,
      cropToAspectRatio: settings.cropToAspectRatio)
  }
}
