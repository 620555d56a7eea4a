import Files
import HostSystem
import NeuralNetworks

/// CIFAR-10: 50,000 color images for training, 10,000 for testing, 32x32, ten classes.
///
/// Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; the binary version.
public enum CIFAR10 {
  /// The names of the ten classes, by label.
  public static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// Reads `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin` from a folder, as unpacked from
  /// `cifar-10-binary.tar.gz`. Images are float32 `[count, 3, 32, 32]` from 0 to 1; labels are int32 `[count]`.
  ///
  /// A file has any number of records of 3,073 bytes: the label, and 1,024 bytes each of red, green, and blue. All
  /// images take 740 MB of memory, and a quarter of that more while they are read.
  ///
  /// - Throws: `DataError`.
  public static func load(from folder: String) throws -> ImageDataset {
    try files.load(from: folder, classNames: classNames)
  }

  private static let files = CIFARFiles(
    train: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin", labelBytes: 1, label: 0)
}

/// CIFAR-100: like CIFAR-10, with 100 classes in 20 groups.
public enum CIFAR100 {
  /// The labels of an image.
  public enum Labels: String, Sendable, CaseIterable {
    /// The 100 classes.
    case fine
    /// The 20 groups of five classes.
    case coarse

    /// The names of the classes or groups, by label.
    public var classNames: [String] { self == .fine ? CIFAR100.classNames : CIFAR100.groupNames }
  }

  /// The names of the 100 classes, by label.
  public static let classNames = names(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle \
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant \
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man \
    maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree \
    plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail \
    snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout \
    tulip turtle wardrobe whale willow_tree wolf woman worm
    """)

  /// The names of the 20 groups, by coarse label.
  public static let groupNames = names(
    """
    aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices \
    household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes \
    large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees \
    vehicles_1 vehicles_2
    """)

  /// Reads `train.bin` and `test.bin` from a folder, as unpacked from `cifar-100-binary.tar.gz`, like `CIFAR10.load`.
  /// A record has 3,074 bytes, because both labels precede the pixels.
  ///
  /// - Parameters:
  ///   - folder: The folder with the files.
  ///   - labels: The labels to learn.
  /// - Throws: `DataError`.
  public static func load(from folder: String, labels: Labels = .fine) throws -> ImageDataset {
    let files = CIFARFiles(train: ["train.bin"], test: "test.bin", labelBytes: 2, label: labels == .coarse ? 0 : 1)
    return try files.load(from: folder, classNames: labels.classNames)
  }

  private static func names(_ words: String) -> [String] { words.split(separator: " ").map(String.init) }
}

/// Labeled images in files of records of equal length.
private struct CIFARFiles {
  let train: [String]
  let test: String
  /// The number of labels before the pixels of a record, a byte each, and the one to use.
  let labelBytes, label: Int

  /// Three planes of 32 rows of 32 pixels.
  private static let shape = [3, 32, 32]
  private static let area = 3072
  private static let largestFile = 1 << 30

  func load(from folder: String, classNames: [String]) throws -> ImageDataset {
    ImageDataset(
      train: try read(train.map { Folder.join(folder, $0) }, classes: classNames.count),
      test: try read([Folder.join(folder, test)], classes: classNames.count), classNames: classNames)
  }

  private func read(_ paths: [String], classes: Int) throws -> TensorDataset {
    var (pixels, labels): ([UInt8], [Int32]) = ([], [])
    for path in paths { try append(path, classes, &pixels, &labels) }
    do { try HostMemory.check(pixels.count, of: MemoryLayout<Float>.stride) } catch {
      throw DataError.unreadable(file: paths[0], reason: "\(error)")
    }
    let images = try Tensor(shape: [labels.count] + CIFARFiles.shape) { Pixels.scaled(pixels[$0]) }
    return TensorDataset(images, Tensor(labels, shape: [labels.count]))
  }

  /// Appends the records of a file.
  private func append(_ path: String, _ classes: Int, _ pixels: inout [UInt8], _ labels: inout [Int32]) throws {
    let bytes: [UInt8]
    do { bytes = try FileReader.read(path, limit: CIFARFiles.largestFile) } catch { throw DataError(error) }
    let record = labelBytes + CIFARFiles.area
    if bytes.isEmpty || bytes.count % record != 0 {
      throw DataError.malformed(
        file: path, offset: nil, expected: "records of \(record) bytes", found: "\(bytes.count) bytes")
    }
    do { try HostMemory.check(pixels.count + bytes.count) } catch {
      throw DataError.unreadable(file: path, reason: "\(error)")
    }
    pixels.reserveCapacity(pixels.count + bytes.count)
    for start in stride(from: 0, to: bytes.count, by: record) {
      let value = Int32(bytes[start + label])
      if value >= classes {
        throw DataError.malformed(
          file: path, offset: start + label, expected: "a label of 0 to \(classes - 1)", found: "\(value)")
      }
      labels.append(value)
      pixels += bytes[start + labelBytes..<start + record]
    }
  }
}
