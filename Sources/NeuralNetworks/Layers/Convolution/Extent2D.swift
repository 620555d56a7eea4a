/// A size along the two axes of an image: one number for both, or height and width.
///
/// ```swift
/// Conv2D(32, kernel: 3)
/// Conv2D(32, kernel: [3, 5], stride: [2, 1])
/// ```
public struct Extent2D: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// The number of rows and the number of columns.
  public let height, width: Int

  /// Creates a size from a height and a width.
  /// - Parameters:
  ///   - height: The number of rows.
  ///   - width: The number of columns.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// Creates a size that is the same along both axes.
  public init(integerLiteral value: Int) { self.init(value, value) }

  /// Creates a size from `[height, width]`.
  public init(arrayLiteral elements: Int...) {
    guard elements.count == 2 else {
      ProgrammerError.end("an extent of an image is a height and a width, not \(elements)")
    }
    self.init(elements[0], elements[1])
  }

  var pair: (height: Int, width: Int) { (height, width) }
}

extension Extent2D: Codable {
  /// Decodes a size from `[height, width]`, the encoded form, or from a single number for both.
  public init(from decoder: any Decoder) throws {
    if let single = try? decoder.singleValueContainer().decode(Int.self) {
      self.init(single, single)
      return
    }
    let numbers = try decoder.singleValueContainer().decode([Int].self)
    guard numbers.count == 2 else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "a height and a width are needed, not \(numbers)"))
    }
    self.init(numbers[0], numbers[1])
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode([height, width])
  }
}

extension Extent2D: CustomStringConvertible {
  /// The size as text: "3x5".
  public var description: String { "\(height)x\(width)" }
}
