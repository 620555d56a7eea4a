import BackendReference
import Tensors
import TestSupport
import Testing

@testable import LinearAlgebra

/// Systems of equations. The expected values are NumPy's, in float64, for the same numbers.
@Suite struct SolvingTests {
  @Test(arguments: TestDevices.hosts)
  func solutions(_ device: Device) throws {
    let (a, b) = (matrices([2, 3, 3], on: device), matrices([2, 3, 2], 1, on: device))
    // linalg.solve(a, b), and for the vector v: linalg.solve(a, v[:, None])[..., 0].
    try expect(
      a.solve(b),
      [
        0.08106544383545, -0.7623934042881, -1.091810948489, -1.495063195992, -0.1732438242247, -2.162600706099,
        0.1966223795207, 2.142475275793, 0.2135104819167, 0.9022348518284, -0.9928721674647, -1.564012973193,
      ], shape: [2, 3, 2])
    let v = matrices([3], 2, on: device)
    let solutions = [
      -0.5592286623249, 0.8426893380143, 0.3485606665536, 0.5495667364057, -0.1982669456229, -0.4804877231841,
    ]
    try expect(a.solve(v), solutions, shape: [2, 3])
    try expect(a[0].solve(v), Array(solutions[..<3]), shape: [3])
    #expect(try a.solve(b).dtype == a.dtype)
  }

  /// Leading axes are broadcast; one matrix for many right-hand sides is factored once.
  @Test(arguments: TestDevices.hosts)
  func broadcasting(_ device: Device) throws {
    let (a, b) = (matrices([2, 1, 3, 3], on: device), matrices([4, 3, 2], 1, on: device))
    let x = try a.solve(b)
    #expect(x.shape == [2, 4, 3, 2])
    try expectEqual(x[1, 2], a[1, 0].solve(b[2]))
    try expectEqual(a[0, 0].solve(b), x[0])
    let factor = a + 3 * Tensor.identity(3, on: device).cast(to: a.dtype)
    let y = try factor.triangularSolve(b, upper: true, transposed: true)
    try expectEqual(y[1, 2], factor[1, 0].triangularSolve(b[2], upper: true, transposed: true))
    try expectEqual(factor[0, 0].triangularSolve(b, upper: true, transposed: true), y[0])
  }

  @Test(arguments: TestDevices.hosts)
  func inverses(_ device: Device) throws {
    // linalg.inv(a)
    try expect(
      matrices([2, 3, 3], on: device).inverse(),
      [
        1.076237921249, 0.6485588132818, 0.4383222260935, -0.2983738762488, 1.489356881874, -0.6631189606246,
        0.8401699437495, 1.789135287969, -1.084220259844, 1.238137515399, 1.727156816402, -2.918779344408,
        1.401551904655, 0.4454747006432, -2.033086554867, 0.06138397349516, 0.08784559197715, 1.856711208593,
      ], shape: [2, 3, 3])
  }

  @Test(arguments: TestDevices.hosts)
  func triangles(_ device: Device) throws {
    let a = matrices([2, 3, 3], on: device) + 2 * Tensor.identity(3, on: device).cast(to: precision(device).dtype)
    let b = matrices([2, 3, 2], 1, on: device)
    for (triangle, upper) in [(a.lowerTriangle(), false), (a.upperTriangle(), true)] {
      try expectEqual(a.triangularSolve(b, upper: upper), triangle.solve(b))
      try expectEqual(a.triangularSolve(b, upper: upper, transposed: true), triangle.transposed().solve(b))
    }
    let factor = a.lowerTriangle()
    try expectEqual(factor.choleskySolve(b), factor.matmul(factor, transposingRight: true).solve(b))
    try expectEqual(factor[0].choleskySolve(b[1][.all, 0]), factor[0].choleskySolve(b[1])[.all, 0])
  }

  @Test(arguments: TestDevices.hosts)
  func cholesky(_ device: Device) throws {
    // linalg.cholesky(a @ aᵀ + 1)
    let factors = [
      1.443495296195, 0.0, 0.0, -0.5337947837128, 1.330194084179, 0.0, -0.6803903526966, 0.8087792548298,
      1.552270871962,
      1.508749004915, 0.0, 0.0, -0.3708634896215, 1.41684991712, 0.0, 0.2003860973449, 0.1870211635075, 1.08383775181,
    ]
    let a = positiveDefinite([2, 3, 3], on: device)
    try expect(a.cholesky(), factors, shape: [2, 3, 3])
    try expect(
      (a.lowerTriangle() + 7 * Tensor.ones(like: a).upperTriangle(diagonal: 1)).cholesky(), factors, shape: [2, 3, 3])
    let (_, gradient) = try valueAndGradient(at: a) { try $0.cholesky().sum() }
    try expectEqual(gradient, gradient.transposed())
  }

