import Datasets
import NeuralNetworks

extension FuzzReader {
  static let csv = FuzzReader("csv") { path in
    // The label may be text if features are numbers.
    do {
      let table = try CSV.features(path)
      require(table.values.shape[1] == table.names.count, "csv: \(table.values.shape) for \(table.names.count) names")
      require(try table.values.scalars().allSatisfy(\.isFinite), "csv: a number is not finite")
    } catch is any NeuralNetworksError {}
    let labeled = try CSV.load(path)
    let classes = try labeled.data.targets.scalars(as: Int32.self)
    require(
      classes.allSatisfy { labeled.classNames.indices.contains(Int($0)) }, "csv: a class has no name")
  }
}
