// NumPy, PyTorch, and Keras notations for creating tensors. They do not compile; the error messages show the correct
// forms.

extension Tensor {
  @available(*, unavailable, message: "a shape is an array: .zeros([2, 3])")
  public static func zeros(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "a shape is an array: .ones([2, 3])")
  public static func ones(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the shape has no label: .zeros([2, 3])")
  public static func zeros(shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the shape has no label: .ones([2, 3])")
  public static func ones(shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "the value has no label: .full([2, 3], 1.5)")
  public static func full(_ shape: [Int], value: Double) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "random numbers come from a stream: .normal([2, 3], using: RandomStream(seed: 1))"
  )
  public static func randn(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "random numbers come from a stream: .uniform([2, 3], using: RandomStream(seed: 1))"
  )
  public static func rand(_ extents: Int...) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable, message: "random numbers come from a stream: .uniform([2, 3], using: RandomStream(seed: 1))"
  )
  public static func random(_ shape: [Int]) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "write .range(0..<count), or .range(0..<count, dtype: .float32)")
  public static func arange(_ lower: Int, _ upper: Int) -> Tensor { fatalError("unavailable") }
  @available(*, unavailable, message: "a tensor has values: .zeros([2, 3]), .ones([2, 3]), .full([2, 3], 1.5)")
  public init(shape: [Int]) { fatalError("unavailable") }
}

extension Float {
  @available(*, unavailable, message: "read the number, which may throw: Float(try x.item())")
  @_disfavoredOverload
  public init(_ tensor: Tensor) { fatalError("unavailable") }
}

extension Double {
  @available(*, unavailable, message: "read the number, which may throw: try x.item()")
  @_disfavoredOverload
  public init(_ tensor: Tensor) { fatalError("unavailable") }
}

extension Int {
  @available(*, unavailable, message: "read the number, which may throw: Int(try x.item())")
  @_disfavoredOverload
  public init(_ tensor: Tensor) { fatalError("unavailable") }
}
