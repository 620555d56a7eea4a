import NeuralNetworks

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
