/// The layouts of a `[rows, columns]` matrix, of a column with one value per row, and of a row with one value per
/// column.
struct RowTable {
  let rows, columns: Int

  /// For reducing each row to one value.
  var rowReduction: AxisShape { AxisShape(outer: rows, extent: columns, inner: 1) }
  /// For reducing each column to one value.
  var columnReduction: AxisShape { AxisShape(outer: 1, extent: rows, inner: columns) }
  var dense: Layout { Layout(dense: [rows, columns]) }
  /// `[rows]`, read as `[rows, columns]`.
  var oneForEachRow: Layout { Layout(shape: [rows, columns], strides: Strides([1, 0])) }
  /// `[columns]`, read as `[rows, columns]`.
  var oneForEachColumn: Layout { Layout(shape: [rows, columns], strides: Strides([0, 1])) }
}
