import Datasets
import NeuralNetworks

extension FuzzReader {
  static let csv = FuzzReader("csv") { path in
    // A table of numbers, one with a label that may be text, and one with columns of different kinds. A file may be only
    // the last of them.
    do {
      let table = try CSV.features(path)
      require(table.values.shape[1] == table.names.count, "csv: \(table.values.shape) for \(table.names.count) names")
      require(try table.values.scalars().allSatisfy(\.isFinite), "csv: a number is not finite")
    } catch is any NeuralNetworksError {}
    do {
      let labeled = try CSV.load(path)
      let classes = try labeled.data.targets.scalars(as: Int32.self)
      require(
        classes.allSatisfy { labeled.classNames.indices.contains(Int($0)) }, "csv: a class has no name")
    } catch is any NeuralNetworksError {}
    let frame = try CSV.frame(path)
    for column in frame.columns {
      require(column.count == frame.rowCount, "csv: \(column.count) values in \(frame.rowCount) rows")
      let known = frame.rowCount - column.missingCount
      require(column.statistics.count == known, "csv: statistics of \(column.statistics.count) of \(known) values")
    }
    var preprocessor = TablePreprocessor()
    try preprocessor.adapt(to: frame)
    let inputs = try preprocessor.inputs(of: frame)
    require(inputs.shape == [frame.rowCount, preprocessor.featureNames.count], "csv: inputs \(inputs.shape)")
    require(try inputs.scalars().allSatisfy(\.isFinite), "csv: an input is not finite")
  }
}
