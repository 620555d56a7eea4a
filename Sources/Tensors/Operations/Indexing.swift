import BackendCore

/// An index in the subscript of a tensor: an integer, a range, a stride, an array of positions, `.all`, `.ellipsis`, or
/// `.newAxis`. Negative positions count from the end.
public protocol TensorIndex: Sendable {
  /// The selection along the axis of this index.
  var selection: AxisSelection { get }
}

/// A selection along one axis.
public struct AxisSelection: TensorIndex {
  enum Kind: Sendable {
    /// One position; the axis is removed.
    case index(Int)
    /// Consecutive positions; nil means the end of the axis.
    case range(lower: Int?, upper: Int?, isClosed: Bool)
    case strided(StrideTo<Int>)
    /// Positions in any order, which may be repeated.
    case positions([Int])
    case all
    /// All axes that are not indexed otherwise.
    case ellipsis
    /// An additional axis of extent 1.
    case newAxis
  }
  let kind: Kind

  public var selection: AxisSelection { self }
}

extension TensorIndex where Self == AxisSelection {
  /// The whole axis.
  public static var all: AxisSelection { AxisSelection(kind: .all) }
  /// All axes that the other indices do not select.
  public static var ellipsis: AxisSelection { AxisSelection(kind: .ellipsis) }
  /// A new axis of extent 1.
  public static var newAxis: AxisSelection { AxisSelection(kind: .newAxis) }
}

extension Int: TensorIndex { public var selection: AxisSelection { AxisSelection(kind: .index(self)) } }
extension Range: TensorIndex where Bound == Int {
  public var selection: AxisSelection {
    AxisSelection(kind: .range(lower: lowerBound, upper: upperBound, isClosed: false))
  }
}
extension ClosedRange: TensorIndex where Bound == Int {
  public var selection: AxisSelection {
    AxisSelection(kind: .range(lower: lowerBound, upper: upperBound, isClosed: true))
  }
}
extension PartialRangeFrom: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(kind: .range(lower: lowerBound, upper: nil, isClosed: false)) }
}
extension PartialRangeUpTo: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(kind: .range(lower: nil, upper: upperBound, isClosed: false)) }
}
extension PartialRangeThrough: TensorIndex where Bound == Int {
  public var selection: AxisSelection { AxisSelection(kind: .range(lower: nil, upper: upperBound, isClosed: true)) }
}
extension StrideTo: TensorIndex where Element == Int {
  /// The positions in the sequence; a negative step reverses the axis.
  public var selection: AxisSelection { AxisSelection(kind: .strided(self)) }
}

extension Array: TensorIndex where Element == Int {
  /// These positions, in any order and also repeated. A subscript takes at most one array.
  public var selection: AxisSelection { AxisSelection(kind: .positions(self)) }
}

extension Tensor {
  /// The elements at these indices, one index for each axis starting with the first. Axes without an index are selected
  /// completely. Leading positions share the memory of this tensor; other selections are copied.
  ///
  /// Assigning changes only this tensor, in place if nothing else references its memory. The value is broadcast to the
  /// selection. Gradients flow through both reading and assigning.
  ///
  /// ```swift
  /// x[0], x[-1], x[.all, 2], x[0..<1, 1...], x[.ellipsis, ..<2], x[.newAxis, 0...1]
  /// x[stride(from: 0, to: 10, by: 2)], x[[3, 0, 3]], x[.all, [1, -1]]
  /// x[0, 1..<3] = [7, 8]
  /// ```
  public subscript(_ indices: any TensorIndex...) -> Tensor {
    get {
      checked {
        let selections = try Region.completed(indices.map(\.selection.kind), extents)
        guard let list = try PositionList(selections, of: extents) else {
          return part(try Region(selections, of: extents))
        }
        return part(try Region(list.others, of: extents)).rows(at: list.tensor(on: device), axis: list.axis)
      }
    }
    set {
      checked {
        let selections = try Region.completed(indices.map(\.selection.kind), extents)
        guard let list = try PositionList(selections, of: extents) else {
          return try assign(newValue, to: Region(selections, of: extents))
        }
        _ = try Checks.sameDevice("subscript", self, newValue)
        try Checks.sameDType("subscript", self, newValue)
        let region = try Region(list.others, of: extents)
        var selected = region.shape
        selected[list.axis] = list.positions.count
        try Checks.assignment(newValue.extents, to: selected)
        let value = newValue.broadcast(to: selected)
        let rows = part(region).scattered(value, at: list.tensor(on: device), axis: list.axis, by: .replacement)
        try assign(rows, to: region)
      }
    }
  }

