// NumPy and PyTorch notations for shapes, and their names of shape operations. They do not compile; the error messages
// show the correct forms.

extension Tensor {
  @available(*, unavailable, message: "a shape is an array: reshaped([2, 3])")
  public func reshape(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "a shape is an array: reshaped([2, 3])")
  public func reshaped(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "a shape is an array: reshaped([2, 3])")
  public func view(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "write the order of all axes: permuted([1, 0, 2]), or transposed() for the last two"
  )
  public func transpose(_ axis: Int, _ other: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the order of the axes is an array: permuted([1, 0, 2])")
  public func permute(_ axes: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "name the axis: squeezed(axis: 0); all axes of extent 1 at once: reshaped(_:)")
  public func squeeze() -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "squeezed(axis:)")
  public func squeeze(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "squeezed(axis:)")
  public func squeeze(axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "expanded(axis:)")
  public func unsqueeze(dim: Int) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message: "operations broadcast by themselves: x + y; a new axis is expanded(axis: 0)"
  )
  public func expand(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write Tensor.concatenated([x, x], axis: 0)")
  public func `repeat`(_ counts: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "gathered(_:axis:)")
  public func gather(_ indices: Tensor, axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write gathered(indices, axis: 1)")
  public func gather(_ indices: Tensor, _ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write gathered(indices, axis: 1)")
  public func gather(_ axis: Int, _ indices: Tensor) -> Tensor { fatalError("unavailable") }

  @available(*, unavailable, message: "write .concatenated(tensors, axis: 1)")
  public static func cat(_ tensors: [Tensor], dim: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "concatenated(_:axis:)")
  public static func concatenate(_ tensors: [Tensor], axis: Int = 0) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write .stacked(tensors, axis: 1)")
  public static func stack(_ tensors: [Tensor], dim: Int) -> Tensor { fatalError("unavailable") }
}
