/// The normalization that `Backend.normalize` applies to each row of a matrix.
public struct NormalizationShape: Sendable, Hashable {
  /// The number of rows.
  public var rows: Int
  /// The number of elements per row.
  public var columns: Int
  /// Whether the mean is subtracted first, as in layer normalization; false for the root mean square.
  public var isCentered: Bool
  /// The constant added to the variance.
  public var epsilon: Double

  /// Creates a normalization of rows.
  public init(rows: Int, columns: Int, isCentered: Bool, epsilon: Double) {
    self.rows = rows
    self.columns = columns
    self.isCentered = isCentered
    self.epsilon = epsilon
  }
}
