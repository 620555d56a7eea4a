// NumPy and PyTorch notations for axes. They do not compile; the error messages show the correct forms.

extension Tensor {
  @available(*, unavailable, message: "the axis has a label: sum(axis: 1), or sum(axes: [0, 1])")
  public func sum(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: mean(axis: 1), or mean(axes: [0, 1])")
  public func mean(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: max(axis: 1); of two tensors: maximum(_:)")
  public func max(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: min(axis: 1); of two tensors: minimum(_:)")
  public func min(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: argmax(axis: 1)")
  public func argmax(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: argmin(axis: 1)")
  public func argmin(_ axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis has a label: softmax(axis: 1)")
  public func softmax(_ axis: Int) -> Tensor { fatalError("unavailable") }

  @available(*, unavailable, message: "the axis that stays is keepingRank: sum(axis: 1, keepingRank: true)")
  public func sum(axis: Int, keepdims: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis that stays is keepingRank: mean(axis: 1, keepingRank: true)")
  public func mean(axis: Int, keepdims: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis that stays is keepingRank: max(axis: 1, keepingRank: true)")
  public func max(axis: Int, keepdims: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the axis that stays is keepingRank: min(axis: 1, keepingRank: true)")
  public func min(axis: Int, keepdims: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write sum(axis: 1, keepingRank: true)")
  public func sum(dim: Int, keepdim: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write mean(axis: 1, keepingRank: true)")
  public func mean(dim: Int, keepdim: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write max(axis: 1, keepingRank: true)")
  public func max(dim: Int, keepdim: Bool) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write min(axis: 1, keepingRank: true)")
  public func min(dim: Int, keepdim: Bool) -> Tensor { fatalError("unavailable") }

  @available(*, unavailable, message: "write variance(), or variance(correction: 1), which PyTorch means")
  public func `var`() -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "write variance(axis: 0), or variance(axis: 0, correction: 1), which PyTorch means"
  )
  public func `var`(axis: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "standardDeviation(axis:)")
  public func std(axis: Int) -> Tensor { fatalError("unavailable") }
}
