import CommandSupport
import Datasets
import Files
import ModelFormats
import NeuralNetworks

/// CSV files as examples.
extension DataOptions {
  /// The interpretation of a table's labels: from a model, as requested, or detected.
  private enum Labels {
    case known(CSV.Target)
    case unknown
  }

  /// Loads a table. From a single file, a fifth of the rows, selected by `seed`, is used for testing. A folder has one
  /// file for each part.
  func table(_ part: Part, model: SavedModel?, seed: UInt64) throws -> Examples {
    let path = data ?? ""
    let labels = labels(of: model)
    guard Folder.isFolder(path) else {
      let (all, choice) = try read(path, labels)
      if part == .test { return examples(nil, all.data, all, choice, path) }
      let (train, test) = all.data.split(0.8, seed: seed)
      guard train.count > 0, test.count > 0 else {
        throw Failure("\(path): expected at least 3 rows for training and testing, found \(all.data.count)")
      }
      if model == nil { try choice.check(all, of: path) }
      return examples(try all.data.part(train), try all.data.part(test), all, choice, path)
    }
    let testPath = Folder.join(path, "test.csv")
    if part == .test {
      let (test, choice) = try read(testPath, labels)
      return examples(nil, test.data, test, choice, testPath)
    }
    let trainPath = Folder.join(path, "train.csv")
    let (train, choice) = try read(trainPath, labels)
    try choice.check(train, of: trainPath)
    let target: CSV.Target = choice.task == .regression ? .value : .classes(names: train.classNames)
    let (test, _) = try read(testPath, .known(target))
    guard train.featureNames.count == test.featureNames.count else {
      throw Failure(
        "\(testPath): expected \(train.featureNames.count) features, as in \(trainPath), found \(test.featureNames.count)"
      )
    }
    return examples(train.data, test.data, train, choice, trainPath)
  }

  private func labels(of model: SavedModel?) -> Labels {
    if let model { return .known(model.task == .regression ? .value : .classes(names: model.classNames)) }
    switch task.task {
    case .regression: return .known(.value)
    case .classification: return .known(.classes())
    case nil: return .unknown
    }
  }

  private func read(_ path: String, _ labels: Labels) throws -> (table: CSVDataset, choice: TaskChoice) {
    if case .known(let target) = labels {
      let table = try CSV.load(path, label: column, target: target, header: header.isThere)
      return (table, TaskChoice(task: target == .value ? .regression : .classification))
    }
    let (classes, choice) = try classes(path)
    if let classes { return (classes, choice) }
    return (try CSV.load(path, label: column, target: .value, header: header.isThere), choice)
  }

  /// Loads the table with classes, or returns the reason why its labels are values, without the table, to free its
  /// memory.
  private func classes(_ path: String) throws -> (table: CSVDataset?, choice: TaskChoice) {
    do {
      let table = try CSV.loadClasses(
        path, label: column, header: header.isThere, mostNumbers: TaskChoice.mostNumberedClasses)
      let choice = TaskChoice(names: table.classNames, rows: table.data.count)
      return (choice.task == .classification ? table : nil, choice)
    } catch let labels as CSV.LabelsAreValues {
      return (nil, TaskChoice(task: .regression, reason: labels.reason))
    }
  }

  private var column: CSV.Column {
    switch label {
    case "first": .first
    case "last": .last
    default: Int(label).map { .index($0 - 1) } ?? .named(label)
    }
  }

  private func examples(
    _ train: TensorDataset?, _ test: TensorDataset, _ table: CSVDataset, _ choice: TaskChoice, _ path: String
  ) -> Examples {
    Examples(
      train: train?.prefix(limit), test: test.prefix(limit), classNames: table.classNames, choice: choice,
      scaling: .none, source: path, isTable: true)
  }
}
