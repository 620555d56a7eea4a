import NeuralNetworks

/// An end of a sequence: Keras' "pre" and "post".
public enum SequenceEnd: String, Sendable, Hashable, Codable, CaseIterable {
  /// The first elements.
  case start
  /// The last elements.
  case end
}

extension Collection where Element: Collection, Element.Element: TensorScalar {
  /// Converts sequences of different lengths to a tensor `[count, length]` (Keras' `pad_sequences`, where both `padding`
  /// and `truncation` are at the start by default).
  ///
  /// ```swift
  /// let tokens: [[Int32]] = [[1], [2, 3], [4, 5, 6]]
  /// print(tokens.padded(to: 2))            // [[1, 0], [2, 3], [4, 5]]
  /// ```
  /// - Parameters:
  ///   - length: The length of all rows, at least 0; nil for the length of the longest sequence.
  ///   - value: The element that is added to shorter sequences.
  ///   - padding: Where it is added.
  ///   - truncation: Where elements of longer sequences are removed.
  public func padded(
    to length: Int? = nil, value: Element.Element = .init(converting: 0), padding: SequenceEnd = .end,
    truncation: SequenceEnd = .end
  ) -> Tensor {
    let length = length ?? reduce(0) { Swift.max($0, $1.count) }
    if length < 0 { ProgrammerError.end("padded(to:): the length is at least 0, not \(length)") }
    requireMemory(for: "padded(to: \(length))", Swift.max(count, 1), of: 4 * Swift.min(length, .max / 4))
    var elements: [Element.Element] = []
    elements.reserveCapacity(count * length)
    for sequence in self {
      let missing = repeatElement(value, count: Swift.max(length - sequence.count, 0))
      if padding == .start { elements += missing }
      elements += truncation == .start ? sequence.suffix(length) : sequence.prefix(length)
      if padding == .end { elements += missing }
    }
    return Tensor(elements, shape: [count, length])
  }
}
