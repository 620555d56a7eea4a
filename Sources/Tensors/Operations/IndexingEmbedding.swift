import BackendCore

extension Tensor {
  /// Rows of a table `[tokens, width]` for int32 tokens of any shape. No gradient reaches the row of the padding token.
  package func embedded(_ tokens: Tensor, padding: Int?) -> Tensor {
    guard let padding, let tape = Tape.recording(node) else { return rows(at: tokens) }
    if tape.isNested {
      let y = rows(at: tokens)
      return y.replacing(with: y.detached(), where: (tokens .== padding).expanded(axis: -1))
    }
    var y = detached().rows(at: tokens)
    // An index below 0 is dropped by the scatter that the gradient is.
    let counted = tokens.replacing(with: -1, where: tokens .== padding)
    y.node = tape.append(
      .gatherRows(GatherRowsRecord(x: Operand(self), indices: Operand(counted, keeping: true), axis: 0)))
    return y
  }
}
