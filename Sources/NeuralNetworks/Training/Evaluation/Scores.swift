import HostSystem

/// The results of `evaluate`.
public struct Scores: Sendable, Hashable, CustomStringConvertible {
  /// The mean of the loss over all examples.
  public let loss: Double
  /// The names of the scores: "loss", the losses of the outputs if there are several, then the metrics in the order of
  /// `compile`.
  public let names: [String]
  private let values: [String: Double]
  private let matrices: [String: [[Double]]]

  init(loss: Double, metrics: [(String, Double)], matrices: [String: [[Double]]]) {
    self.loss = loss
    names = ["loss"] + metrics.map(\.0)
    values = Dictionary(metrics + [("loss", loss)], uniquingKeysWith: { first, _ in first })
    self.matrices = matrices
  }

  /// The metric with this name, or the loss; nil if there is none.
  public subscript(_ name: String) -> Double? { values[name] }

  /// Returns the table of a metric, such as "confusion_matrix", by rows; nil if there is none.
  public func matrix(_ name: String) -> [[Double]]? { matrices[name] }

  /// The scores as text: "loss 0.3412  accuracy 0.8770".
  public var description: String {
    names.map { "\($0.onOneLine) \(NumberText.short(values[$0] ?? .nan))" }.joined(separator: "  ")
  }
}
