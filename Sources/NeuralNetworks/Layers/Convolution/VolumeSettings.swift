import BackendCore
import HostSystem

/// A size along the three axes of a volume: one number for all, or depth, height, and width.
///
/// ```swift
/// Conv3D(32, kernel: 3)
/// Conv3D(32, kernel: [1, 3, 3], stride: [1, 2, 2])
/// ```
public struct Extent3D: WindowExtent, ExpressibleByArrayLiteral {
  /// The number of planes, of rows, and of columns.
  public let depth, height, width: Int

  /// Creates a size from a depth, a height, and a width.
  public init(_ depth: Int, _ height: Int, _ width: Int) {
    (self.depth, self.height, self.width) = (depth, height, width)
  }

  /// Creates a size that is the same along all axes.
  public init(integerLiteral value: Int) { self.init(value, value, value) }

  /// Creates a size from `[depth, height, width]`.
  public init(arrayLiteral elements: Int...) {
    guard elements.count == 3 else {
      ProgrammerError.end("an extent of a volume is a depth, a height and a width, not \(elements)")
    }
    self.init(elements[0], elements[1], elements[2])
  }

  var numbers: [Int] { [depth, height, width] }
  var spatial: SpatialExtent { SpatialExtent(numbers) }
}

extension Extent3D: Codable {
  /// Decodes a size from `[depth, height, width]`, the encoded form, or from a single number for all.
  public init(from decoder: any Decoder) throws {
    if let single = try? decoder.singleValueContainer().decode(Int.self) {
      self.init(single, single, single)
      return
    }
    let numbers = try decoder.singleValueContainer().decode([Int].self)
    guard numbers.count == 3 else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "a depth, a height and a width are needed, not \(numbers)"))
    }
    self.init(numbers[0], numbers[1], numbers[2])
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(numbers)
  }
}

/// The padding at the edges of a volume.
public enum Padding3D: WindowEdge, ExpressibleByIntegerLiteral {
  /// No padding: windows stay inside.
  case valid
  /// For convolutions only: the amount that gives ⌈extent/stride⌉ outputs, divided evenly. An odd position goes at the
  /// end (Keras and TensorFlow).
  case same
  /// The given number of positions before and after each axis (PyTorch).
  case explicit(Extent3D)

  /// Creates the same padding on all sides.
  public init(integerLiteral value: Int) { self = .explicit(Extent3D(value, value, value)) }
}

extension Padding3D: Codable {
  /// Decodes a padding from "valid", "same", or a size as an `Extent3D`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let extent = try? container.decode(Extent3D.self) {
      self = .explicit(extent)
    } else {
      self = try Padding.named(container, nextTo: "and numbers") == .same ? .same : .valid
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .valid: try container.encode("valid")
    case .same: try container.encode("same")
    case .explicit(let extent): try container.encode(extent)
    }
  }
}

/// The movement of a window over volumes.
struct VolumeSettings: Sendable {
  var kernel: Extent3D
  var stride: Extent3D
  var padding: Padding3D
  var dilation: Extent3D = 1
  var paddingMode = PaddingMode.zeros

  /// Returns the number of positions before and after each axis of volumes of the given size.
  func edges(_ size: [Int]) -> [(before: Int, after: Int)] {
    switch padding {
    case .valid: return [(0, 0), (0, 0), (0, 0)]
    case .explicit(let extent): return extent.numbers.map { ($0, $0) }
    case .same:
      return size.indices.map { axis in
        let stride = stride.numbers[axis]
        let reach = (size[axis].dividedRoundingUp(by: stride) - 1) * stride
        let total = max(0, reach + (kernel.numbers[axis] - 1) * dilation.numbers[axis] + 1 - size[axis])
        return (total / 2, total - total / 2)
      }
    }
  }

  /// Throws an error for invalid settings, and for examples of a different rank.
  /// - Parameter inputShape: The shape of one example, `[C, D, H, W]`.
  func checkNumbers(layer: String, inputShape: [Int]) throws {
    func fail(_ reason: String) throws -> Never { throw ModelError.invalidConfiguration(layer: layer, reason: reason) }
    for (name, extent) in [("window", kernel), ("stride", stride), ("dilation", dilation)]
    where extent.numbers.contains(where: { !(1...SizeLimit.setting).contains($0) }) {
      try fail("a \(name) of \(extent.numbers); each number is from 1 to \(SizeLimit.setting)")
    }
    if case .explicit(let extent) = padding, extent.numbers.contains(where: { !(0...SizeLimit.setting).contains($0) }) {
      try fail("a padding of \(extent.numbers); each number is from 0 to \(SizeLimit.setting)")
    }
    guard inputShape.count == 4 else {
      try fail("an example is a volume [channels, depth, height, width], not \(inputShape)")
    }
  }

  /// Throws an error for invalid settings, and for examples that are smaller than the window.
  /// - Parameter inputShape: The shape of one example, `[C, D, H, W]`.
  func check(layer: String, inputShape: [Int], pools: Bool = false) throws {
    func fail(_ reason: String) throws -> Never { throw ModelError.invalidConfiguration(layer: layer, reason: reason) }
    try checkNumbers(layer: layer, inputShape: inputShape)
    if pools, padding == .same || paddingMode != .zeros {
      try fail("a padding \"same\", which pooling of volumes lacks")
    }
    let size = Array(inputShape.dropFirst())
    var positions: [Int] = []
    for (axis, edge) in edges(size).enumerated() {
      let limit = paddingMode.limit(for: size[axis])
      if max(edge.before, edge.after) > limit {
        try fail(
          "a padding of \(max(edge.before, edge.after)) for \(size[axis]) positions; at most \(limit) is possible")
      }
      if pools, 2 * edge.before > kernel.numbers[axis] {
        try fail("a padding of \(edge.before) is more than half of the window \(kernel.numbers)")
      }
      let room = size[axis] + edge.before + edge.after - (kernel.numbers[axis] - 1) * dilation.numbers[axis] - 1
      if room < 0 { try fail("a window of \(kernel.numbers) is larger than the volume of \(size) with its padding") }
      positions.append(room / stride.numbers[axis] + 1)
    }
    try WindowSettings.checkSize(layer: layer, positions)
  }
}
