/// An element of a tensor's array literal: a number or a row of further elements. It is a separate type, so that
/// literals do not add candidates to the operators.
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

  /// Appends the numbers in row-major order, and checks that all rows at the same depth have equal lengths.
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
  /// Creates a float32 tensor on the CPU from an array literal: `let x: Tensor = [[1, 2], [3, 4]]`.
  public init(arrayLiteral elements: TensorLiteral...) {
    self = checked {
      var scalars: [Float] = []
      var shape = [elements.count]
      for element in elements { try element.collect(into: &scalars, shape: &shape, depth: 1) }
      return Tensor(scalars, shape: shape)
    }
  }
}
