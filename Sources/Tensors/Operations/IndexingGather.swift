import BackendCore

// Reading at computed positions. Indices are integers of any type and must not be negative. An index out of range reads
// as NaN (0 for integers), because kernels cannot stop.

extension Tensor {
  /// Gathers elements along an axis.
  ///
  /// - Indices with the rank of this tensor and the same extents along all other axes select single elements:
  ///   y[i][j] = x[indices[i][j]][j] for axis 0 (PyTorch's `gather`).
  /// - A vector of indices selects whole slices, like `rows(at:axis:)`.
  public func gathered(_ indices: Tensor, axis: Int = 0) -> Tensor {
    checked {
      let name: StaticString = "gathered"
      let axis = try Checks.axis(name, axis, extents)
      if indices.rank == 1 && rank != 1 { return rows(at: indices, axis: axis) }
      let indices = try Checks.indices(name, indices)
      try Checks.indices(name, indices, against: extents, axis: axis)
      let device = try Checks.sameDevice(name, self, indices)
      let shape = extents.about(axis)
      let indexExtent = indices.extents[axis]
      var y = Tensor.launch(self, indices, indices.extents, dtype, on: device) { backend, x, indices, y in
        try backend.gatherElements(x, shape, indices: indices, indexExtent: indexExtent, into: y)
      }
      if let tape = Tape.recording(node) {
        y.node = tape.append(
          .gatherElements(GatherElementsRecord(x: Operand(self), indices: Operand(indices, keeping: true), axis: axis)))
      }
      return y
    }
  }

  /// Gathers whole slices along an axis, which is replaced by the shape of the indices: a table `[words, width]` with
  /// indices `[batch, length]` gives `[batch, length, width]`.
  public func rows(at indices: Tensor, axis: Int = 0) -> Tensor {
    checked {
      let name: StaticString = "rows"
      let indices = try Checks.indices(name, indices)
      let axis = try Checks.axis(name, axis, extents)
      let device = try Checks.sameDevice(name, self, indices)
      let result = try Checks.replacing(name, axis, of: extents, by: indices.extents)
      let shape = extents.about(axis)
      let indexCount = indices.count
      var y = Tensor.launch(self, indices, result, dtype, on: device) { backend, x, indices, y in
        try backend.gatherRows(x, shape, indices: indices, indexCount: indexCount, into: y)
      }
      if let tape = Tape.recording(node) {
        y.node = tape.append(
          .gatherRows(GatherRowsRecord(x: Operand(self), indices: Operand(indices, keeping: true), axis: axis)))
      }
      return y
    }
  }

  /// Returns rows of zeros with a 1 at each label: integer labels `[...]` give float32 `[..., classes]`. A label out of
  /// range gives a row of zeros.
  public func oneHot(classes: Int) -> Tensor {
    checked {
      let labels = try Checks.indices("oneHot", self)
      let classes = Tensor.range(0..<(try Checks.count("oneHot", classes)), on: device)
      return (labels.expanded(axis: -1) .== classes).cast(to: .float32)
    }
  }
}

extension Tensor {
  /// Returns indices or labels as int32, in which kernels read them. An int64 that int32 does not represent becomes the
  /// smallest int32, which is out of every range.
  package func asIndices() -> Tensor {
    guard dtype == .int64 else { return cast(to: .int32) }
    let low = cast(to: .int32)
    // Numbers with the same low bits differ by a multiple of 2³², so that they differ as floats, too.
    return low.replacing(with: Double(Int32.min), where: cast(to: .float32) .!= low.cast(to: .float32))
  }
}

extension Checks {
  /// Returns indices as int32, after checking that they are integers.
  static func indices(_ operation: StaticString, _ indices: Tensor) throws -> Tensor {
    if indices.storage.dtype == .int32 { return indices }
    if !indices.dtype.isInteger { try dtype(operation, indices, is: .int32) }
    return indices.asIndices()
  }

  static func indices(_ operation: StaticString, _ indices: Tensor, against extents: Shape, axis: Int) throws {
    var expected = extents
    if indices.rank == extents.rank { expected[axis] = indices.extents[axis] }
    if indices.extents != expected {
      try fail(
        operation, "indices \(indices.extents) do not fit shape \(extents) along axis \(axis)",
        hint: "they have its rank and agree except along the axis, or are a vector; rows(at:axis:) takes any shape")
    }
  }

  /// Returns the shape with an axis replaced by the axes of another shape.
  static func replacing(_ operation: StaticString, _ axis: Int, of extents: Shape, by other: Shape) throws -> Shape {
    var shape = extents.array
    shape.replaceSubrange(axis...axis, with: other.array)
    return try Checks.extents(operation, shape)
  }
}

/// y[o, j, i] = x[o, indices[o, j, i], i].
struct GatherElementsRecord: GradientRule {
  let x, indices: Operand
  let axis: Int

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    if pass.isRecorded || dy.isPoisoned || indices.tensor.isPoisoned {
      let zeros = Tensor.full(x.extents, 0, dy.dtype, on: dy.device)
      pass.accumulate(zeros.scatterAdded(dy, at: indices.tensor, axis: axis, slices: false), to: x)
      return
    }
    let (dy, indices, shape) = (dy, indices.tensor, x.extents.about(axis))
    let indexExtent = indices.extents[axis]
    pass.addInPlace(to: x, like: dy) { backend, sum in
      try backend.scatterElements(.sum, dy.slice, indices: indices.slice, indexExtent: indexExtent, into: sum, shape)
    }
  }
}

/// y[o, j, i] = x[o, indices[j], i].
struct GatherRowsRecord: GradientRule {
  let x, indices: Operand
  let axis: Int

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    if pass.isRecorded || dy.isPoisoned || indices.tensor.isPoisoned {
      let zeros = Tensor.full(x.extents, 0, dy.dtype, on: dy.device)
      pass.accumulate(zeros.scatterAdded(dy, at: indices.tensor, axis: axis, slices: true), to: x)
      return
    }
    let (dy, indices, shape) = (dy, indices.tensor, x.extents.about(axis))
    pass.addInPlace(to: x, like: dy) { backend, sum in
      try backend.scatterRows(.sum, dy.slice, indices: indices.slice, indexCount: indices.count, into: sum, shape)
    }
  }
}

extension Tensor {
  /// Returns rows of a table `[tokens, width]` for integer tokens of any shape. The row of the padding token gets no
  /// gradient.
  package func embedded(_ tokens: Tensor, padding: Int?) -> Tensor {
    let tokens = tokens.dtype.isInteger ? tokens.asIndices() : tokens
    guard let padding, let tape = Tape.recording(node) else { return rows(at: tokens) }
    if tape.isNested {
      let y = rows(at: tokens)
      return y.replacing(with: y.detached(), where: (tokens .== padding).expanded(axis: -1))
    }
    var y = detached().rows(at: tokens)
    // The gradient is a scatter, which ignores negative indices.
    let counted = tokens.replacing(with: -1, where: tokens .== padding)
    y.node = tape.append(
      .gatherRows(GatherRowsRecord(x: Operand(self), indices: Operand(counted, keeping: true), axis: 0)))
    return y
  }
}
