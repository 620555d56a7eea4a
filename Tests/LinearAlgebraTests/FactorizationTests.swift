import LinearAlgebra
import Tensors
import Testing

/// Factorizations. The expected values are NumPy's, in float64, for the same numbers.
@Suite struct FactorizationTests {
  @Test(arguments: TestDevices.hosts)
  func determinants(_ device: Device) throws {
    let a = matrices([2, 3, 3], on: device)
    // linalg.det(a) and linalg.slogdet(a)
    try expect(a.determinant(), [-0.5510696599781, -0.2670640315508], shape: [2])
    let (sign, logMagnitude) = try a.signAndLogDeterminant()
    try expect(sign, [-1, -1], shape: [2])
    try expect(logMagnitude, [-0.5958940531774, -1.320266830791], shape: [2])
    try expect((a[0] * -1).determinant(), [0.5510696599781], shape: [])
    // Row exchanges: cyclic permutations of three rows are even, exchanges of two are odd.
    let identity = Tensor.identity(3, on: device)
    try expect(identity.rows(at: Tensor(integers: [1, 2, 0], on: device)).determinant(), [1], shape: [])
    try expect(identity.rows(at: Tensor(integers: [0, 2, 1], on: device)).determinant(), [-1], shape: [])
  }

  /// Products that the element type cannot represent.
  @Test(arguments: TestDevices.hosts)
  func largeDeterminants(_ device: Device) throws {
    let a = tensor(Array(repeating: -1000, count: 200), [200], on: device).diagonalMatrix()
    let (sign, logMagnitude) = try a.signAndLogDeterminant()
    try expect(sign, [1], shape: [])
    try expect(logMagnitude, [1381.551055796427], shape: [])
    try expect(
      tensor([1e-20, 1e-20, 1e-20], [3], on: device).diagonalMatrix().signAndLogDeterminant().logMagnitude,
      [-138.1551055796427], shape: [])
  }

