import CLapack
import Tensors

/// A function of matrices that LAPACK computes, with its checks.
struct MatrixFunction {
  let name: StaticString

  init(_ name: StaticString) { self.name = name }

  /// A mistake of the program.
  func fail(_ problem: String, hint: String? = nil) throws -> Never {
    try ProgrammerError.refuse("Tensor \(name): \(problem)", hint: hint)
  }

  // MARK: Operands

  /// Requires matrices of an element type for computing; `forLAPACK`, also on a device that LAPACK can reach, and of a size
  /// that it can count.
  func requireMatrices(_ x: Tensor, forLAPACK: Bool = true) throws {
    try requireFloatingPointArithmetic(x)
    if forLAPACK { try requireHost(x) }
    if x.rank < 2 { try fail("needs matrices [..., m, n], not shape \(x.shape)") }
    if forLAPACK { try requireSize(x.shape) }
  }

  func requireSquareMatrices(_ x: Tensor, forLAPACK: Bool = true) throws {
    try requireMatrices(x, forLAPACK: forLAPACK)
    if x.shape[x.rank - 2] != x.shape[x.rank - 1] {
      try fail("needs square matrices [..., n, n], not shape \(x.shape)")
    }
  }

  /// Requires the element type and the device of another operand.
  func requireSameKind(_ a: Tensor, _ b: Tensor) throws {
    if a.dtype != b.dtype {
      try fail(
        "operands of shapes \(a.shape) and \(b.shape) have element types \(a.dtype) and \(b.dtype)",
        hint: "convert one with .cast(to:)")
    }
    if a.device != b.device && !a.device.isShapeOnly && !b.device.isShapeOnly {
      try fail(
        "operands of shapes \(a.shape) and \(b.shape) are on \(a.device) and \(b.device)",
        hint: "move one with .moved(to:)")
    }
  }

  private func requireFloatingPointArithmetic(_ x: Tensor) throws {
    if !x.dtype.hasFloatingPointArithmetic {
      try fail(
        "needs elements of type float32, not \(x.dtype) (shape \(x.shape))", hint: "convert with .cast(to: .float32)")
    }
  }

  private func requireHost(_ x: Tensor) throws {
    if x.device.isShapeOnly { return }
    let isReachable = ["cpu", "reference"].contains(x.device.identifier)
    if !isReachable { throw LinearAlgebraError.unsupportedDevice(operation: "\(name)", device: "\(x.device)") }
  }

  /// Requires that LAPACK can count the elements of a matrix.
  func requireSize(_ shape: [Int]) throws {
    let (count, overflow) = shape[shape.count - 2].multipliedReportingOverflow(by: shape[shape.count - 1])
    if overflow || count > Matrices.largest {
      throw LinearAlgebraError.tooLarge(operation: "\(name)", shape: shape)
    }
  }

  // MARK: Calls

  /// Reads tensors, and returns the results of `body`, which computes them on the host. On a device that has only
  /// shapes, the results are zeros.
  /// - Parameters:
  ///   - operands: Tensors with the same leading axes. The results have the element type and device of the first.
  ///   - results: The rows and columns of each result.
  ///   - areFinite: Whether the function needs finite elements.
  ///   - body: Receives the functions of LAPACK and the operands, and returns the results.
  func onHost(
    _ operands: [Tensor], results: [[Int]], areFinite: Bool = false,
    _ body: (_ lapack: nn_lapack, _ operands: inout [Matrices]) throws -> [Matrices]
  ) throws -> [Tensor] {
    if let shapeOnly = operands.first(where: { $0.device.isShapeOnly }) {
      return results.map { .zeros(shapeOnly.shape.dropLast(2) + $0, dtype: shapeOnly.dtype, on: shapeOnly.device) }
    }
    var matrices = try operands.map { try Matrices($0) }
    if areFinite { for matrices in matrices { try requireFinite(matrices) } }
    return try body(LAPACK.loaded(), &matrices).map { $0.tensor(like: operands[0]) }
  }

  private func requireFinite(_ matrices: Matrices) throws {
    if let index = matrices.elements.firstIndex(where: { !$0.isFinite }) {
      let matrix = matrices.position(index / (matrices.rows * matrices.columns))
      throw LinearAlgebraError.notFinite(operation: "\(name)", matrix: matrix)
    }
  }

  /// Throws if a function of LAPACK failed: a lack of memory, or the error for its number.
  func check(_ info: Int32, _ failure: (_ name: String, _ info: Int) -> LinearAlgebraError) throws {
    if info < 0 { throw LinearAlgebraError.outOfMemory(operation: "\(name)") }
    if info > 0 { throw failure("\(name)", Int(info)) }
  }
}

/// Returns a gradient for an operand. If it does not exist, as at a singular matrix, it is NaN; if the gradient of the
/// result carries an error, it carries this error.
func gradient(of x: Tensor, from upstream: Tensor, _ body: () throws -> Tensor) -> Tensor {
  do { return try body() } catch { return Tensor.full(like: x, .nan) + upstream.sum() }
}
