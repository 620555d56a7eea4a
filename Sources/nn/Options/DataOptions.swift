import ArgumentParser
import CommandSupport
import Files

/// The data sets known to `nn`.
enum DatasetName: String, ExpressibleByArgument, CaseIterable {
  case generated
  case mnist
  case fashionMNIST = "fashion-mnist"
  case csv
  case blobs
  case moons
  case circles
  case spirals
  case xor
}

/// Whether the first line of a table names its columns.
enum HeaderChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, yes, no

  /// Whether there is a header; nil to detect it.
  var isThere: Bool? { self == .auto ? nil : self == .yes }
}

/// The source of the examples, with the same options for every command.
struct DataOptions: ParsableArguments {
  @Option(
    help: """
      generated (28x28 pictures drawn by the program), mnist, fashion-mnist, csv, or points in the plane: blobs, moons, \
      circles, spirals, xor.
      """)
  var dataset: DatasetName = .generated

  @Option(
    help: ArgumentHelp(
      "mnist, fashion-mnist: the folder of the four IDX files. csv: a file, or a folder with train.csv and test.csv.",
      valueName: "path"), completion: .file())
  var data: String?

  @Flag(help: "mnist, fashion-mnist: download the files that are missing from --data.")
  var download = false

  @Option(
    help: ArgumentHelp(
      "csv: the column of the class or the value: first, last, a number from 1, or a name.", valueName: "column"))
  var label = "last"

  @Option(
    help: ArgumentHelp(
      "csv: whether the first line names the columns: yes, no, or auto (names are not numbers).", valueName: "choice"))
  var header: HeaderChoice = .auto

  @Option(
    help: ArgumentHelp(
      "csv: whether to predict a class or a value; auto decides by the labels and prints the reason.", valueName: "task"
    ))
  var task: TaskOption = .auto

  @Option(
    help: ArgumentHelp("Use only the first examples of the training data and of the test data.", valueName: "count")
  )
  var limit: Int?

  /// Adds the files of a table, which are known before they are read.
  func addFiles(to files: inout NamedFiles) {
    guard dataset == .csv, let data else { return }
    if Folder.isFolder(data) {
      for name in ["train.csv", "test.csv"] { files.reads(Folder.join(data, name), "--data") }
    } else {
      files.reads(data, "--data")
    }
  }

  func validate() throws {
    if let column = Int(label), column < 1 {
      throw ValidationError("--label \(column): columns are numbered from 1")
    }
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected at least 1") }
    switch dataset {
    case .mnist, .fashionMNIST, .csv:
      if data == nil { throw ValidationError("--dataset \(dataset.rawValue) needs --data, the path of the files") }
    default:
      if data != nil { throw ValidationError("--dataset \(dataset.rawValue) is generated and takes no --data") }
    }
    if task == .regression && dataset != .csv {
      throw ValidationError("--task regression: \(dataset.rawValue) has classes; values are in csv files")
    }
    if download && dataset != .mnist && dataset != .fashionMNIST {
      throw ValidationError("--download is for mnist and fashion-mnist")
    }
  }
}
