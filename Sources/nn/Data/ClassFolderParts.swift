import CommandSupport
import Datasets
import Files
import HostSystem
import ImageFiles
import NeuralNetworks

/// The files of a folder with a subfolder for each class.
protocol LabeledFiles: Dataset {
  var classNames: [String] { get }
}

extension ImageFolder: LabeledFiles {}

extension TextFolder.Examples: LabeledFiles {
  var classNames: [String] { folder.classNames }
}

/// The parts of such a folder.
struct ClassFolderParts {
  /// Nil if only test data was requested.
  var train: Subset?
  var test: Subset
  let classNames: [String]
}

extension DataOptions {
  /// Lists the files of `--data`. From a folder with subfolders for classes, a fifth of the files, selected by `seed`, is
  /// used for testing. A folder with the folders train and test has one for each part.
  /// - Parameters:
  ///   - kind: The kind of the files, such as "pictures".
  ///   - list: Lists the files of a folder with the given classes; nil for all subfolders.
  func classFolders(
    _ part: Part, of kind: String, model: SavedModel?, seed: UInt64,
    list: (_ path: String, _ classNames: [String]?) throws -> any LabeledFiles
  ) throws -> ClassFolderParts {
    let path = data ?? ""
    let (trainPath, testPath) = (Folder.join(path, "train"), Folder.join(path, "test"))
    let hasParts = Folder.isFolder(trainPath) && Folder.isFolder(testPath)
    func whole(_ files: any LabeledFiles) -> Subset { limited(Subset(files, indices: Array(0..<files.count)), seed) }
    if part == .test {
      let all = try list(hasParts ? testPath : path, model?.classNames)
      return ClassFolderParts(test: whole(all), classNames: all.classNames)
    }
    let all = try list(hasParts ? trainPath : path, nil)
    if all.classNames.count == 1 {
      throw Failure("\(path): expected at least 2 classes, found one (\"\(all.classNames[0].shortened(to: 100))\")")
    }
    if hasParts {
      let test = try list(testPath, all.classNames)
      return ClassFolderParts(train: whole(all), test: whole(test), classNames: all.classNames)
    }
    let (train, test) = all.split(0.8, seed: seed)
    guard train.count > 0, test.count > 0 else {
      throw Failure("\(path): expected at least 3 \(kind) for training and testing, found \(all.count)")
    }
    return ClassFolderParts(train: limited(train, seed), test: limited(test, seed), classNames: all.classNames)
  }

  /// As many examples as `--limit` allows, at random: the first ones have the same class.
  private func limited(_ examples: Subset, _ seed: UInt64) -> Subset {
    guard let limit, limit < examples.count else { return examples }
    let (chosen, _) = examples.split(Double(limit) / Double(examples.count), seed: seed)
    return Subset(examples.base, indices: chosen.indices.map { examples.indices[$0] })
  }
}

extension Subset {
  /// Reads all examples, which have class indices as targets.
  /// - Parameter failure: Returns the error for too little memory.
  func tensors<Scalar: TensorScalar>(
    inputShape: [Int], as type: Scalar.Type, failure: (any Error) -> Failure
  ) throws -> TensorDataset {
    let size = inputShape.reduce(1, *)
    do { try HostMemory.check(count, of: 4 * size) } catch { throw failure(error) }
    var labels: [Int32] = []
    let inputs = try Tensor(shape: [count] + inputShape, pieceSize: 64 * size) { places in
      let batch = try batch(at: Array(places.lowerBound / size..<places.upperBound / size))
      labels += try batch.target.scalars(as: Int32.self)
      return try batch.input.scalars(as: type)
    }
    return TensorDataset(inputs, Tensor(labels, shape: [count]))
  }
}
