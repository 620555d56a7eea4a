import ArgumentParser
import CommandSupport
import Datasets
import NeuralNetworks

/// The columns of a table and their contents.
struct ColumnOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "csv: train on this column: a name or a number from 1; repeat it for others. (default: all columns)",
      valueName: "column"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "csv: do not train on this column: a name or a number from 1; can be repeated.", valueName: "column"))
  var drop: [String] = []

  @Option(
    help: ArgumentHelp(
      "csv: the kind of a column, as in zip=category: number, category, or date; can be repeated. (default: detected)",
      valueName: "column=kind"),
    transform: StatedKind.init(word:))
  var kind: [StatedKind] = []

  @Option(
    help: ArgumentHelp(
      "csv: a text that represents a missing value, in addition to those of pandas and '?'; can be repeated.",
      valueName: "text"))
  var missing: [String] = []

  /// The texts that stand for missing values, if they are not the default.
  var missingTexts: [String]? { missing.isEmpty ? nil : CSV.missingTexts.union(missing).sorted() }

  /// The options for reading a table to train on.
  func frameOptions(_ header: HeaderChoice) -> CSV.FrameOptions {
    var options = CSV.FrameOptions()
    options.columns = only.isEmpty ? nil : only.map(CSV.Column.init(word:))
    options.dropped = drop.map(CSV.Column.init(word:))
    options.kinds = Dictionary(kind.map { ($0.column, $0.kind) }) { _, last in last }
    options.missing.formUnion(missing)
    options.header = header.isThere
    return options
  }

  func validate() throws {
    for word in only + drop {
      if let number = Int(word), number < 1 { throw ValidationError("\(word): columns are numbered from 1") }
    }
  }

  /// Whether an option was given.
  var isUsed: Bool { !(only.isEmpty && drop.isEmpty && kind.isEmpty && missing.isEmpty) }

  /// Rejects the options for a model, which has decided about its columns.
  func checkUnused(with file: String) throws {
    if isUsed {
      throw Failure.usage(
        "--only, --drop, --kind, and --missing are for training; \(file) has decided about its columns")
    }
  }
}

/// A column with its kind, such as "zip=category".
struct StatedKind {
  let column: CSV.Column
  let kind: ColumnKind

  init(word: String) throws {
    guard let sign = word.lastIndex(of: "="), let kind = ColumnKind(rawValue: String(word[word.index(after: sign)...]))
    else {
      let kinds = ColumnKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("expected a column and one of \(kinds), as in zip=category")
    }
    if let number = Int(word[..<sign]), number < 1 { throw ValidationError("columns are numbered from 1") }
    column = CSV.Column(word: String(word[..<sign]))
    self.kind = kind
  }
}
