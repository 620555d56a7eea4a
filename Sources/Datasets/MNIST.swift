import NeuralNetworks

/// Labeled images for training and testing.
///
/// Inputs are float32 in 0...1, `[count, height, width]` or, in color, `[count, channels, height, width]`; targets are
/// int32 class indices `[count]`.
public struct ImageDataset: Sendable {
  /// The training data.
  public let train: TensorDataset
  /// The test data, in the same form.
  public let test: TensorDataset
  /// The name of each class, by class index.
  public let classNames: [String]

  /// Creates a dataset from training data, test data, and class names by label.
  public init(train: TensorDataset, test: TensorDataset, classNames: [String]) {
    self.train = train
    self.test = test
    self.classNames = classNames
  }
}

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

/// Fashion-MNIST: images of clothes in the format and the sizes of MNIST.
///
/// Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
/// Algorithms", arXiv:1708.07747. License: MIT.
public enum FashionMNIST {
  /// The names of the ten kinds of clothing, by label.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  /// Reads the four files from a folder, like `MNIST.load`; the file names are the same.
  ///
  /// - Parameters:
  ///   - folder: The folder with the files, which is also the destination of downloads.
  ///   - download: Whether to download missing files with the program `curl` and verify their published SHA-256.
  ///   - baseURL: The download address; `nil` for the environment variable `NN_FASHION_MNIST_URL` or, if it is not set,
  ///     the public mirror.
  /// - Throws: `DataError`.
  public static func load(from folder: String, download: Bool = false, baseURL: String? = nil) throws -> ImageDataset {
    try files.load(from: folder, download: download, baseURL: baseURL)
  }

  /// Reads only the test data, so that only its memory is used.
  package static func loadTest(from folder: String, download: Bool) throws -> TensorDataset {
    try files.loadTest(from: folder, download: download)
  }

  /// Sizes and SHA-256 as published by TensorFlow Datasets (`url_checksums/fashion_mnist.txt`). The mirror is the one
  /// used by Keras, because the authors' address does not support https.
  static let files = IDXImages(
    trainImages: .init(
      name: "train-images-idx3-ubyte.gz", bytes: 26_421_880,
      sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    trainLabels: .init(
      name: "train-labels-idx1-ubyte.gz", bytes: 29_515,
      sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    testImages: .init(
      name: "t10k-images-idx3-ubyte.gz", bytes: 4_422_102,
      sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    testLabels: .init(
      name: "t10k-labels-idx1-ubyte.gz", bytes: 5_148,
      sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    classNames: classNames, baseURL: "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    environmentVariable: "NN_FASHION_MNIST_URL")
}
