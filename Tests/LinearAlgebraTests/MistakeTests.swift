import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Mistakes end the program with a message that names the function and the shapes.
@Suite struct MistakeTests {
  struct Mistake: Sendable {
    var message: String
    var body: @Sendable () throws -> Void
  }

  static let mistakes: [Mistake] = [
    Mistake(message: "Tensor inverse: needs square matrices [..., n, n], not shape [2, 3]") {
      _ = try Tensor.zeros([2, 3]).inverse()
    },
    Mistake(message: "Tensor svd: needs matrices [..., m, n], not shape [3]") { _ = try Tensor.zeros([3]).svd() },
    Mistake(message: "Tensor qr: needs elements of type float32, not int32 (shape [2, 2])") {
      _ = try Tensor(integers: [1, 2, 3, 4], shape: [2, 2]).qr()
    },
    Mistake(message: "Tensor cholesky: needs elements of type float32, not float16 (shape [2, 2])") {
      _ = try Tensor.identity(2).cast(to: .float16).cholesky()
    },
    Mistake(message: "Tensor householderProduct: needs elements of type float32, not bfloat16 (shape [2, 2])") {
      _ = Tensor.identity(2).cast(to: .bfloat16).householderProduct(scales: .zeros([2]))
    },
    Mistake(message: "Tensor solve: right-hand sides of shape [2, 1] do not fit matrices of shape [3, 3]") {
      _ = try Tensor.identity(3).solve(.zeros([2, 1]))
    },
    Mistake(message: "Tensor triangularSolve: right-hand sides of shape [2, 1] do not fit matrices of shape [3, 3]") {
      _ = try Tensor.identity(3).triangularSolve(.zeros([2]))
    },
    Mistake(message: "Tensor choleskySolve: right-hand sides of shape [] do not fit matrices of shape [3, 3]") {
      _ = try Tensor.identity(3).choleskySolve(Tensor(1))
    },
    Mistake(message: "Tensor solve: the leading axes of shapes [2, 3, 3] and [4, 3, 1] do not fit") {
      _ = try Tensor.zeros([2, 3, 3]).solve(.zeros([4, 3, 1]))
    },
    Mistake(message: "Tensor solve: operands of shapes [3, 3] and [3] have element types float32 and int32") {
      _ = try Tensor.identity(3).solve(Tensor(integers: [1, 2, 3]))
    },
    Mistake(message: "Tensor solve: operands of shapes [3, 3] and [3] are on cpu") {
      _ = try Tensor.identity(3).solve(.zeros([3], on: TestDevices.reference))
    },
    Mistake(message: "Tensor pseudoInverse: relativeTolerance is a number from 0 on, not nan") {
      _ = try Tensor.identity(3).pseudoInverse(relativeTolerance: .nan)
    },
    Mistake(message: "Tensor matrixPower: needs square matrices [..., n, n], not shape [2, 3]") {
      _ = try Tensor.zeros([2, 3]).matrixPower(2)
    },
    Mistake(message: "Tensor matrixExponential: needs square matrices [..., n, n], not shape [2, 3]") {
      _ = try Tensor.zeros([2, 3]).matrixExponential()
    },
    Mistake(message: "Tensor ldl: needs square matrices [..., n, n], not shape [2, 3]") {
      _ = try Tensor.zeros([2, 3]).ldl()
    },
    Mistake(message: "Tensor ldl().solve: right-hand sides of shape [2, 1] do not fit matrices of shape [3, 3]") {
      _ = try Tensor.identity(3).ldl().solve(.zeros([2]))
    },
    Mistake(message: "Tensor householderProduct: scales of shape [4] do not fit matrices of shape [3, 3]") {
      _ = Tensor.identity(3).householderProduct(scales: .zeros([4]))
    },
    Mistake(message: "Tensor householderProduct: scales of shape [2] do not fit matrices of shape [2, 3]") {
      _ = Tensor.zeros([2, 3]).householderProduct(scales: .zeros([2]))
    },
    Mistake(message: "Tensor lu().solve: needs the factors of square matrices [..., n, n], not of shape [3, 2]") {
      _ = try Tensor.ones([3, 2]).lu().solve(.zeros([3]))
    },
  ]

  @Test(arguments: mistakes.indices)
  func endsWithAMessage(_ index: Int) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      try MistakeTests.mistakes[index].body()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains(MistakeTests.mistakes[index].message), "\(message)")
  }

  /// Matrices whose elements LAPACK cannot count; here, they have only shapes.
  @Test func tooLarge() {
    let matrices = Tensor.zeros([2, 1 << 16, 1 << 16], on: .shapes)
    #expect(throws: LinearAlgebraError.tooLarge(operation: "svd", shape: matrices.shape)) { try matrices.svd() }
    let columns = Tensor.zeros([3, 1 << 28], on: .shapes)
    #expect(throws: LinearAlgebraError.tooLarge(operation: "solve", shape: columns.shape)) {
      try Tensor.identity(3, on: .shapes).solve(columns)
    }
    let message = "\(LinearAlgebraError.tooLarge(operation: "svd", shape: [65536, 65536]))"
    #expect(message == "svd: matrices of shape [65536, 65536] are too large; at most 268435456 elements are possible")
  }
}
