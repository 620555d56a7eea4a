import CommandSupport
import Datasets
import Files
import ModelFormats
import NeuralNetworks

extension DataOptions {
  /// Which examples a command needs.
  enum Part { case trainAndTest, test }

  /// Reads or generates the examples.
  /// - Parameter classNames: the classes of a model, which the labels of a CSV file must be among; nil: those of the file.
  func load(_ part: Part, classNames: [String]? = nil, seed: UInt64 = 0) throws -> Examples {
    switch dataset {
    case .generated: try images(generated(part), "generated images", part)
    case .mnist: try images(MNIST.load(from: data ?? "", download: download), "MNIST", part)
    case .fashionMNIST: try images(FashionMNIST.load(from: data ?? "", download: download), "Fashion-MNIST", part)
    case .csv: try csv(part, classNames: classNames, seed: seed)
    case .blobs: points(part) { Points.blobs($0, seed: $1) }
    case .moons: points(part) { Points.moons($0, seed: $1) }
    case .circles: points(part) { Points.circles($0, seed: $1) }
    case .spirals: points(part) { Points.spirals($0, seed: $1) }
    case .xor: points(part) { Points.xor($0, seed: $1) }
    }
  }

  /// Draws no more pictures than are used.
  private func generated(_ part: Part) -> ImageDataset {
    let wanted = limit ?? .max
    return GeneratedImages.load(
      trainCount: part == .test ? 1 : min(wanted, GeneratedImages.Split.train.count),
      testCount: min(wanted, GeneratedImages.Split.test.count))
  }

  private func images(_ set: ImageDataset, _ name: String, _ part: Part) throws -> Examples {
    Examples(
      train: part == .test ? nil : set.train.prefix(limit), test: set.test.prefix(limit), classNames: set.classNames,
      scaling: .pixels, source: name)
  }

  /// 2,000 points to train on and 1,000 others to test on.
  private func points(_ part: Part, _ make: (_ count: Int, _ seed: UInt64) -> TensorDataset) -> Examples {
    let test = make(1000, 2)
    let classes = (dataset == .blobs || dataset == .spirals) ? 3 : 2
    return Examples(
      train: part == .test ? nil : make(2000, 1).prefix(limit), test: test.prefix(limit),
      classNames: (0..<classes).map(String.init), scaling: .none, source: dataset.rawValue)
  }

  // MARK: CSV

  /// One file gives a fifth of its rows, drawn by `seed`, to the test; a folder has a file for each.
  private func csv(_ part: Part, classNames: [String]?, seed: UInt64) throws -> Examples {
    let path = data ?? ""
    guard Folder.isFolder(path) else {
      let all = try CSV.load(path, label: column, target: .classes(names: classNames))
      if part == .test { return tested(all, path) }
      let (train, test) = all.data.split(0.8, seed: seed)
      guard train.count > 0, test.count > 0 else {
        throw Failure("\(path): expected at least 3 rows, to train on and to test on, found \(all.data.count)")
      }
      return try standardized(all.data.part(train), all.data.part(test), all.classNames, path)
    }
    let testPath = Folder.join(path, "test.csv")
    if part == .test {
      return tested(try CSV.load(testPath, label: column, target: .classes(names: classNames)), testPath)
    }
    let trainPath = Folder.join(path, "train.csv")
    let train = try CSV.load(trainPath, label: column, target: .classes(names: classNames))
    let test = try CSV.load(testPath, label: column, target: .classes(names: train.classNames))
    guard train.featureNames.count == test.featureNames.count else {
      throw Failure(
        "\(testPath): expected \(train.featureNames.count) features, as in \(trainPath), found \(test.featureNames.count)"
      )
    }
    return try standardized(train.data, test.data, train.classNames, trainPath)
  }

  private var column: CSV.Column {
    switch label {
    case "first": .first
    case "last": .last
    default: Int(label).map { .index($0 - 1) } ?? .named(label)
    }
  }

  private func tested(_ all: CSVDataset, _ path: String) -> Examples {
    Examples(train: nil, test: all.data.prefix(limit), classNames: all.classNames, scaling: .none, source: path)
  }

  /// Scales every column by its mean and deviation in the training rows.
  private func standardized(_ train: TensorDataset, _ test: TensorDataset, _ classNames: [String], _ path: String)
    throws
    -> Examples
  {
    let (train, test) = (train.prefix(limit), test.prefix(limit))
    let scaling = InputScaling.standard(try train.inputs.scalars(), columns: train.inputs.shape[1])
    return try Examples(train: train, test: test, classNames: classNames, scaling: .none, source: path)
      .rescaled(scaling)
  }
}