  @Test(arguments: TestDevices.hosts)
  func empty(_ device: Device) throws {
    let none = matrices([2, 0, 0], on: device)
    #expect(try none.inverse().shape == [2, 0, 0])
    #expect(try none.cholesky().shape == [2, 0, 0])
    #expect(try none.solve(matrices([2, 0, 3], on: device)).shape == [2, 0, 3])
    #expect(try none.triangularSolve(matrices([0], on: device)).shape == [2, 0])
    #expect(try matrices([0, 3, 3], on: device).solve(matrices([3, 2], on: device)).shape == [0, 3, 2])
    #expect(try matrices([3, 3], on: device).solve(matrices([3, 0], on: device)).shape == [3, 0])
    #expect(try matrices([3, 3], on: device).solve(matrices([0, 3, 2], on: device)).shape == [0, 3, 2])
  }

  @Test(arguments: TestDevices.hosts)
  func errors(_ device: Device) throws {
    let batch = Tensor.stacked([.identity(2, on: device), .ones([2, 2], on: device)])
    let b = Tensor.ones([2], on: device)
    #expect(throws: LinearAlgebraError.singular(operation: "solve", matrix: [1])) { try batch.solve(b) }
    #expect(throws: LinearAlgebraError.singular(operation: "inverse", matrix: [])) { try batch[1].inverse() }
    #expect(throws: LinearAlgebraError.singular(operation: "triangularSolve", matrix: [0])) {
      try batch.triangularSolve(b, upper: true) + batch.upperTriangle(diagonal: 1).triangularSolve(b, upper: true)
    }
    #expect(throws: LinearAlgebraError.singular(operation: "choleskySolve", matrix: [])) {
      try Tensor.zeros([2, 2], on: device).choleskySolve(b)
    }
    let indefinite = Tensor([[1, 2], [2, 1]], on: device)
    #expect(throws: LinearAlgebraError.notPositiveDefinite(operation: "cholesky", matrix: [], order: 2)) {
      try indefinite.cholesky()
    }
    let deep = Tensor.stacked([batch, Tensor.stacked([indefinite, batch[0]])])
    #expect(throws: LinearAlgebraError.notPositiveDefinite(operation: "cholesky", matrix: [0, 1], order: 2)) {
      try deep.cholesky()
    }
    #expect(throws: LinearAlgebraError.notPositiveDefinite(operation: "cholesky", matrix: [], order: 1)) {
      try Tensor.full(like: indefinite, .nan).cholesky()
    }
    #expect(try Tensor.full(like: indefinite, .nan).inverse().scalars().allSatisfy(\.isNaN))
  }

  @Test func descriptions() {
    let messages = [
      "\(LinearAlgebraError.singular(operation: "solve", matrix: [1, 0]))": "solve: matrix [1, 0] is singular",
      "\(LinearAlgebraError.singular(operation: "solve", matrix: []))": "solve: the matrix is singular",
      "\(LinearAlgebraError.notPositiveDefinite(operation: "cholesky", matrix: [], order: 2))":
        "cholesky: the matrix is not positive definite: its leading minor of order 2 is not positive",
      "\(LinearAlgebraError.missingLibrary)":
        "linear algebra needs the Debian package liblapack3 or libopenblas0-pthread: apt-get install liblapack3",
    ]
    for (message, expected) in messages { #expect(message == expected) }
  }

  @Test func missingLibrary() {
    let functions = LAPACK.opened(["libnothing.so.3", "libz.so.1"])
    #expect(throws: LinearAlgebraError.missingLibrary) { try LAPACK.found(functions) }
  }

  /// A tensor of a GPU is not moved silently.
  @Test(arguments: TestDevices.openCL)
  func otherDevices(_ device: Device) throws {
    let error = LinearAlgebraError.unsupportedDevice(operation: "inverse", device: "\(device)")
    #expect(throws: error) { try Tensor.identity(2, on: device).inverse() }
    #expect("\(error)".contains(".moved(to: .cpu)"))
    let x = Tensor([[2, 0], [0, 4]], on: device)
    let (_, gradient) = try valueAndGradient(at: x) { try $0.moved(to: .cpu).inverse().moved(to: device).sum() }
    try expect(gradient, [-0.25, -0.125, -0.125, -0.0625], shape: [2, 2])
  }

  /// The error of an operation that produced the matrix is the one that is thrown.
  @Test func failedOperands() {
    let full = Device(ReferenceBackend(memoryLimit: 0))
    #expect(throws: DeviceError.self) { try Tensor.identity(3, on: full).inverse() }
  }
}
