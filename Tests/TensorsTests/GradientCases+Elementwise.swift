import BackendCore
import Tensors

extension GradientCase {
  private static func unary(
    _ name: String, _ input: Input, _ function: @escaping @Sendable (Tensor) -> Tensor
  ) -> GradientCase {
    GradientCase(name, input) { function($0[0]) }
  }

  static let elementwise: [GradientCase] = [
    unary("negation", .signed([3, 4])) { -$0 },
    unary("exp", .signed([3, 4])) { $0.exp() },
    unary("expMinusOne", .signed([3, 4])) { $0.expMinusOne() },
    unary("log", .between(0.5, 2, [3, 4])) { $0.log() },
    unary("logOnePlus", .between(-0.5, 2, [3, 4])) { $0.logOnePlus() },
    unary("squareRoot", .between(0.5, 2, [3, 4])) { $0.squareRoot() },
    unary("reciprocalSquareRoot", .between(0.5, 2, [3, 4])) { $0.reciprocalSquareRoot() },
    unary("squared", .signed([3, 4])) { $0.squared() },
    unary("reciprocal", .signed([3, 4], 0.5...2)) { $0.reciprocal() },
    unary("magnitude", .signed([3, 4])) { $0.magnitude() },
    unary("sign", .signed([3, 4])) { $0.sign() },
    unary("floor", .between(0.1, 0.9, [3, 4])) { $0.floor() },
    unary("sin", .signed([3, 4], 0.1...3)) { $0.sin() },
    unary("cos", .signed([3, 4], 0.1...3)) { $0.cos() },
    unary("tan", .signed([3, 4], 0.1...1.2)) { $0.tan() },
    unary("asin", .signed([3, 4], 0.1...0.8)) { $0.asin() },
    unary("acos", .signed([3, 4], 0.1...0.8)) { $0.acos() },
    unary("atan", .signed([3, 4], 0.1...3)) { $0.atan() },
    unary("sinh", .signed([3, 4], 0.1...2)) { $0.sinh() },
    unary("cosh", .signed([3, 4], 0.1...2)) { $0.cosh() },
    unary("asinh", .signed([3, 4], 0.1...3)) { $0.asinh() },
    unary("acosh", .between(1.3, 4, [3, 4])) { $0.acosh() },
    unary("atanh", .signed([3, 4], 0.1...0.8)) { $0.atanh() },
    unary("exp2", .signed([3, 4])) { $0.exp2() },
    unary("log2", .between(0.5, 2, [3, 4])) { $0.log2() },
    unary("log10", .between(0.5, 2, [3, 4])) { $0.log10() },
    unary("erfc", .signed([3, 4], 0.1...2)) { $0.erfc() },
    unary("erfInverse", .signed([3, 4], 0.1...0.8)) { $0.erfInverse() },
    unary("logit", .between(0.1, 0.9, [3, 4])) { $0.logit() },
    unary("trunc", .between(0.1, 0.9, [3, 4])) { $0.trunc() },
    unary("tanh", .signed([3, 4], 0.1...2)) { $0.tanh() },
    unary("sigmoid", .signed([3, 4], 0.1...3)) { $0.sigmoid() },
    unary("erf", .signed([3, 4], 0.1...2)) { $0.erf() },
    unary("relu", .signed([3, 4])) { $0.relu() },
    unary("leakyReLU", .signed([3, 4])) { $0.leakyReLU(0.2) },
    unary("elu", .signed([3, 4])) { $0.elu(1.5) },
    unary("gelu", .signed([3, 4], 0.1...3)) { $0.gelu() },
    unary("silu", .signed([3, 4], 0.1...3)) { $0.silu() },
    unary("softplus", .signed([3, 4], 0.1...3)) { $0.softplus() },
    unary("mish", .signed([3, 4], 0.1...3)) { $0.mish() },
    unary("power 2.5", .between(0.5, 2, [3, 4])) { $0.power(2.5) },
    unary("power 3", .signed([3, 4], 0.5...2)) { $0.power(3) },
    unary("power -1", .signed([3, 4], 0.5...2)) { $0.power(-1) },
    unary("power 0", .signed([3, 4], 0.5...2)) { $0.power(0) },
    unary("clamped", .signed([3, 4])) { $0.clamped(to: -0.52...0.31) },
    unary("maximum with a number", .signed([3, 4])) { $0.maximum(0.21) },
    unary("minimum with a number", .signed([3, 4])) { $0.minimum(-0.21) },
    unary("number minus x", .signed([5])) { 2 - $0 },
    unary("number over x", .signed([5], 0.5...2)) { 3 / $0 },
    unary("x over number", .signed([5])) { $0 / 3 },
    unary("affine", .signed([5])) { 0.5 * $0 - 1.5 },
    unary("remainder by a number", .between(1.05, 1.95, [4])) { $0.remainder(1) },
    unary("number to the x", .signed([4])) { $0.constant(2).power($0) },
    unary("chain", .signed([3, 4])) { x in 0.5 * x * (1 + (0.7978846 * (x + 0.044715 * x * x * x)).tanh()) },
  ]

