import ArgumentParser
import CommandSupport

/// The data that `nn` knows.
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

/// Where the examples come from, the same on every command.
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
      valueName: "path"))
  var data: String?

  @Flag(help: "mnist, fashion-mnist: fetch the files that --data lacks.")
  var download = false

  @Option(
    help: ArgumentHelp("csv: the column of the class: first, last, a number from 1, or a name.", valueName: "column"))
  var label = "last"

  @Option(
    help: ArgumentHelp("Use only the first examples, of those to train on and of those to test on.", valueName: "count")
  )
  var limit: Int?

  func validate() throws {
    if let column = Int(label), column < 1 {
      throw ValidationError("--label \(column): columns have numbers from 1 on")
    }
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected at least 1") }
    switch dataset {
    case .mnist, .fashionMNIST, .csv:
      if data == nil { throw ValidationError("--dataset \(dataset.rawValue) needs --data, the path of the files") }
    default:
      if data != nil { throw ValidationError("--dataset \(dataset.rawValue) is generated and takes no --data") }
    }
    if download && dataset != .mnist && dataset != .fashionMNIST {
      throw ValidationError("--download is for mnist and fashion-mnist")
    }
  }
}
