import NeuralNetworks

/// Fashion-MNIST: pictures of clothes in the format and the numbers of MNIST.
///
/// Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
/// Algorithms", arXiv:1708.07747. Licence: MIT.
public enum FashionMNIST {
  /// The names of the ten kinds of clothing, by label.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  /// Reads the four files from a folder, as `MNIST.load` does: the names are the same.
  ///
  /// - Parameters:
  ///   - folder: where the files are, or are put.
  ///   - download: fetch the files that the folder lacks, with the program `curl`, checked against the published SHA-256.
  ///   - baseURL: where to fetch from; `nil`: the environment variable `NN_FASHION_MNIST_URL`, else the public mirror.
  /// - Throws: `DataError`.
  public static func load(from folder: String, download: Bool = false, baseURL: String? = nil) throws -> ImageDataset {
    try files.load(from: folder, download: download, baseURL: baseURL)
  }

  /// Sizes and SHA-256 as TensorFlow Datasets publishes them (`url_checksums/fashion_mnist.txt`); the mirror is Keras's,
  /// since the authors' own address has no https.
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