  private func part(_ region: Region) -> Tensor { strided(region.shape, region.strides, offset: region.offset) }

  fileprivate mutating func assign(_ value: Tensor, to region: Region) throws {
    let name: StaticString = "subscript"
    let target = try Checks.sameDevice(name, self, value)
    try Checks.sameDType(name, self, value)
    try Checks.assignment(value.extents, to: region.shape)
    let tape = Tape.recording(node, value.node)
    let x = Operand(self)
    if let poison = value.storage.poison {
      self = Tensor(poison: poison, extents, dtype, on: target)
      return
    }
    if !isStorageUniquelyReferenced() { self = copied() }
    node = .constant
    if region.shape.count > 0 {
      let strides = Strides(broadcasting: value.extents, to: region.shape)
      overwrite { backend, y in
        try backend.copyStrided(
          value.operand, strides, shape: region.shape, into: y.advanced(by: region.offset), region.strides,
          accumulating: false)
      }
    }
    if let tape {
      node = tape.append(.replacement(ReplacementRecord(x: x, value: Operand(value), region: region)))
    }
  }
}

/// A part of a dense tensor: a shape and the locations of its elements.
struct Region {
  var shape: Shape
  var strides: Strides
  var offset: Int

  /// Creates the region that the selections, one for each axis, describe in a tensor of shape `extents`.
  fileprivate init(_ selections: [AxisSelection.Kind], of extents: Shape) throws {
    let dense = Strides(dense: extents)
    var shape: [Int] = []
    var steps: [Int] = []
    var (axis, offset) = (0, 0)
    for selection in selections {
      if case .newAxis = selection {
        shape.append(1)
        steps.append(0)
        continue
      }
      let resolved = try Region.resolve(selection, axis, extents)
      offset += resolved.first * dense[axis]
      if let count = resolved.count {
        shape.append(count)
        steps.append(resolved.step * dense[axis])
      }
      axis += 1
    }
    self.shape = try Checks.extents("subscript", shape)
    strides = Strides(steps)
    self.offset = self.shape.count == 0 ? 0 : offset
  }

  /// Returns the selections with the ellipsis expanded, one for each axis.
  fileprivate static func completed(_ kinds: [AxisSelection.Kind], _ extents: Shape) throws -> [AxisSelection.Kind] {
    var taken = 0
    var ellipsis: Int?
    for (position, kind) in kinds.enumerated() {
      switch kind {
      case .newAxis: break
      case .ellipsis:
        if ellipsis != nil { try Checks.fail("subscript", "there are two ellipses for shape \(extents)") }
        ellipsis = position
      default: taken += 1
      }
    }
    if taken > extents.rank { try Checks.fail("subscript", "\(taken) indices for shape \(extents)") }
    var result = kinds
    let rest = Array(repeating: AxisSelection.Kind.all, count: extents.rank - taken)
    if let ellipsis {
      result.replaceSubrange(ellipsis...ellipsis, with: rest)
    } else {
      result += rest
    }
    return result
  }

