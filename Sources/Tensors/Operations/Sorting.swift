import BackendCore

// NaN counts as larger than every number, and true as larger than false. The sort is stable.

extension Tensor {
  /// Returns the elements sorted along an axis. The gradient goes to the original position of each element.
  public func sorted(axis: Int = -1, descending: Bool = false) -> Tensor {
    gatheredByOrder(argsort(axis: axis, descending: descending), axis, "sorted")
  }

  /// Returns the original positions of the sorted elements along an axis, as int32.
  public func argsort(axis: Int = -1, descending: Bool = false) -> Tensor {
    checked {
      if dtype == .bool { return cast(to: .int32).argsort(axis: axis, descending: descending) }
      let axis = try Checks.axis("argsort", axis, extents)
      if axis != rank - 1 {
        return detached().transposed(axis, -1).argsort(axis: -1, descending: descending).transposed(axis, -1)
      }
      let columns = extents[-1]
      let rows = extents.dropping(last: 1).count
      return Tensor.launch(self, extents, .int32, on: device) { backend, x, indices in
        try backend.sort(x, rows: rows, columns: columns, descending: descending, values: nil, indices: indices)
      }
    }
  }

  /// Returns the `count` largest elements along an axis in descending order, with their positions as int32. If
  /// `largest` is false, returns the smallest elements in ascending order.
  public func topK(_ count: Int, axis: Int = -1, largest: Bool = true) -> (values: Tensor, indices: Tensor) {
    let indices = checked {
      let position = try Checks.axis("topK", axis, extents)
      if count < 0 || count > extents[position] {
        try Checks.fail("topK", "\(count) elements asked of axis \(axis) of shape \(extents)")
      }
      return argsort(axis: position, descending: largest).narrowed(axis: position, from: 0, count: count)
    }
    return (gatheredByOrder(indices, axis, "topK"), indices)
  }

  private func gatheredByOrder(_ order: Tensor, _ axis: Int, _ name: StaticString) -> Tensor {
    checked {
      gathered(order, axis: try Checks.axis(name, axis, extents))
    }
  }
}
