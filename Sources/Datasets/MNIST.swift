import NeuralNetworks

/// The MNIST handwritten digits: 60,000 images for training, 10,000 for testing, 28x28, ten classes.
///
/// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
public enum MNIST {
  /// The ten digits, by label.
  public static let classNames = (0...9).map(String.init)

  /// Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, and `t10k-labels-idx1-ubyte`
  /// from a folder, each plain or as `.gz`. Pixels are divided by 255 as float32 `[count, height, width]`; labels are
  /// int32 `[count]`.
  ///
  /// - Parameters:
  ///   - folder: The folder with the files, which is also the destination of downloads.
  ///   - download: Whether to download missing files with the program `curl` and verify their published SHA-256.
  ///   - baseURL: The download address; `nil` for the environment variable `NN_MNIST_URL` or, if it is not set, the
  ///     public mirror.
  /// - Throws: `DataError`.
  public static func load(from folder: String, download: Bool = false, baseURL: String? = nil) throws -> ImageDataset {
    try files.load(from: folder, download: download, baseURL: baseURL)
  }

  /// Reads only the test data, so that only its memory is used.
  package static func loadTest(from folder: String, download: Bool) throws -> TensorDataset {
    try files.loadTest(from: folder, download: download)
  }

  /// Sizes and SHA-256 as published by TensorFlow Datasets (`url_checksums/mnist.txt`).
  static let files = IDXImages(
    trainImages: .init(
      name: "train-images-idx3-ubyte.gz", bytes: 9_912_422,
      sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    trainLabels: .init(
      name: "train-labels-idx1-ubyte.gz", bytes: 28_881,
      sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    testImages: .init(
      name: "t10k-images-idx3-ubyte.gz", bytes: 1_648_877,
      sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    testLabels: .init(
      name: "t10k-labels-idx1-ubyte.gz", bytes: 4_542,
      sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    classNames: classNames, baseURL: "https://storage.googleapis.com/cvdf-datasets/mnist",
    environmentVariable: "NN_MNIST_URL")
}
