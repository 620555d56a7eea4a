import BackendCore

/// How the positions around a tensor are filled (PyTorch's `padding_mode` of convolutions, and its `pad`).
public enum PaddingMode: String, Codable, Sendable, Hashable, CaseIterable {
  /// Zeros: 0 0 | a b c | 0 0.
  case zeros
  /// The tensor, mirrored at its first and last position: c b | a b c | b a.
  case reflect
  /// The first and the last position, repeated: a a | a b c | c c.
  case replicate
  /// The tensor, repeated: b c | a b c | a b.
  case circular
}

extension Tensor {
  /// Pads this tensor with `value`, with one pair of widths per axis.
  public func padded(_ widths: [(before: Int, after: Int)], with value: Double = 0) -> Tensor {
    checked {
      let shape = try Checks.padded(extents, widths)
      if dtype != .bool { try Checks.scalar("padded", self, value) }
      if shape == extents { return self }
      let strides = Strides(dense: shape)
      let offset = widths.enumerated().reduce(0) { $0 + $1.element.before * strides[$1.offset] }
      return scattered(into: shape, strides, offset: offset, filledWith: value)
    }
  }

  /// Pads this tensor by a rule, with one pair of widths per axis. Axes are padded one after another, so corners are
  /// filled from padded edges.
  ///
  /// As in PyTorch, a width is less than the extent of its axis for `.reflect`, and at most the extent for `.circular`;
  /// `.replicate` needs at least one position. For constants other than 0, use `padded(_:with:)`.
  public func padded(_ widths: [(before: Int, after: Int)], mode: PaddingMode) -> Tensor {
    checked {
      if mode == .zeros { return padded(widths) }
      _ = try Checks.padded(extents, widths)
      for (axis, width) in widths.enumerated() {
        let extent = extents[axis]
        let limit = mode == .reflect ? Swift.max(extent - 1, 0) : mode == .circular ? extent : extent == 0 ? 0 : .max
        if width.before > limit || width.after > limit {
          try Checks.fail(
            "padded",
            "a width of \(width) along axis \(axis) of shape \(extents); at most \(limit) is possible with .\(mode)")
        }
      }
      return widths.indices.reduce(self) { $0.extended(axis: $1, widths[$1], mode) }
    }
  }

  /// Pads one axis.
  private func extended(axis: Int, _ width: (before: Int, after: Int), _ mode: PaddingMode) -> Tensor {
    if width.before == 0 && width.after == 0 { return self }
    let extent = extents[axis]
    let before: Tensor
    let after: Tensor
    switch mode {
    case .reflect:
      before = narrowed(axis: axis, from: 1, count: width.before).flipped(axis: axis)
      after = narrowed(axis: axis, from: extent - 1 - width.after, count: width.after).flipped(axis: axis)
    case .circular:
      before = narrowed(axis: axis, from: extent - width.before, count: width.before)
      after = narrowed(axis: axis, from: 0, count: width.after)
    case .zeros, .replicate:
      before = narrowed(axis: axis, from: 0, count: 1).repeated(width.before, axis: axis)
      after = narrowed(axis: axis, from: extent - 1, count: 1).repeated(width.after, axis: axis)
    }
    return Tensor.concatenated([before, self, after].filter { $0.extents[axis] > 0 }, axis: axis)
  }
}

extension Checks {
  /// Returns a shape with a frame around it.
  fileprivate static func padded(_ extents: Shape, _ widths: [(before: Int, after: Int)]) throws -> Shape {
    if widths.count != extents.rank { try fail("padded", "\(widths.count) pairs of widths for shape \(extents)") }
    var shape = extents
    for (axis, width) in widths.enumerated() {
      if width.before < 0 || width.after < 0 { try fail("padded", "a width of \(width) for shape \(extents)") }
      let (frame, isTooWide) = width.before.addingReportingOverflow(width.after)
      let (extent, isTooLong) = shape[axis].addingReportingOverflow(frame)
      if isTooWide || isTooLong {
        try fail("padded", "shape \(extents) with a frame of \(width) cannot be counted")
      }
      shape[axis] = extent
    }
    return try countable("padded", shape)
  }
}
