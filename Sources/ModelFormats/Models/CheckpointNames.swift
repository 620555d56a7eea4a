/// The names of the tensors that a checkpoint holds beside weights.
enum CheckpointNames {
  /// The optimizer's state.
  static let optimizer = "optimizer/"
  /// The sums of the unfinished epoch.
  static let values = "values/"

  /// What a callback keeps; callbacks are numbered as the head lists them.
  static func callback(_ number: Int) -> String { "callback/\(number)/" }

  /// False for weights.
  static func isBesideWeights(_ name: String) -> Bool {
    [optimizer, values, "callback/"].contains { name.hasPrefix($0) }
  }

  /// The tensors whose names begin with a prefix, without it.
  static func part<Value>(_ prefix: String, of tensors: [(name: String, value: Value)]) -> [(
    name: String, value: Value
  )] {
    tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.value) }
  }
}
