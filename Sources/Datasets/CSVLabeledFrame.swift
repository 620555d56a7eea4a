import NeuralNetworks

extension CSV {
  /// A table with a label for each row.
  package struct LabeledFrame {
    /// The columns other than the label.
    package let frame: DataFrame
    /// int32 class indices `[count]`, or float32 values `[count, 1]`.
    package let targets: Tensor
    /// The class names by class index; empty for values.
    package let classNames: [String]
  }

  /// Reads a table with labels.
  /// - Parameters:
  ///   - path: The file.
  ///   - label: The label column, which is not one of the columns of the frame.
  ///   - target: Whether labels are classes or values.
  ///   - mostNumbers: The maximum number of distinct whole numbers that count as new classes.
  ///   - options: The options of the other columns.
  /// - Throws: `DataError`; `LabelsAreValues` at the first label that shows that the labels are not classes, if there is
  ///   a limit of numbers.
  package static func labeledFrame(
    _ path: String, label: Column, target: Target, mostNumbers: Int? = nil, options: FrameOptions
  ) throws -> LabeledFrame {
    let labels: CSVTable.Labels =
      switch target {
      case .value: .values
      case .classes(nil): .newClasses(mostNumbers: mostNumbers ?? .max)
      case .classes: .knownClasses
      }
    let read = CSVFrameReader(path, options)
    let (frame, table) = try read.read(label: label, labels: labels, isDetecting: mostNumbers != nil)
    switch target {
    case .classes(let names):
      let names = names ?? table.distinctLabels()
      return LabeledFrame(frame: frame, targets: Tensor(try table.classIndices(names)), classNames: names)
    case .value:
      let targets = Tensor(table.labelValues, shape: [table.rowCount, 1])
      return LabeledFrame(frame: frame, targets: targets, classNames: [])
    }
  }
}
