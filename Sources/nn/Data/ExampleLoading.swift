import CommandSupport
import Datasets
import ModelFormats
import NeuralNetworks

extension DataOptions {
  /// The examples that a command needs.
  enum Part { case trainAndTest, test }

  /// Reads or generates the examples.
  /// - Parameter model: Determines the type of the labels in a table, and the classes; nil to use `--task` and the
  ///   file.
  func load(_ part: Part, for model: SavedModel? = nil, seed: UInt64 = 0) throws -> Examples {
    if let model {
      try model.check(task: task, of: dataset)
      try columns.checkUnused(with: model.file)
    }
    let examples = try read(part, for: model, seed: seed)
    // The data from which the parts were taken is no longer needed.
    Device.cpu.trimMemory()
    return examples
  }

  private func read(_ part: Part, for model: SavedModel?, seed: UInt64) throws -> Examples {
    switch dataset {
    case .generated: generated(part)
    case .mnist: try mnist(part)
    case .fashionMNIST: try fashionMNIST(part)
    case .images: try pictures(part, model: model, seed: seed)
    case .texts: try texts(part, model: model, seed: seed)
    case .csv: try table(part, model: model, seed: seed)
    case .blobs: points(part) { Points.blobs($0, seed: $1) }
    case .moons: points(part) { Points.moons($0, seed: $1) }
    case .circles: points(part) { Points.circles($0, seed: $1) }
    case .spirals: points(part) { Points.spirals($0, seed: $1) }
    case .xor: points(part) { Points.xor($0, seed: $1) }
    }
  }

  /// Draws only as many images as are used.
  private func generated(_ part: Part) -> Examples {
    let wanted = limit ?? .max
    let set = GeneratedImages.load(
      trainCount: part == .test ? 1 : min(wanted, GeneratedImages.Split.train.count),
      testCount: min(wanted, GeneratedImages.Split.test.count))
    return images(part == .test ? nil : set.train, set.test, set.classNames, "generated images")
  }

  /// Training files are read only by commands that train.
  private func mnist(_ part: Part) throws -> Examples {
    let folder = data ?? ""
    if part == .test {
      return images(nil, try MNIST.loadTest(from: folder, download: download), MNIST.classNames, "MNIST")
    }
    let set = try MNIST.load(from: folder, download: download)
    return images(set.train, set.test, set.classNames, "MNIST")
  }

  private func fashionMNIST(_ part: Part) throws -> Examples {
    let (folder, name) = (data ?? "", "Fashion-MNIST")
    if part == .test {
      let test = try FashionMNIST.loadTest(from: folder, download: download)
      return images(nil, test, FashionMNIST.classNames, name)
    }
    let set = try FashionMNIST.load(from: folder, download: download)
    return images(set.train, set.test, set.classNames, name)
  }

  private func images(
    _ train: TensorDataset?, _ test: TensorDataset, _ classNames: [String], _ name: String
  ) -> Examples {
    Examples(
      train: train?.prefix(limit), test: test.prefix(limit), classNames: classNames, scaling: .pixels, source: name)
  }

  /// Returns 2,000 points for training and 1,000 different points for testing.
  private func points(_ part: Part, _ make: (_ count: Int, _ seed: UInt64) -> TensorDataset) -> Examples {
    let test = make(1000, 2)
    let classes = (dataset == .blobs || dataset == .spirals) ? 3 : 2
    return Examples(
      train: part == .test ? nil : make(2000, 1).prefix(limit), test: test.prefix(limit),
      classNames: (0..<classes).map(String.init), scaling: .none, source: dataset.rawValue)
  }
}
