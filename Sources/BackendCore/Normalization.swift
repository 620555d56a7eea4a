/// The normalization that `Backend.normalize` applies to each row of a matrix.
public struct NormalizationShape: Sendable, Hashable {
  /// The number of rows.
  public var rows: Int
  /// The number of elements per row.
  public var columns: Int
  /// True where the mean is subtracted first, as layer normalization does; false for the root mean square.
  public var isCentered: Bool
  /// The constant added to the variance.
  public var epsilon: Double

  /// A normalization of rows.
  public init(rows: Int, columns: Int, isCentered: Bool, epsilon: Double) {
    self.rows = rows
    self.columns = columns
    self.isCentered = isCentered
    self.epsilon = epsilon
  }
}