  static let binary: [GradientCase] = [
    GradientCase("add", .signed([2, 3]), .signed([3])) { $0[0] + $0[1] },
    GradientCase("add, outer", .signed([2, 1]), .signed([1, 3])) { $0[0] + $0[1] },
    GradientCase("subtract", .signed([2, 1, 3]), .signed([2, 1])) { $0[0] - $0[1] },
    GradientCase("multiply", .signed([2, 3]), .signed([3])) { $0[0] * $0[1] },
    GradientCase("multiply by itself", .signed([2, 3])) { $0[0] * $0[0] },
    GradientCase("multiply by a scalar", .signed([2, 3]), .signed([])) { $0[0] * $0[1] },
    GradientCase("divide", .signed([2, 3]), .signed([3], 0.5...2)) { $0[0] / $0[1] },
    GradientCase("divide, outer", .signed([2, 1]), .signed([1, 3], 0.5...2)) { $0[0] / $0[1] },
    GradientCase("power of tensors", .between(0.5, 2, [2, 3]), .signed([3], 0.5...2)) { $0[0].power($0[1]) },
    GradientCase("maximum", .signed([2, 3]), .signed([2, 1])) { $0[0].maximum($0[1]) },
    GradientCase("minimum", .signed([2, 3]), .signed([3])) { $0[0].minimum($0[1]) },
    GradientCase("remainder", .between(3.1, 3.4, [2, 3]), .between(0.8, 0.95, [3])) { $0[0].remainder($0[1]) },
    GradientCase("floorDivided", .between(3.1, 3.4, [2, 3]), .between(0.8, 0.95, [3])) {
      $0[0].floorDivided(by: $0[1])
    },
    GradientCase("hypot", .signed([2, 3]), .signed([3])) { $0[0].hypot($0[1]) },
    GradientCase("atan2", .signed([2, 3]), .signed([2, 1])) { $0[0].atan2($0[1]) },
    GradientCase("logAddExp", .signed([2, 3], 0.1...3), .signed([3])) { $0[0].logAddExp($0[1]) },
    GradientCase("withSign", .signed([2, 3]), .signed([3])) { $0[0].withSign(of: $0[1]) },
    GradientCase("withSign of a number", .signed([2, 3])) { $0[0].withSign(of: -2) },
    GradientCase("xlogy", .signed([2, 1]), .between(0.3, 2, [2, 3])) { $0[0].xlogy($0[1]) },
    GradientCase("replacing", .signed([2, 3]), .signed([3])) { x in x[0].replacing(with: x[1], where: x[0] .> 0) },
    GradientCase("replacing by a number", .signed([2, 3])) { x in x[0].squared().replacing(with: 5, where: x[0] .> 0) },
    GradientCase("replacing, broadcast", .signed([3]), .signed([2, 1])) { x in
      x[0].replacing(with: x[1].squared(), where: x[1] .> 0)
    },
  ]
}
