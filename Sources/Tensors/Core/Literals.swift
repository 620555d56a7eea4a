/// What stands in an array literal of a tensor: a number, or a row of further elements. A type of its own, so that literals
/// add no candidates to the operators.
public struct TensorLiteral: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral
{
  private enum Content: Sendable {
    case number(Float)
    case elements([TensorLiteral])
  }
  private let content: Content

  public init(floatLiteral value: Float) { content = .number(value) }
  public init(integerLiteral value: Int) { content = .number(Float(value)) }
  public init(arrayLiteral elements: TensorLiteral...) { content = .elements(elements) }

  /// Appends the numbers in row-major order, checking that each row at one depth has one length.
  fileprivate func collect(into scalars: inout [Float], shape: inout [Int], depth: Int) throws {
    switch content {
    case .number(let number):
      if depth != shape.count {
        try Checks.fail("literal", "a number stands where a row of \(shape[depth]) is expected")
      }
      scalars.append(number)
    case .elements(let elements):
      if depth == shape.count {
        if !scalars.isEmpty { try Checks.fail("literal", "a row stands where a number is expected") }
        shape.append(elements.count)
      } else if shape[depth] != elements.count {
        try Checks.fail("literal", "rows of \(shape[depth]) and of \(elements.count) elements stand side by side")
      }
      for element in elements { try element.collect(into: &scalars, shape: &shape, depth: depth + 1) }
    }
  }
}

extension Tensor: ExpressibleByArrayLiteral {
  /// `let x: Tensor = [[1, 2], [3, 4]]`: float32 always, on the CPU.
  public init(arrayLiteral elements: TensorLiteral...) {
    self = checked {
      var scalars: [Float] = []
      var shape = [elements.count]
      for element in elements { try element.collect(into: &scalars, shape: &shape, depth: 1) }
      return Tensor(scalars, shape: shape)
    }
  }
}
