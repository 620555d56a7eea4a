/// The names of the tensors in a checkpoint other than weights.
enum CheckpointNames {
  /// The state of the optimizer.
  static let optimizer = "optimizer/"
  /// The running sums of the unfinished epoch.
  static let values = "values/"

  /// The state of a callback; callbacks are numbered in the order of the header.
  static func callback(_ number: Int) -> String { "callback/\(number)/" }

  /// Whether a tensor is not a weight.
  static func isNextToWeights(_ name: String) -> Bool {
    [optimizer, values, "callback/"].contains { name.hasPrefix($0) }
  }

  /// Returns the tensors with names that start with a prefix, without the prefix.
  static func part<Value>(_ prefix: String, of tensors: [(name: String, value: Value)]) -> [(
    name: String, value: Value
  )] {
    tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.value) }
  }
}
