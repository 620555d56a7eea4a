// `==` and `<` of tensors could return a single answer, for which the host would have to wait, or one for each element.
// These operators do not compile; the error messages show the correct forms. Those that return a Bool are for
// conditions, the others for expressions.

extension Tensor {
  @available(
    *, unavailable,
    message:
      "compare element by element with .==, which gives a bool tensor; for one answer read it: try (a .== b).all().item(as: Bool.self)"
  )
  public static func == (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .==, which gives a bool tensor; for one answer read it: try (a .== b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func == (a: Tensor, b: Tensor) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .==, which gives a bool tensor; for one answer read it: try (a .== b).all().item(as: Bool.self)"
  )
  public static func == (a: Tensor, b: some TensorOperand) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .==, which gives a bool tensor; for one answer read it: try (a .== b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func == (a: Tensor, b: some TensorOperand) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .!=, which gives a bool tensor; for one answer read it: try (a .!= b).any().item(as: Bool.self)"
  )
  public static func != (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .!=, which gives a bool tensor; for one answer read it: try (a .!= b).any().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func != (a: Tensor, b: Tensor) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .!=, which gives a bool tensor; for one answer read it: try (a .!= b).any().item(as: Bool.self)"
  )
  public static func != (a: Tensor, b: some TensorOperand) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .!=, which gives a bool tensor; for one answer read it: try (a .!= b).any().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func != (a: Tensor, b: some TensorOperand) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .<, which gives a bool tensor; for one answer read it: try (a .< b).all().item(as: Bool.self)"
  )
  public static func < (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .<, which gives a bool tensor; for one answer read it: try (a .< b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func < (a: Tensor, b: Tensor) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .<, which gives a bool tensor; for one answer read it: try (a .< b).all().item(as: Bool.self)"
  )
  public static func < (a: Tensor, b: some TensorOperand) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .<, which gives a bool tensor; for one answer read it: try (a .< b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func < (a: Tensor, b: some TensorOperand) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .<=, which gives a bool tensor; for one answer read it: try (a .<= b).all().item(as: Bool.self)"
  )
  public static func <= (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .<=, which gives a bool tensor; for one answer read it: try (a .<= b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func <= (a: Tensor, b: Tensor) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .<=, which gives a bool tensor; for one answer read it: try (a .<= b).all().item(as: Bool.self)"
  )
  public static func <= (a: Tensor, b: some TensorOperand) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .<=, which gives a bool tensor; for one answer read it: try (a .<= b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func <= (a: Tensor, b: some TensorOperand) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .>, which gives a bool tensor; for one answer read it: try (a .> b).all().item(as: Bool.self)"
  )
  public static func > (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .>, which gives a bool tensor; for one answer read it: try (a .> b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func > (a: Tensor, b: Tensor) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .>, which gives a bool tensor; for one answer read it: try (a .> b).all().item(as: Bool.self)"
  )
  public static func > (a: Tensor, b: some TensorOperand) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .>, which gives a bool tensor; for one answer read it: try (a .> b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func > (a: Tensor, b: some TensorOperand) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .>=, which gives a bool tensor; for one answer read it: try (a .>= b).all().item(as: Bool.self)"
  )
  public static func >= (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .>=, which gives a bool tensor; for one answer read it: try (a .>= b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func >= (a: Tensor, b: Tensor) -> Tensor { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .>=, which gives a bool tensor; for one answer read it: try (a .>= b).all().item(as: Bool.self)"
  )
  public static func >= (a: Tensor, b: some TensorOperand) -> Bool { fatalError("unavailable") }
  @available(
    *, unavailable,
    message:
      "compare element by element with .>=, which gives a bool tensor; for one answer read it: try (a .>= b).all().item(as: Bool.self)"
  )
  @_disfavoredOverload
  public static func >= (a: Tensor, b: some TensorOperand) -> Tensor { fatalError("unavailable") }
}
