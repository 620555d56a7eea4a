import CommandSupport
import Datasets
import Files
import ModelFormats
import NeuralNetworks

/// CSV files as examples.
extension DataOptions {
  /// Loads a table. From a single file, a fifth of the rows, selected by `seed`, is used for testing. A folder has one
  /// file for each part.
  func table(_ part: Part, model: SavedModel?, seed: UInt64) throws -> Examples {
    let path = data ?? ""
    let isFolder = Folder.isFolder(path)
    if let model { return try testTable(isFolder ? Folder.join(path, "test.csv") : path, model) }
    guard isFolder else { return try splitTable(path, seed: seed) }
    let (trainPath, testPath) = (Folder.join(path, "train.csv"), Folder.join(path, "test.csv"))
    let (train, choice) = try read(trainPath)
    try choice.check(train, of: trainPath)
    let preprocessor = try adapted(to: train.frame, rows: nil, of: trainPath)
    let target: CSV.Target = choice.task == .regression ? .value : .classes(names: train.classNames)
    let test = try CSV.labeledFrame(
      testPath, label: column, target: target, options: columns.frameOptions(header).reading(preprocessor))
    return Examples(
      train: try dataset(train, preprocessor, nil, trainPath), test: try dataset(test, preprocessor, nil, testPath),
      classNames: train.classNames, choice: choice, scaling: .none, source: trainPath, isTable: true,
      preprocessor: preprocessor)
  }

  /// The rows of a file, divided at random.
  private func splitTable(_ path: String, seed: UInt64) throws -> Examples {
    let (all, choice) = try read(path)
    let rows = TensorDataset(all.targets, all.targets).split(0.8, seed: seed)
    let (train, test) = (rows.0.indices, rows.1.indices)
    guard train.count > 0, test.count > 0 else {
      throw Failure("\(path): expected at least 3 rows for training and testing, found \(all.frame.rowCount)")
    }
    try choice.check(all, of: path)
    let preprocessor = try adapted(to: all.frame, rows: train, of: path)
    return Examples(
      train: try dataset(all, preprocessor, train, path), test: try dataset(all, preprocessor, test, path),
      classNames: all.classNames, choice: choice, scaling: .none, source: path, isTable: true,
      preprocessor: preprocessor)
  }

  /// All rows of a file, to test a model. A model without a preprocessor takes numbers alone.
  private func testTable(_ path: String, _ model: SavedModel) throws -> Examples {
    let target: CSV.Target = model.task == .regression ? .value : .classes(names: model.classNames)
    var test: TensorDataset
    if let preprocessor = model.preprocessor {
      let options = columns.frameOptions(header).reading(preprocessor)
      let table = try CSV.labeledFrame(path, label: column, target: target, options: options)
      test = try dataset(table, preprocessor, nil, path)
    } else {
      test = try CSV.load(path, label: column, target: target, header: header.isThere).data
    }
    test = test.prefix(limit)
    return Examples(
      train: nil, test: test, classNames: model.classNames, choice: TaskChoice(task: model.task), scaling: .none,
      source: path, isTable: true)
  }

  /// The columns of a table with the decisions about them.
  private func adapted(to frame: DataFrame, rows: [Int]?, of path: String) throws -> TablePreprocessor {
    var preprocessor = TablePreprocessor()
    try naming(path) { try preprocessor.adapt(to: frame, rows: rows) }
    preprocessor.missingTexts = columns.missingTexts
    return preprocessor
  }

  /// Some rows of a table as examples; `rows` is nil for all.
  private func dataset(
    _ table: CSV.LabeledFrame, _ preprocessor: TablePreprocessor, _ rows: [Int]?, _ path: String
  ) throws -> TensorDataset {
    let inputs = try naming(path) { try preprocessor.inputs(of: table.frame, rows: rows) }
    return TensorDataset(inputs, try rows.map { try table.targets.rows(at: $0) } ?? table.targets).prefix(limit)
  }

  private func naming<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as TableError { throw Failure("\(path): \(error)") }
  }

  /// Reads a table to train on, with the requested or the detected task.
  private func read(_ path: String) throws -> (table: CSV.LabeledFrame, choice: TaskChoice) {
    func values() throws -> CSV.LabeledFrame {
      try CSV.labeledFrame(path, label: column, target: .value, options: columns.frameOptions(header))
    }
    switch task.task {
    case .regression: return (try values(), TaskChoice(task: .regression))
    case .classification: return (try classes(path, mostNumbers: nil), TaskChoice(task: .classification))
    case nil:
      let (classes, choice) = try detected(path)
      return (try classes ?? values(), choice)
    }
  }

  private func classes(_ path: String, mostNumbers: Int?) throws -> CSV.LabeledFrame {
    try CSV.labeledFrame(
      path, label: column, target: .classes(), mostNumbers: mostNumbers, options: columns.frameOptions(header))
  }

  /// Loads the table with classes, or returns the reason why its labels are values, without the table, to free its
  /// memory.
  private func detected(_ path: String) throws -> (table: CSV.LabeledFrame?, choice: TaskChoice) {
    do {
      let table = try classes(path, mostNumbers: TaskChoice.mostNumberedClasses)
      let choice = TaskChoice(names: table.classNames, rows: table.frame.rowCount)
      return (choice.task == .classification ? table : nil, choice)
    } catch let labels as CSV.LabelsAreValues {
      return (nil, TaskChoice(task: .regression, reason: labels.reason))
    }
  }

  private var column: CSV.Column { CSV.Column(word: label) }
}

extension CSV.Column {
  /// The column that a user names: first, last, a number from 1, or a name.
  init(word: String) {
    switch word {
    case "first": self = .first
    case "last": self = .last
    default: self = Int(word).map { .index($0 &- 1) } ?? .named(word)
    }
  }
}
