import BackendCore
import NeuralNetworks

extension Case {
  /// Products of matrices: squares, the shapes of training a 784-128-10 network, and a dense layer of 384 inputs; and
  /// some of them in bfloat16 and float16.
  static var matmuls: [Case] {
    [64, 128, 256, 512, 1024, 2048, 4096].map { matmul($0, $0, $0) }
      + [
        matmul(32, 784, 128), matmul(128, 784, 128), matmul(1, 784, 128), matmul(32, 128, 10), matmul(512, 4096, 1024),
        matmul(784, 32, 128, transposingLeft: true), matmul(32, 784, 128, transposingRight: true),
        matmul(32, 128, 784, transposingRight: true), matmul(1, 784, 128, transposingRight: true),
      ]
      + [512, 1024].flatMap {
        [matmul($0, $0, $0, transposingLeft: true), matmul($0, $0, $0, transposingRight: true)]
      }
      + [
        matmul(512, 512, 512, transposingLeft: true, transposingRight: true), linear(32, 784, 128),
        linear(128, 784, 128), matmul(128, 384, 1536),
      ] + [.bfloat16, .float16].flatMap(matmulsOfHalves)
  }

  private static func matmulsOfHalves(_ type: DType) -> [Case] {
    [256, 512, 1024, 2048].map { matmul($0, $0, $0, of: type) }
      + [matmul(128, 384, 1536, of: type), matmul(1, 784, 128, of: type)]
  }

  /// A `[m, k]` times B `[k, n]`; with a transposition the operand is stored `[k, m]` or `[n, k]`.
  private static func matmul(
    _ m: Int, _ k: Int, _ n: Int, transposingLeft: Bool = false, transposingRight: Bool = false,
    of type: DType = .float32
  ) -> Case {
    let layout = (transposingLeft ? "T" : "N") + (transposingRight ? "T" : "N")
    let name = "matmul \(layout)" + (type == .float32 ? "" : " \(type)")
    let work = Work.operations(2 * Double(m) * Double(k) * Double(n), of: type)
    return Case(name: name, shape: shapeText([m, k, n]), work: work, isLarge: m * k * n > 1 << 30) { device in
      let a = operand(transposingLeft ? [k, m] : [m, k], device).cast(to: type)
      let b = operand(transposingRight ? [n, k] : [k, n], device, seed: 2).cast(to: type)
      return { a.matmul(b, transposingLeft: transposingLeft, transposingRight: transposingRight) }
    }
  }

  /// relu(x·w + b) in one call.
  private static func linear(_ m: Int, _ k: Int, _ n: Int) -> Case {
    let work = Work.operations(2 * Double(m) * Double(k) * Double(n))
    return Case(name: "linear relu", shape: shapeText([m, k, n]), work: work) { device in
      let x = operand([m, k], device)
      let w = operand([k, n], device, seed: 2)
      let bias = operand([n], device, seed: 3)
      return { x.linear(w, bias: bias, activation: .relu) }
    }
  }
}
