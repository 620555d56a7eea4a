/// The names of what a checkpoint holds beside weights.
enum CheckpointNames {
  private static let optimizerPrefix = "optimizer/"

  /// The name of a tensor of the optimizer's state in a file that holds weights too.
  static func optimizer(_ name: String) -> String { optimizerPrefix + name }

  static func isOptimizer(_ name: String) -> Bool { name.hasPrefix(optimizerPrefix) }

  /// The name within the state; nil for a weight.
  static func withoutOptimizer(_ name: String) -> String? {
    isOptimizer(name) ? String(name.dropFirst(optimizerPrefix.count)) : nil
  }
}
