/// The extents of a tensor: an inline value with up to `Shape.maximumRank` axes, so creating one does not allocate
/// memory.
///
/// ```swift
/// let images: Shape = [32, 28, 28]
/// images.count     // 25088 elements
/// images[-1]       // 28: negative axes count from the end
/// ```
@frozen
public struct Shape: Sendable {
  /// The maximum number of axes.
  @inlinable public static var maximumRank: Int { 8 }

  @usableFromInline var extents: InlineArray<8, Int>
  /// The number of axes; 0 for a scalar.
  public let rank: Int

  /// Creates the shape of a scalar.
  @inlinable public init() {
    extents = InlineArray(repeating: 1)
    rank = 0
  }

  /// Creates a shape of `rank` axes, all with the same extent.
  @inlinable public init(rank: Int, repeating extent: Int) {
    guard rank >= 0 && rank <= Shape.maximumRank else { Shape.refuse(rank: rank) }
    extents = InlineArray(repeating: 1)
    self.rank = rank
    for axis in 0..<rank { extents[axis] = extent }
  }

  /// Creates the shape of a matrix.
  @inlinable public init(_ rows: Int, _ columns: Int) {
    extents = InlineArray(repeating: 1)
    rank = 2
    extents[0] = rows
    extents[1] = columns
  }

  /// Creates a shape from its extents, outermost axis first.
  @inlinable public init(_ extents: some Collection<Int>) {
    self.init(rank: extents.count, repeating: 1)
    var axis = 0
    for extent in extents {
      self.extents[axis] = extent
      axis += 1
    }
  }

  /// The number of elements: the product of the extents, 1 for a scalar.
  @inlinable public var count: Int {
    var product = 1
    for axis in 0..<rank { product *= extents[axis] }
    return product
  }

  /// The extent of an axis; negative axes count from the end.
  @inlinable public subscript(axis: Int) -> Int {
    get { extents[axis < 0 ? axis + rank : axis] }
    set { extents[axis < 0 ? axis + rank : axis] = newValue }
  }

  /// The extents as an array, outermost first.
  @inlinable public var array: [Int] {
    var result: [Int] = []
    result.reserveCapacity(rank)
    for axis in 0..<rank { result.append(extents[axis]) }
    return result
  }

  /// The axes `0..<rank`.
  @inlinable public var axes: Range<Int> { 0..<rank }

  @usableFromInline static func refuse(rank: Int) -> Never {
    fatalError("a shape has at most \(maximumRank) axes, not \(rank)")
  }
}

extension Shape: Hashable {
  @inlinable public static func == (a: Shape, b: Shape) -> Bool {
    guard a.rank == b.rank else { return false }
    for axis in 0..<a.rank where a.extents[axis] != b.extents[axis] { return false }
    return true
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(rank)
    for axis in 0..<rank { hasher.combine(extents[axis]) }
  }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  @inlinable public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The extents in array notation: `[32, 784]`.
  public var description: String { array.description }
}
