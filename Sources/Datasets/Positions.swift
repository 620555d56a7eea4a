import NeuralNetworks

/// Checks the positions of a batch.
/// - Throws: `TrainingError.noSuchExample` for a position out of range.
package func checkPositions(_ positions: [Int], below count: Int) throws {
  if let bad = positions.first(where: { $0 < 0 || $0 >= count }) {
    throw TrainingError.noSuchExample(index: bad, count: count)
  }
}
