import HostSystem

/// The zero padding at the edges of an image.
public enum Padding: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// No padding: windows stay inside.
  case valid
  /// The amount that gives ⌈extent/stride⌉ outputs, divided evenly. An odd position goes at the end (Keras and
  /// TensorFlow).
  case same
  /// The given number of positions above and below, and to the left and to the right (PyTorch).
  case explicit(Int, Int)

  /// Creates the same padding on all sides.
  public init(integerLiteral value: Int) { self = .explicit(value, value) }

  /// Returns the number of positions before and after an axis.
  func positions(_ extent: Int, kernel: Int, stride: Int, dilation: Int, isHeight: Bool) -> (before: Int, after: Int) {
    switch self {
    case .valid: return (0, 0)
    case .explicit(let vertical, let horizontal):
      let count = isHeight ? vertical : horizontal
      return (count, count)
    case .same:
      let outputs = extent.dividedRoundingUp(by: stride)
      let total = max(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - extent)
      return (total / 2, total - total / 2)
    }
  }
}

extension Padding: Codable {
  /// Decodes a padding from "valid", "same", or `[vertical, horizontal]`, the encoded forms, or from a single number
  /// for both.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let extent = try? container.decode(Extent2D.self) {
      self = .explicit(extent.height, extent.width)
    } else {
      self = try Padding.named(container, nextTo: "and numbers") == .same ? .same : .valid
    }
  }

  /// A padding with a name.
  enum Name: String { case valid, same }

  /// Decodes the name of a padding.
  /// - Parameter others: The other valid values, for the error message.
  static func named(_ container: any SingleValueDecodingContainer, nextTo others: String) throws -> Name {
    let text = try container.decode(String.self)
    if let name = Name(rawValue: text) { return name }
    throw DecodingError.dataCorruptedError(
      in: container, debugDescription: "unknown padding \"\(text)\"; expected valid, same, \(others)")
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

/// The zero padding at the ends of a sequence.
public enum Padding1D: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// No padding: windows stay inside.
  case valid
  /// The amount that gives ⌈length/stride⌉ outputs, divided evenly. An odd position goes at the end (Keras and
  /// TensorFlow).
  case same
  /// The given number of positions at the start and at the end (PyTorch).
  case explicit(Int)
  /// For a `Conv1D` only: as many positions at the start as make each output depend on no later input (Keras).
  case causal

  public init(integerLiteral value: Int) { self = .explicit(value) }

  /// The padding of the equivalent image with one row, except `causal`, which images do not have.
  var ofRow: Padding {
    switch self {
    case .valid: .valid
    case .same: .same
    case .explicit(let count): .explicit(0, count)
    case .causal: .valid
    }
  }
}

extension Padding1D: Codable {
  /// Decodes a padding from "valid", "same", "causal", or a number.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .explicit(count)
    } else if (try? container.decode(String.self)) == "causal" {
      self = .causal
    } else {
      self = try Padding.named(container, nextTo: "causal, and a number") == .same ? .same : .valid
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .valid: try container.encode("valid")
    case .same: try container.encode("same")
    case .explicit(let count): try container.encode(count)
    case .causal: try container.encode("causal")
    }
  }
}
