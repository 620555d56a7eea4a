import BackendCore

/// One number for each spatial axis: the length of sequences `[N, C, L]`, the height and width of images
/// `[N, C, H, W]`, or the depth, height, and width of volumes `[N, C, D, H, W]`. A single number is used for all axes.
///
/// ```swift
/// x.maxPooled(2)
/// x.maxPooled([3, 2], stride: [2, 1])
/// ```
public struct SpatialExtent: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  private let numbers: [Int]

  /// Creates the same number for all axes.
  public init(_ number: Int) { numbers = [number] }
  /// Creates one number per axis, outermost axis first.
  public init(_ numbers: [Int]) { self.numbers = numbers }
  public init(integerLiteral value: Int) { self.init(value) }
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// Returns one number per axis, after checking their number and size.
  func perAxis(_ operation: StaticString, _ name: String, _ x: Tensor, atLeast least: Int) throws -> [Int] {
    let axes = x.rank - 2
    if numbers.count != 1 && numbers.count != axes {
      try Checks.fail(
        operation, "a \(name) of \(numbers) for shape \(x.extents); it has one number, or one for each of \(axes) axes")
    }
    if let wrong = numbers.first(where: { $0 < least || $0 > Int32.max }) {
      try Checks.fail(
        operation, "a \(name) of \(wrong) for shape \(x.extents); it is at least \(least) and at most \(Int32.max)")
    }
    return numbers.count == 1 ? Array(repeating: numbers[0], count: axes) : numbers
  }
}

/// The windows of an operation over sequences, images, or volumes, with one number per spatial axis.
struct SpatialWindows {
  let kernel, stride, padding, dilation: [Int]
  /// The number of positions after each axis; nil if it is the same as before it.
  var trailing: [Int]?

  init(
    _ operation: StaticString, _ x: Tensor, kernel: SpatialExtent, stride: SpatialExtent, padding: SpatialExtent,
    dilation: SpatialExtent
  ) throws {
    if !(3...5).contains(x.rank) {
      try Checks.fail(
        operation, "the input has the shape \(x.extents); it is [N, C, L], [N, C, H, W] or [N, C, D, H, W]")
    }
    self.kernel = try kernel.perAxis(operation, "window", x, atLeast: 1)
    self.stride = try stride.perAxis(operation, "stride", x, atLeast: 1)
    self.padding = try padding.perAxis(operation, "padding", x, atLeast: 0)
    self.dilation = try dilation.perAxis(operation, "dilation", x, atLeast: 1)
  }

  /// The windows over the last two axes. Sequences are images of one row.
  var planes: WindowGeometry {
    kernel.count == 1 ? geometry(nil, 0) : geometry(kernel.count - 2, kernel.count - 1)
  }

  /// The windows over the depth of volumes, which is the height of images with the flattened planes as their width.
  var depth: WindowGeometry { geometry(0, nil) }

  private func geometry(_ height: Int?, _ width: Int?) -> WindowGeometry {
    func pair(_ numbers: [Int], _ other: Int) -> (height: Int, width: Int) {
      (height.map { numbers[$0] } ?? other, width.map { numbers[$0] } ?? other)
    }
    let (before, after) = (pair(padding, 0), pair(trailing ?? padding, 0))
    return WindowGeometry(
      kernel: pair(kernel, 1), stride: pair(stride, 1), dilation: pair(dilation, 1),
      padding: (before.height, after.height, before.width, after.width))
  }

  /// Checks that the windows fit into the spatial axes of an input.
  func checkFit(_ operation: StaticString, in x: Tensor) throws {
    // Each of the products is less than 2⁶².
    let isTooLarge = kernel.indices.contains { axis in
      (kernel[axis] - 1) * dilation[axis] + 1 - 2 * padding[axis] > x.extents[axis + 2]
    }
    if isTooLarge {
      try Checks.fail(
        operation,
        "a window of \(kernel.map(String.init).joined(separator: "x")) is larger than the input of shape \(x.extents) "
          + "with its padding", hint: "pad more, or use a smaller window or dilation")
    }
  }

  /// Returns the positions of the windows along the depth of volumes.
  func depthAxis(_ operation: StaticString, of x: Tensor) throws -> WindowAxis {
    try depth.axes(operation, height: x.extents[2], width: 1, x.extents).0
  }
}
