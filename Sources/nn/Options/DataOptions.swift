import ArgumentParser
import CommandSupport
import Datasets
import Files
import ModelFormats
import NeuralNetworks

/// The data sets known to `nn`.
enum DatasetName: String, ExpressibleByArgument, CaseIterable {
  case generated
  case mnist
  case fashionMNIST = "fashion-mnist"
  case images
  case texts
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
      generated (28x28 pictures drawn by the program), mnist, fashion-mnist, images (PNG and JPEG files), texts (UTF-8 files), \
      csv, or points in the plane: blobs, moons, circles, spirals, xor.
      """)
  var dataset: DatasetName = .generated

  @Option(
    help: ArgumentHelp(
      """
      mnist, fashion-mnist: the folder of the four IDX files. images, texts: a folder with a folder of files for each class, \
      or with such folders train and test. csv: a file, or a folder with train.csv and test.csv.
      """,
      valueName: "path"), completion: .file())
  var data: String?

  @Flag(help: "mnist, fashion-mnist: download the files that are missing from --data.")
  var download = false

  @Option(
    help: ArgumentHelp(
      "images: the height and width to which pictures are resized, as in 64 or 48,64. (default: 64)",
      valueName: "pixels"),
    transform: Extents.init(word:))
  var imageSize: Extents?

  @Flag(help: "images: use gray pictures.")
  var gray = false

  @Option(
    help: ArgumentHelp(
      "texts: the number of words that are told apart, the most frequent ones. (default: 20000)", valueName: "count"))
  var vocabulary: Int?

  @Option(
    help: ArgumentHelp(
      "texts: the number of words of a text that are used, from its beginning. (default: 250)", valueName: "count"))
  var length: Int?

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
    help: ArgumentHelp(
      "Use only the first examples of the training data and of the test data; images, texts: so many at random.",
      valueName: "count")
  )
  var limit: Int?

  @OptionGroup var columns: ColumnOptions

  /// The maximum height and width of the inputs made from pictures.
  static let largestImageSize = 4096

  /// The maximum of `--vocabulary` and `--length`.
  static let mostWords = 1_000_000

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
    case .mnist, .fashionMNIST, .images, .texts, .csv:
      if data == nil { throw ValidationError("--dataset \(dataset.rawValue) needs --data, the path of the files") }
    default:
      if data != nil { throw ValidationError("--dataset \(dataset.rawValue) is generated and takes no --data") }
    }
    if task == .regression && dataset != .csv {
      throw ValidationError("--task regression: \(dataset.rawValue) has classes; values are in csv files")
    }
    if let sides = imageSize?.extents {
      guard sides.count <= 2, sides.allSatisfy({ $0 <= DataOptions.largestImageSize }) else {
        throw ValidationError(
          "--image-size: expected one or two numbers from 1 to \(DataOptions.largestImageSize), as in 64 or 48,64")
      }
    }
    if dataset != .images, imageSize != nil || gray {
      throw ValidationError("--image-size and --gray are for images")
    }
    if columns.isUsed && dataset != .csv {
      throw ValidationError("--only, --drop, --kind, and --missing are for training on csv")
    }
    for (name, number) in [("--vocabulary", vocabulary), ("--length", length)] {
      guard let number else { continue }
      if dataset != .texts { throw ValidationError("\(name) is for texts") }
      if !(1...DataOptions.mostWords).contains(number) {
        throw ValidationError("\(name) \(number): expected 1 to \(DataOptions.mostWords)")
      }
    }
    if download && dataset != .mnist && dataset != .fashionMNIST {
      throw ValidationError("--download is for mnist and fashion-mnist")
    }
  }
}

/// The possible values of `--task`.
enum TaskOption: String, ExpressibleByArgument, CaseIterable {
  /// The task in the model's file or, if there is none, the task detected from the labels.
  case auto
  case classification
  case regression

  /// The requested task; nil to detect it.
  var task: LearningTask? { LearningTask(rawValue: rawValue) }
}

/// Positions of examples, such as "0,7,100-104".
struct Positions {
  let positions: [Int]

  init(word: String) throws {
    positions = try word.split(separator: ",", omittingEmptySubsequences: false).flatMap { part in
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], last >= first
      else { throw ValidationError("expected positions from 0, as in 0,7,100-104") }
      guard last - first < 1 << 20 else {
        throw ValidationError("expected ranges of at most 1048576 positions, found \(part)")
      }
      return Array(first...last)
    }
  }
}
