import BackendCore

extension Tensor {
  /// Concatenates tensors along an axis. Their other extents must agree.
  public static func concatenated(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    checked {
      guard let first = tensors.first else { try Checks.fail("concatenated", "there are no tensors") }
      if tensors.count == 1 { return first }
      let axis = try Checks.axis("concatenated", axis, first.extents)
      var (extents, device) = (first.extents, first.device)
      extents[axis] = 0
      for tensor in tensors {
        try Checks.sameDType("concatenated", first, tensor)
        if try Checks.sameDevice("concatenated", first, tensor).isShapeOnly { device = .shapes }
        var expected = first.extents
        if tensor.rank == first.rank { expected[axis] = tensor.extents[axis] }
        if tensor.extents != expected {
          try Checks.fail(
            "concatenated", "shapes \(first.extents) and \(tensor.extents) differ in axes other than \(axis)",
            hint: "use stacked(_:axis:) for a new axis")
        }
      }
      guard let extent = Checks.sum(tensors.lazy.map { $0.extents[axis] }) else {
        try Checks.fail(
          "concatenated", "axis \(axis) of shapes \(tensors.map(\.extents)) has more elements than can be counted")
      }
      extents[axis] = extent
      try Checks.countable("concatenated", extents)
      var y = joined(tensors, axis, extents, on: device)
      if let tape = Tape.recording(all: tensors.lazy.map(\.node)) {
        y.node = tape.append(.concatenation(ConcatenationRecord(operands: tensors.map { Operand($0) }, axis: axis)))
      }
      return y
    }
  }

  private static func joined(_ tensors: [Tensor], _ axis: Int, _ extents: Shape, on device: Device) -> Tensor {
    let dtype = tensors[0].dtype
    if let failed = tensors.first(where: { $0.isPoisoned }) {
      return poisoned(by: failed, failed, failed, extents, dtype, on: device)
    }
    let strides = Strides(dense: extents)
    return launch(extents, dtype, on: device) { backend, y in
      var start = 0
      for tensor in tensors where tensor.count > 0 {
        let destination = y.advanced(by: start * strides[axis])
        if axis == 0 {
          try backend.copy(tensor.slice, count: tensor.count, into: destination)
        } else {
          try backend.copyStrided(
            tensor.slice, Strides(dense: tensor.extents), shape: tensor.extents, into: destination, strides,
            accumulating: false)
        }
        start += tensor.extents[axis]
      }
    }
  }

  /// Stacks tensors of the same shape along a new axis.
  public static func stacked(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    checked {
      if tensors.isEmpty { try Checks.fail("stacked", "there are no tensors") }
      for tensor in tensors where tensor.extents != tensors[0].extents {
        try Checks.fail("stacked", "shapes \(tensors[0].extents) and \(tensor.extents) differ")
      }
      let position = axis < 0 ? axis + tensors[0].rank + 1 : axis
      if position < 0 || position > tensors[0].rank { try Checks.badAxis("stacked", axis, tensors[0].extents) }
      return concatenated(tensors.map { $0.expanded(axis: position) }, axis: position)
    }
  }

  /// Splits this tensor into `parts` pieces of equal size along an axis.
  public func split(parts: Int, axis: Int = 0) -> [Tensor] {
    checked {
      let extent = extents[try Checks.axis("split", axis, extents)]
      if parts < 1 || extent % parts != 0 || parts > Int32.max {
        try Checks.fail("split", "axis \(axis) of shape \(extents) cannot be cut into \(parts) equal parts")
      }
      return split(sizes: Array(repeating: extent / parts, count: parts), axis: axis)
    }
  }

  /// Splits this tensor into pieces of the given sizes along an axis. The sizes must add up to the extent of the axis.
  public func split(sizes: [Int], axis: Int = 0) -> [Tensor] {
    checked {
      let axis = try Checks.axis("split", axis, extents)
      if sizes.contains(where: { $0 < 0 }) || Checks.sum(sizes) != extents[axis] {
        try Checks.fail("split", "sizes \(sizes) do not fill axis \(axis) of shape \(extents)")
      }
      var start = 0
      return sizes.map { size in
        defer { start += size }
        return narrowed(axis: axis, from: start, count: size)
      }
    }
  }

  /// Returns `count` positions along an axis, from `start` on.
  func narrowed(axis: Int, from start: Int, by step: Int = 1, count: Int) -> Tensor {
    var strides = Strides(dense: extents)
    let offset = start * strides[axis]
    strides[axis] *= step
    var shape = extents
    shape[axis] = count
    return strided(shape, strides, offset: offset)
  }
}

/// y = the concatenated operands.
struct ConcatenationRecord: GradientRule {
  let operands: [Operand]
  let axis: Int

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    var start = 0
    for operand in operands {
      let extent = operand.extents[axis]
      pass.accumulate(dy.narrowed(axis: axis, from: start, count: extent), to: operand)
      start += extent
    }
  }
}
