import BackendCore
import Tensors

extension GradientCase {
  private static func product(
    _ a: [Int], _ b: [Int], _ transposingLeft: Bool = false, _ transposingRight: Bool = false
  ) -> GradientCase {
    let flags = (transposingLeft ? " left" : "") + (transposingRight ? " right" : "")
    return GradientCase("matmul \(a) \(b)\(flags)", .signed(a), .signed(b)) { x in
      x[0].matmul(x[1], transposingLeft: transposingLeft, transposingRight: transposingRight)
    }
  }

  private static func sum(_ equation: String, _ a: [Int], _ b: [Int]) -> GradientCase {
    GradientCase("einsum \(equation)", .signed(a), .signed(b)) { Tensor.einsum(equation, $0[0], $0[1]) }
  }

  static let products: [GradientCase] = [
    product([2, 3], [3, 4]), product([3, 2], [3, 4], true), product([2, 3], [4, 3], false, true),
    product([3, 2], [4, 3], true, true),
    product([2, 2, 3], [3, 4]), product([2, 2, 3], [4, 3], false, true), product([2, 3, 2], [3, 4], true),
    product([2, 2, 3], [2, 3, 4]), product([2, 3, 2], [2, 4, 3], true, true),
    product([2, 3], [2, 3, 2]), product([3, 2], [2, 3, 2], true),
    product([2, 1, 2, 3], [3, 3, 2]), product([1, 2, 3], [2, 3, 2]),
    product([3], [3]), product([2, 3], [3]), product([3], [3, 2]), product([2, 2, 3], [3]), product([3], [2, 3, 2]),
    sum("ij,jk->ik", [2, 3], [3, 2]), sum("ij,ij->", [2, 3], [2, 3]), sum("i,j->ij", [2], [3]),
    sum("bij,bkj->bik", [2, 2, 3], [2, 3, 3]), sum("ij,kj->jk", [2, 3], [2, 3]),
    sum("...i,ij->...j", [2, 2, 3], [3, 2]), sum("bi,i->bi", [2, 3], [3]), sum("ii,ij->j", [3, 3], [3, 2]),
    GradientCase("einsum of three", .signed([2, 3]), .signed([3, 2]), .signed([2])) { x in
      Tensor.einsum("ij,jk,k->i", x[0], x[1], x[2])
    },
    GradientCase("einsum trace", .signed([3, 3])) { Tensor.einsum("ii->", $0[0].squared()) },
    GradientCase("einsum diagonal", .signed([3, 3])) { Tensor.einsum("ii->i", $0[0].squared()) },
  ]

  static let fused: [GradientCase] = [
    GradientCase("linear", .signed([4, 3]), .signed([3, 2])) { $0[0].linear($0[1], bias: nil, activation: nil) },
    GradientCase("linear with bias", .signed([4, 3]), .signed([3, 2]), .signed([2])) { x in
      x[0].linear(x[1], bias: x[2], activation: nil)
    },
    GradientCase("linear, relu", .signed([4, 3]), .signed([3, 2]), .signed([2])) { x in
      x[0].linear(x[1], bias: x[2], activation: .relu)
    },
    GradientCase("linear, tanh, leading axes", .signed([2, 2, 3]), .signed([3, 2]), .signed([2])) { x in
      x[0].linear(x[1], bias: x[2], activation: UnaryOp(.tanh))
    },
    GradientCase("linear, gelu", .signed([4, 3]), .signed([3, 2]), .signed([2])) { x in
      x[0].linear(x[1], bias: x[2], activation: UnaryOp(.gelu))
    },
    GradientCase("linear, floor", .between(0.1, 0.4, [4, 2]), .between(0.1, 0.4, [2, 2])) { x in
      x[0].linear(x[1], bias: nil, activation: UnaryOp(.floor)) + x[0]
    },
    GradientCase("linear twice", .signed([4, 3]), .signed([3, 3]), .signed([3])) { x in
      let y = x[0].linear(x[1], bias: x[2], activation: UnaryOp(.silu))
      return y.linear(x[1], bias: x[2], activation: UnaryOp(.sigmoid)) + y
    },
    GradientCase("softmaxCrossEntropy", .signed([3, 4])) { x in
      let labels = Tensor(integers: [1, 3, 0], on: x[0].device)
      return x[0].softmaxCrossEntropy(labels: labels, smoothing: 0, ignoredLabel: nil)
    },
    GradientCase("softmaxCrossEntropy, smoothed", .signed([3, 4])) { x in
      let labels = Tensor(integers: [1, -1, 0], on: x[0].device)
      return x[0].softmaxCrossEntropy(labels: labels, smoothing: 0.1, ignoredLabel: -1)
    },
    GradientCase("softmaxCrossEntropy, another gradient than expected", .signed([3, 4])) { x in
      let labels = Tensor(integers: [1, 3, 0], on: x[0].device)
      return x[0].softmaxCrossEntropy(labels: labels, smoothing: 0.1, ignoredLabel: nil, expectedGradient: 0.25)
    },
    GradientCase("softmaxCrossEntropy, the expected gradient", .signed([3, 4])) { x in
      let labels = Tensor(integers: [1, 3, 0], on: x[0].device)
      let loss = x[0].softmaxCrossEntropy(labels: labels, smoothing: 0.1, ignoredLabel: nil, expectedGradient: 1.0 / 3)
      return loss.mean()
    },
    GradientCase("dropout", .signed([4, 5])) { $0[0].squared().dropout(0.4, RandomSource(key: 7)) },
  ]
}
