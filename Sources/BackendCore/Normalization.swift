/// What `Backend.normalize` does with each row of a matrix.
public struct NormalizationShape: Sendable, Hashable {
  /// How many rows there are.
  public var rows: Int
  /// How many elements a row has.
  public var columns: Int
  /// True where the mean is subtracted first, as layer normalisation does; false for the root mean square.
  public var isCentred: Bool
  /// What is added to the variance.
  public var epsilon: Double

  /// A normalisation of rows.
  public init(rows: Int, columns: Int, isCentred: Bool, epsilon: Double) {
    self.rows = rows
    self.columns = columns
    self.isCentred = isCentred
    self.epsilon = epsilon
  }
}
