/// What a window sees beyond the edges of an image.
public enum Padding: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// Nothing: windows lie inside.
  case valid
  /// As much as gives ⌈extent/stride⌉ outputs, divided evenly; an odd position goes behind (Keras and TensorFlow).
  case same
  /// This many positions above and below, and to the left and to the right (PyTorch).
  case explicit(Int, Int)

  /// The same on all sides.
  public init(integerLiteral value: Int) { self = .explicit(value, value) }

  /// The positions before and after an axis.
  func positions(_ extent: Int, kernel: Int, stride: Int, dilation: Int, isHeight: Bool) -> (before: Int, after: Int) {
    switch self {
    case .valid: return (0, 0)
    case .explicit(let vertical, let horizontal):
      let count = isHeight ? vertical : horizontal
      return (count, count)
    case .same:
      let outputs = (extent + stride - 1) / stride
      let total = max(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - extent)
      return (total / 2, total - total / 2)
    }
  }
}

extension Padding: Codable {
  /// Written as "valid", "same" or `[vertical, horizontal]`; one number is read for both.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let extent = try? container.decode(Extent2D.self) {
      self = .explicit(extent.height, extent.width)
      return
    }
    switch try container.decode(String.self) {
    case "valid": self = .valid
    case "same": self = .same
    case let name:
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "there is no padding \"\(name)\"; there are valid, same, and numbers")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .valid: try container.encode("valid")
    case .same: try container.encode("same")
    case .explicit(let vertical, let horizontal): try container.encode(Extent2D(vertical, horizontal))
    }
  }
}