  /// Derivatives of a determinant are cofactors, also where it is 0 and where singular values are equal.
  @Test(arguments: TestDevices.hosts)
  func singularDeterminants(_ device: Device) throws {
    let a = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3], on: device)
    let (value, gradient) = try valueAndGradient(at: a) { try $0.determinant() }
    #expect(abs(try value.item()) < 1e-14)
    try expect(gradient, [-3, 6, -3, 6, -12, 6, -3, 6, -3], shape: [3, 3])
    let zero = tensor([2, 0, 0, 0], [2, 2], on: device)
    try expect(valueAndGradient(at: zero) { try $0.determinant() }.gradient, [0, 0, 0, 2], shape: [2, 2])
    let identity = Tensor.identity(3, on: device)
    try expect(
      valueAndGradient(at: identity) { try $0.determinant() }.gradient, [1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3])
    // The logarithm of 0.
    let (sign, logMagnitude) = try zero.signAndLogDeterminant()
    try expect(sign, [0], shape: [])
    try expect(logMagnitude, [-.infinity], shape: [])
    let infinite = try valueAndGradient(at: zero) { try $0.signAndLogDeterminant().logMagnitude }.gradient
    #expect(try infinite.scalars().allSatisfy(\.isNaN))
  }

  @Test(arguments: TestDevices.hosts)
  func qr(_ device: Device) throws {
    // linalg.qr(a)
    let tall = try matrices([2, 4, 3], on: device).qr()
    try expect(
      tall.r,
      [
        -1.153741212034, -0.6215267428277, 0.9945675310982, 0, -1.560615551494, 0.2240826290496, 0, 0, 0.8652412398777,
        -1.195621643761, 0.8560806304562, -0.2695753821215, 0, 0.736964207588, 0.901309022882, 0, 0, -0.7613192293112,
      ], shape: [2, 3, 3])
    try expect(
      tall.q[0],
      [
        -0.204610856436, 0.6067037014611, 0.7677573325511, -0.4206242850947, -0.3745586829923, 0.2092577425942,
        -0.852651142412, -0.1479422109773, -0.125721678909, 0.232799565207, -0.6853681593418, 0.5924136518774,
      ], shape: [4, 3])
    let wide = try matrices([2, 3, 4], on: device).qr()
    try expect(
      wide.r[1],
      [
        -1.102231689784, 1.02667683046, -0.3324628719869, 0.4631135394142, 0, -0.5003646232972, 0.5179819174841,
        -0.9286196401878, 0, 0, -0.2903737183209, -0.3329116025365,
      ], shape: [3, 4])
    try expect(
      wide.q[1],
      [
        -0.6607539360483, -0.0331519325307, -0.7498701123302, -0.0006651391378671, -0.9989979049205, 0.04475202290877,
        -0.7506022872245, 0.03006884324312, 0.6600697471324,
      ], shape: [3, 3])
  }

  static let shapes = [[3, 3], [2, 4, 3], [2, 3, 4], [5, 1], [1, 5], [2, 2, 6, 6]]

  /// Products of the factors give the matrices, and the vectors are orthonormal.
  @Test(arguments: TestDevices.hosts, shapes)
  func products(_ device: Device, _ shape: [Int]) throws {
    let a = matrices(shape, on: device)
    let tolerance = 10 * precision(device).tolerance
    let k = min(shape[shape.count - 1], shape[shape.count - 2])
    let identity = Tensor.identity(k, on: device).cast(to: a.dtype).broadcast(to: shape.dropLast(2) + [k, k])
    let (q, r) = try a.qr()
    try expectEqual(q.matmul(r), a, tolerance: tolerance)
    try expectEqual(r.upperTriangle(), r)
    try expectEqual(q.matmul(q, transposingLeft: true), identity, tolerance: tolerance)
    let (u, s, vTransposed) = try a.svd()
    try expectEqual((u * s.expanded(axis: -2)).matmul(vTransposed), a, tolerance: tolerance)
    try expectEqual(u.matmul(u, transposingLeft: true), identity, tolerance: tolerance)
    try expectEqual(vTransposed.matmul(vTransposed, transposingRight: true), identity, tolerance: tolerance)
    try expectEqual(a.singularValues(), s, tolerance: tolerance)
    if shape[shape.count - 1] != shape[shape.count - 2] { return }
    let symmetric = (a + a.transposed()) / 2
    let (values, vectors) = try symmetric.symmetricEigenvectors()
    try expectEqual(
      (vectors * values.expanded(axis: -2)).matmul(vectors, transposingRight: true), symmetric, tolerance: tolerance)
    try expectEqual(vectors.matmul(vectors, transposingLeft: true), identity, tolerance: tolerance)
    try expectEqual(symmetric.symmetricEigenvalues(), values, tolerance: tolerance)
  }

  @Test(arguments: TestDevices.hosts)
  func singularValues(_ device: Device) throws {
    // linalg.svd(a)
    try expect(
      matrices([2, 4, 3], on: device).singularValues(),
      [1.995035674446, 1.25425962662, 0.6225918602235, 1.543882683939, 1.293742031512, 0.335849711277], shape: [2, 3])
    try expect(
      matrices([2, 3, 4], on: device).svd().s,
      [1.982051084804, 1.321715778908, 0.515263112121, 1.806433715813, 0.8591719632582, 0.4108016338303],
      shape: [2, 3])
  }

  @Test(arguments: TestDevices.hosts)
  func symmetricEigenvalues(_ device: Device) throws {
    let a = matrices([2, 3, 3], on: device)
    // linalg.eigh((a + aᵀ) / 2)
    let values = [
      -1.409638994191, 0.6126242690599, 0.8891040476064, -1.314911332844, 0.08507687988739, 0.7986316253183,
    ]
    let symmetric = (a + a.transposed()) / 2
    try expect(symmetric.symmetricEigenvalues(), values, shape: [2, 3])
    try expect(symmetric.symmetricEigenvectors().values, values, shape: [2, 3])
    let magnitudes = [
      0.439598565932, 0.8690506918347, 0.2269449181016, 0.1193348274597, 0.1939176220906, 0.9737325889575,
      0.8902315989594, 0.4551338823514, 0.01846210578383,
    ]
    try expect(symmetric[0].symmetricEigenvectors().vectors.magnitude(), magnitudes, shape: [3, 3])
    // Only the lower triangle is read.
    let lower = symmetric.lowerTriangle() + 5 * Tensor.ones(like: a).upperTriangle(diagonal: 1)
    try expect(lower.symmetricEigenvalues(), values, shape: [2, 3])
    try expect(lower.symmetricEigenvectors().values, values, shape: [2, 3])
  }

  /// Functions of equal singular values or eigenvalues have gradients.
  @Test(arguments: TestDevices.hosts)
  func repeatedValues(_ device: Device) throws {
    let identity = Tensor.identity(3, on: device)
    let diagonal = [1.0, 0, 0, 0, 1, 0, 0, 0, 1]
    try expect(valueAndGradient(at: identity) { try $0.singularValues().sum() }.gradient, diagonal, shape: [3, 3])
    try expect(valueAndGradient(at: identity) { try $0.svd().s.sum() }.gradient, diagonal, shape: [3, 3])
    try expect(
      valueAndGradient(at: identity) { try $0.symmetricEigenvalues().sum() }.gradient, diagonal, shape: [3, 3])
    try expect(
      valueAndGradient(at: identity) { try $0.symmetricEigenvectors().values.sum() }.gradient, diagonal, shape: [3, 3])
    // The gradient of the vectors does not exist.
    let infinite = try valueAndGradient(at: identity) { try $0.symmetricEigenvectors().vectors[0].sum() }.gradient
    #expect(try !infinite.scalars().allSatisfy(\.isFinite))
  }

  @Test(arguments: TestDevices.hosts)
  func empty(_ device: Device) throws {
    try expect(matrices([2, 0, 0], on: device).determinant(), [1, 1], shape: [2])
    try expect(matrices([0, 0], on: device).signAndLogDeterminant().logMagnitude, [0], shape: [])
    for (m, n) in [(0, 3), (3, 0), (0, 0)] {
      let a = matrices([2, m, n], on: device)
      let (q, r) = try a.qr()
      #expect(q.shape == [2, m, 0] && r.shape == [2, 0, n])
      let (u, s, vTransposed) = try a.svd()
      #expect(u.shape == [2, m, 0] && s.shape == [2, 0] && vTransposed.shape == [2, 0, n])
      #expect(try a.pseudoInverse().shape == [2, n, m])
      try expect(a.leastSquares(matrices([2, m, 1], on: device)), Array(repeating: 0, count: 2 * n), shape: [2, n, 1])
      try expect(a.matrixRank(), [0, 0], shape: [2])
      try expect(a.conditionNumber(), [0, 0], shape: [2])
      try expect(a.spectralNorm(), [0, 0], shape: [2])
      try expect(a.nuclearNorm(), [0, 0], shape: [2])
    }
    #expect(try matrices([0, 3, 2], on: device).svd().u.shape == [0, 3, 2])
    #expect(try matrices([0, 2, 2], on: device).symmetricEigenvectors().vectors.shape == [0, 2, 2])
    #expect(try matrices([0, 0], on: device).symmetricEigenvalues().shape == [0])
    #expect(try valueAndGradient(at: matrices([0, 2], on: device)) { try $0.svd().s.sum() }.gradient.shape == [0, 2])
  }

  @Test(arguments: TestDevices.hosts)
  func nonFinite(_ device: Device) throws {
    for bad in [Double.nan, .infinity] {
      var a = matrices([2, 3, 3], on: device)
      a[1, 2, 0] = Tensor.full([], bad, on: device).cast(to: a.dtype)
      func error(_ operation: String) -> LinearAlgebraError { .notFinite(operation: operation, matrix: [1]) }
      #expect(throws: error("svd")) { try a.svd() }
      #expect(throws: error("singularValues")) { try a.singularValues() }
      #expect(throws: error("symmetricEigenvectors")) { try a.symmetricEigenvectors() }
      #expect(throws: error("symmetricEigenvalues")) { try a.symmetricEigenvalues() }
      #expect(throws: error("leastSquares")) { try a.leastSquares(.ones(like: a)) }
      #expect(throws: error("pseudoInverse")) { try a.pseudoInverse() }
      #expect(throws: error("matrixRank")) { try a.matrixRank() }
      #expect(try a[1].determinant().item().isFinite == false)
      #expect(try a[1].qr().r.scalars().contains { !$0.isFinite })
    }
  }
}
