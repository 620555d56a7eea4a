import BackendCore

/// An operand read through a layout.
struct View {
  let name: String
  let layout: Layout
  /// The number of elements in the operand's buffer.
  let count: Int
  /// The first element of the layout, for reversed layouts.
  let start: Int

  /// Row-major.
  static func dense(_ shape: Shape) -> View {
    View(name: "\(shape)", layout: Layout(dense: shape), count: shape.count, start: 0)
  }

  /// A dense buffer of shape `source`, read as `target` by broadcasting.
  static func broadcast(_ source: Shape, to target: Shape) -> View {
    View(
      name: "\(source) as \(target)", layout: Layout(broadcasting: source, to: target), count: source.count, start: 0)
  }

  /// A dense buffer of shape `source`, with its axes read in a different order.
  static func permuted(_ source: Shape, _ order: [Int]) -> View {
    let dense = Strides(dense: source)
    let layout = Layout(shape: Shape(order.map { source[$0] }), strides: Strides(order.map { dense[$0] }))
    return View(name: "\(source) permuted \(order)", layout: layout, count: source.count, start: 0)
  }

  /// A vector read from its end.
  static func reversed(_ count: Int) -> View {
    View(
      name: "[\(count)] reversed", layout: Layout(shape: [count], strides: Strides([-1])), count: count,
      start: count - 1)
  }
}

/// Two operands of one shape.
struct ViewPair {
  let first, second: View

  var name: String { "\(first.name) with \(second.name)" }
  /// The number of elements in the result.
  var count: Int { first.layout.shape.count }

  /// Vectors of every size, and every way of broadcasting and permuting.
  static let all = Special.sizes.map { ViewPair(first: .dense([$0]), second: .dense([$0])) } + few

  static let few: [ViewPair] = [
    ViewPair(first: .dense([]), second: .dense([])),
    ViewPair(first: .dense([0, 3]), second: .broadcast([3], to: [0, 3])),
    ViewPair(first: .dense([33, 7]), second: .broadcast([7], to: [33, 7])),
    ViewPair(first: .dense([33, 7]), second: .broadcast([33, 1], to: [33, 7])),
    ViewPair(first: .broadcast([], to: [129]), second: .dense([129])),
    ViewPair(first: .broadcast([33, 1], to: [33, 7]), second: .broadcast([1, 7], to: [33, 7])),
    ViewPair(first: .dense([3, 4, 5]), second: .broadcast([3, 1, 5], to: [3, 4, 5])),
    ViewPair(first: .broadcast([3, 1, 1], to: [2, 3, 5, 4]), second: .dense([2, 3, 5, 4])),
    ViewPair(first: .permuted([31, 129], [1, 0]), second: .dense([129, 31])),
    ViewPair(first: .permuted([5, 3, 4], [1, 2, 0]), second: .permuted([4, 5, 3], [2, 0, 1])),
    ViewPair(first: .reversed(127), second: .dense([127])),
    ViewPair(
      first: .broadcast([2, 1, 3, 2, 1, 4], to: [2, 5, 3, 2, 3, 4]),
      second: .broadcast([5, 1, 2, 3, 1], to: [2, 5, 3, 2, 3, 4])),
  ]
}
