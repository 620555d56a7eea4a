import HostSystem
import CommandSupport
import Datasets
import Files
import ModelFormats
import NeuralNetworks

/// The task for a table: requested, or detected from its labels.
struct TaskChoice {
  let task: LearningTask
  /// The reason for the choice; nil if it was requested.
  var reason: String?

  /// The maximum number of distinct integers that are usually classes.
  private static let mostClasses = 20
  /// The number of distinct whole numbers above which labels are values, regardless of the number of rows for each:
  /// otherwise, the labels of a large table would take many times the memory of its numbers.
  static let mostNumberedClasses = 10_000

  /// Chooses the task for labels that are text or integers; other labels are numbers with fractions.
  /// - Parameters:
  ///   - names: The distinct labels.
  ///   - rows: The number of examples.
  init(names: [String], rows: Int) {
    let distinct = names.count
    guard names.allSatisfy(Self.isWhole) else {
      self.init(task: .classification, reason: "the labels are text (\(distinct) classes)")
      return
    }
    let numbers = names.compactMap { Int($0) }
    let isNumbered =
      numbers.min() == 0 ? numbers.max() == distinct - 1 : numbers.min() == 1 && numbers.max() == distinct
    let isFew = distinct <= 2 || (distinct <= Self.mostClasses && rows >= 3 * distinct)
    if isFew || (isNumbered && rows >= 10 * distinct) {
      self.init(task: .classification, reason: "the labels are \(distinct) whole numbers")
    } else {
      self.init(
        task: .regression, reason: "the labels are \(distinct) different numbers in \(rows) rows, too many for classes")
    }
  }

  /// Rejects a table from which classes cannot be learned: there is only one class, or nearly every row has a different
  /// class, as in a column of names.
  func check(_ table: CSV.LabeledFrame, of path: String) throws {
    guard task == .classification else { return }
    let (names, rows) = (table.classNames, table.frame.rowCount)
    if names.count == 1 {
      throw Failure("\(path): expected at least 2 classes, found one (\"\(names[0].shortened(to: 100))\")")
    }
    if reason != nil, names.count > 100, rows < 2 * names.count {
      throw Failure(
        "\(path): the label has \(names.count) classes in \(rows) rows: choose another column with --label, or use "
          + "--task classification")
    }
  }

  /// Whether the text is a whole number of any length.
  private static func isWhole(_ text: String) -> Bool {
    let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
    return !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  init(task: LearningTask, reason: String? = nil) {
    self.task = task
    self.reason = reason
  }

  /// A description for the first lines of a training run: "regression: the labels have fractions (--task classification
  /// makes each number a class)".
  var text: String {
    guard let reason else { return task.rawValue }
    let other: LearningTask = task == .regression ? .classification : .regression
    return "\(task.rawValue): \(reason); use --task \(other.rawValue) for the other"
  }
}
