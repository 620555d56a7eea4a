/// What a window sees beyond the ends of a sequence.
public enum Padding1D: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// Nothing: windows lie inside.
  case valid
  /// As much as gives ⌈length/stride⌉ outputs, divided evenly; an odd position goes behind (Keras and TensorFlow).
  case same
  /// This many positions before and behind (PyTorch).
  case explicit(Int)

  public init(integerLiteral value: Int) { self = .explicit(value) }

  /// The same beside an image of one row.
  var ofRow: Padding {
    switch self {
    case .valid: .valid
    case .same: .same
    case .explicit(let count): .explicit(0, count)
    }
  }
}

extension Padding1D: Codable {
  /// Written as "valid", "same" or a number.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .explicit(count)
      return
    }
    switch try container.decode(String.self) {
    case "valid": self = .valid
    case "same": self = .same
    case let name:
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "there is no padding \"\(name)\"; there are valid, same, and a number")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .valid: try container.encode("valid")
    case .same: try container.encode("same")
    case .explicit(let count): try container.encode(count)
    }
  }
}
