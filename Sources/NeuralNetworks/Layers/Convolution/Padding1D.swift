/// The zero padding at the ends of a sequence.
public enum Padding1D: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// No padding: windows stay inside.
  case valid
  /// The amount that gives ⌈length/stride⌉ outputs, divided evenly. An odd position goes at the end (Keras and
  /// TensorFlow).
  case same
  /// The given number of positions at the start and at the end (PyTorch).
  case explicit(Int)

  public init(integerLiteral value: Int) { self = .explicit(value) }

  /// The padding of the equivalent image with one row.
  var ofRow: Padding {
    switch self {
    case .valid: .valid
    case .same: .same
    case .explicit(let count): .explicit(0, count)
    }
  }
}

extension Padding1D: Codable {
  /// Decodes a padding from "valid", "same", or a number.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .explicit(count)
    } else {
      self = try Padding.named(container, nextTo: "a number") == .same ? .same : .valid
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
