import BackendCore

extension Tensor {
  /// Returns rows of a table `[tokens, width]` for int32 tokens of any shape. The row of the padding token gets no
  /// gradient.
  package func embedded(_ tokens: Tensor, padding: Int?) -> Tensor {
    guard let padding, let tape = Tape.recording(node) else { return rows(at: tokens) }
    if tape.isNested {
      let y = rows(at: tokens)
      return y.replacing(with: y.detached(), where: (tokens .== padding).expanded(axis: -1))
    }
    var y = detached().rows(at: tokens)
    // The gradient is a scatter, which ignores negative indices.
    let counted = tokens.replacing(with: -1, where: tokens .== padding)
    y.node = tape.append(
      .gatherRows(GatherRowsRecord(x: Operand(self), indices: Operand(counted, keeping: true), axis: 0)))
    return y
  }
}
