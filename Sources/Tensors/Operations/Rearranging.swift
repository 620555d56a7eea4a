import BackendCore

// The same elements in another order, and products of all pairs of elements. All element types, unless noted.

extension Tensor {
  /// Moves the elements along an axis by a number of positions toward the end; elements moved beyond it continue at the
  /// start (NumPy's and PyTorch's `roll`). A negative shift moves toward the start.
  public func rolled(by shift: Int, axis: Int) -> Tensor {
    checked {
      let axis = try Checks.axis("rolled", axis, extents)
      let extent = extents[axis]
      if extent == 0 { return self }
      let remainder = shift % extent
      let first = remainder < 0 ? -remainder : extent - remainder
      if first == extent { return self }
      return Tensor.concatenated(
        [
          narrowed(axis: axis, from: first, count: extent - first), narrowed(axis: axis, from: 0, count: first),
        ], axis: axis)
    }
  }

  /// Moves one axis to another position; the other axes keep their order (NumPy's and PyTorch's `moveaxis`).
  public func movedAxis(from source: Int, to destination: Int) -> Tensor {
    checked {
      var axes = Array(extents.axes)
      let axis = axes.remove(at: try Checks.axis("movedAxis", source, extents))
      axes.insert(axis, at: try Checks.axis("movedAxis", destination, extents))
      return permuted(axes)
    }
  }

  /// Returns the slices along an axis, which is removed (PyTorch's `unbind`); the inverse of `stacked(_:axis:)`.
  public func unbound(axis: Int = 0) -> [Tensor] {
    checked {
      let axis = try Checks.axis("unbound", axis, extents)
      let shape = extents.removing(AxisMask(axis: axis))
      let dense = Strides(dense: extents)
      let strides = Strides(extents.axes.lazy.filter { $0 != axis }.map { dense[$0] })
      return (0..<extents[axis]).map { strided(shape, strides, offset: shape.count == 0 ? 0 : $0 * dense[axis]) }
    }
  }

  /// Rotates by 90° in the plane of two axes, in the direction from the first toward the second axis (NumPy's and
  /// PyTorch's `rot90`). A negative number of times rotates back. For images `[N, C, H, W]`, the axes are (-2, -1).
  public func rotated90(times: Int = 1, axes: (Int, Int) = (0, 1)) -> Tensor {
    checked {
      _ = try Checks.axes("rotated90", [axes.0, axes.1], extents)
      return switch times & 3 {  // the remainder by 4, also of a negative number
      case 1: flipped(axis: axes.1).transposed(axes.0, axes.1)
      case 2: flipped(axes: [axes.0, axes.1])
      case 3: transposed(axes.0, axes.1).flipped(axis: axes.1)
      default: self
      }
    }
  }
}

/// The order of the first two axes of a grid.
public enum GridIndexing: Sendable {
  /// The first vector runs along axis 0, the second along axis 1, as matrices are indexed.
  case ij
  /// The first vector runs along axis 1, the second along axis 0, as points of a plane are drawn.
  case xy
}

extension Tensor {
  /// Returns the coordinates of a grid: for vectors of n₀, n₁, … elements, tensors of shape `[n₀, n₁, …]` of which each
  /// repeats one vector along all other axes. The default is that of PyTorch; NumPy's is `.xy`.
  public static func meshGrid(_ vectors: [Tensor], indexing: GridIndexing = .ij) -> [Tensor] {
    checked {
      for vector in vectors where vector.rank != 1 {
        try Checks.fail("meshGrid", "needs vectors, not shape \(vector.extents)")
      }
      var axes = Array(vectors.indices)
      if indexing == .xy && axes.count > 1 { axes.swapAt(0, 1) }
      let shape = try Checks.extents("meshGrid", axes.map { vectors[$0].count })
      return vectors.indices.map { index in
        var column = Shape(rank: shape.rank, repeating: 1)
        column[axes[index]] = vectors[index].count
        return vectors[index].reshaped(to: column).broadcast(to: shape)
      }
    }
  }

  /// Returns all products of the elements of two vectors, `[m]` and `[n]` → `[m, n]`. For numbers.
  public func outer(_ other: Tensor) -> Tensor {
    checked {
      if rank != 1 || other.rank != 1 {
        try Checks.fail("outer", "needs two vectors, not shapes \(extents) and \(other.extents)")
      }
      return Tensor.combined(.multiply, expanded(axis: 1), other, "outer")
    }
  }

  /// Returns the cross product of vectors of three elements along an axis, with broadcasting along the other axes
  /// (PyTorch's `linalg.cross`). For numbers.
  public func cross(_ other: Tensor, axis: Int = -1) -> Tensor {
    checked {
      let name: StaticString = "cross"
      if dtype.isHalf { return try inFloat32(name, other) { $0.cross($1, axis: axis) } }
      try Checks.number(name, self)
      try Checks.sameDType(name, self, other)
      let position = try Checks.axis(name, axis, extents)
      if rank != other.rank || extents[position] != 3 || other.extents[position] != 3 {
        try Checks.fail(
          name, "shapes \(extents) and \(other.extents) do not fit along axis \(axis)",
          hint: "they have the same rank, and three elements along the axis")
      }
      func component(_ x: Tensor, _ shift: Int) -> Tensor { x.rolled(by: -shift, axis: position) }
      return component(self, 1) * component(other, 2) - component(self, 2) * component(other, 1)
    }
  }

  /// Returns the Kronecker product: each element of this tensor times the whole other tensor, arranged in blocks
  /// (NumPy's and PyTorch's `kron`). The extents are multiplied; missing axes at the front have extent 1. For numbers
  /// with up to four axes.
  public func kronecker(_ other: Tensor) -> Tensor {
    checked {
      let rank = Swift.max(rank, other.rank)
      if 2 * rank > Shape.maximumRank {
        try Checks.fail("kronecker", "shapes \(extents) and \(other.extents) have more than four axes")
      }
      // The axes of both alternate, and each pair is merged in the end.
      func padded(_ x: Tensor) -> [Int] { Array(repeating: 1, count: rank - x.rank) + x.shape }
      let (blocks, inner) = (padded(self), padded(other))
      let result = try zip(blocks, inner).map { try Checks.repeated("kronecker", $1, $0, other.extents) }
      let product = Tensor.combined(
        .multiply, reshaped(blocks.flatMap { [$0, 1] }), other.reshaped(inner.flatMap { [1, $0] }), "kronecker")
      return product.reshaped(to: try Checks.extents("kronecker", result))
    }
  }

  /// Returns the differences of neighbors along an axis, x[j + 1] − x[j], `times` in succession (NumPy's and PyTorch's
  /// `diff`). Each time, the axis loses one element if it has one. For bool, whether neighbors differ.
  public func difference(times: Int = 1, axis: Int = -1) -> Tensor {
    checked {
      if dtype.isHalf && times > 1 { return inFloat32 { $0.difference(times: times, axis: axis) } }
      let axis = try Checks.axis("difference", axis, extents)
      if times < 0 { try Checks.fail("difference", "\(times) times for shape \(extents)") }
      var y = self
      for _ in 0..<Swift.min(times, extents[axis]) {
        let count = y.extents[axis] - 1
        let (next, previous) = (
          y.narrowed(axis: axis, from: 1, count: count), y.narrowed(axis: axis, from: 0, count: count)
        )
        y = dtype == .bool ? next .!= previous : next - previous
      }
      return y
    }
  }
}