  /// Returns the first position, the step, and the count; the count is nil if the axis is removed.
  private static func resolve(
    _ selection: AxisSelection.Kind, _ axis: Int, _ extents: Shape
  ) throws -> (first: Int, step: Int, count: Int?) {
    let extent = extents[axis]
    func refuse(_ what: String) throws -> Never { try Checks.outside(what, axis, extents) }
    func position(_ index: Int, through last: Int, _ what: String) throws -> Int {
      let result = index < 0 ? index + extent : index
      if result < 0 || result > last { try refuse(what) }
      return result
    }
    switch selection {
    case .all, .ellipsis, .newAxis, .positions: return (0, 1, extent)
    case .index(let index): return (try position(index, through: extent - 1, "index \(index)"), 1, nil)
    case .range(let lower, let upper, let isClosed):
      let what = "range \(lower.map(String.init) ?? "")\(isClosed ? "..." : "..<")\(upper.map(String.init) ?? "")"
      let first = try position(lower ?? 0, through: extent, what)
      // -2..<0 extends to the end.
      let isToEnd = upper == nil || (upper == 0 && !isClosed && (lower ?? 0) < 0)
      let end = isToEnd ? extent : try position(upper ?? 0, through: extent, what) + (isClosed ? 1 : 0)
      if end < first || end > extent { try refuse(what) }
      return (first, 1, end - first)
    case .strided(let positions):
      // Never inspects more positions than the axis can have.
      let some = Array(positions.prefix(extent + 1))
      guard let first = some.first else { return (0, 1, 0) }
      let step = some.count == 1 ? 1 : some[1] - first
      let what = "stride from \(first) by \(step)"
      let start = try position(first, through: extent - 1, what)
      let (last, overflow) = start.addingReportingOverflow(some[some.count - 1] - first)
      if overflow || last < 0 || last >= extent { try refuse(what) }
      return (start, step, some.count)
    }
  }
}

/// The array of positions among the selections of a subscript.
private struct PositionList {
  /// Positions of the axis, from 0 on.
  let positions: [Int32]
  /// The axis in the part of the tensor that the other selections describe.
  let axis: Int
  /// The selections, with the whole axis in place of the array.
  let others: [AxisSelection.Kind]

  /// Returns nil if there is no array.
  init?(_ selections: [AxisSelection.Kind], of extents: Shape) throws {
    var (others, found) = (selections, (positions: [Int32], axis: Int)?.none)
    var (axis, kept) = (0, 0)
    for (place, selection) in selections.enumerated() {
      if case .positions(let list) = selection {
        if found != nil { try Checks.fail("subscript", "there are two arrays of positions for shape \(extents)") }
        found = (try list.map { try PositionList.position($0, axis, extents) }, kept)
        others[place] = .all
      }
      switch selection {
      case .newAxis: kept += 1
      case .index: axis += 1
      case .range, .strided, .positions, .all, .ellipsis: (axis, kept) = (axis + 1, kept + 1)
      }
    }
    guard let found else { return nil }
    (positions, self.axis, self.others) = (found.positions, found.axis, others)
  }

  private static func position(_ index: Int, _ axis: Int, _ extents: Shape) throws -> Int32 {
    let position = index < 0 ? index + extents[axis] : index
    guard position >= 0 && position < extents[axis], let result = Int32(exactly: position) else {
      try Checks.outside("index \(index)", axis, extents)
    }
    return result
  }

  func tensor(on device: Device) -> Tensor { Tensor(integers: positions.map(Int.init), on: device) }
}

extension Checks {
  static func outside(_ what: String, _ axis: Int, _ extents: Shape) throws -> Never {
    try fail("subscript", "\(what) is out of range for axis \(axis) of shape \(extents)")
  }

  static func assignment(_ value: Shape, to region: Shape) throws {
    var fits = true
    for axis in value.axes {
      let extent = value[axis]
      let position = axis + region.rank - value.rank
      if position < 0 { fits = fits && extent == 1 } else { fits = fits && (extent == 1 || extent == region[position]) }
    }
    if !fits || value.rank > region.rank {
      try fail("subscript", "a value of shape \(value) does not fit the selection, of shape \(region)")
    }
  }
}

/// y = x with some elements replaced by the value.
struct ReplacementRecord: GradientRule {
  let x, value: Operand
  let region: Region

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    pass.accumulate(dy.strided(region.shape, region.strides, offset: region.offset), to: value)
    if !pass.needsGradient(x) { return }
    let rest = checked {
      var rest = dy
      try rest.assign(dy.constant(0), to: region)
      return rest
    }
    pass.accumulate(rest, to: x)
  }
}
