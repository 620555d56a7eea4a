import LinearAlgebra
import Tensors
import Testing

/// Least squares, and numbers that describe matrices. The expected values are those of NumPy and PyTorch, in float64, for
/// the same numbers.
@Suite struct LeastSquaresTests {
  @Test(arguments: TestDevices.hosts)
  func solutions(_ device: Device) throws {
    // torch.linalg.lstsq(a, b, driver="gelsd")
    let (tall, b) = (matrices([2, 4, 3], on: device), matrices([4, 2], 1, on: device))
    let solutions = [
      0.1495284131086, -0.5853078899162, -0.719748452738, -0.5326907026842, 0.3007195793312, -0.9366525182937,
      1.278735872904, 2.061398459681, 0.3643929173587, 2.300837759663, -0.5868585235901, -1.112045609978,
    ]
    try expect(tall.leastSquares(b), solutions, shape: [2, 3, 2])
    let first = stride(from: 0, to: 6, by: 2).map { solutions[$0] }
    try expect(tall[0].leastSquares(b[.all, 0]), first, shape: [3])
    try expectEqual(
      tall[1].leastSquares(.stacked([b, -b])), .stacked([tall[1].leastSquares(b), -tall[1].leastSquares(b)]))
    try expect(
      matrices([2, 3, 4], on: device).leastSquares(matrices([3, 2], 1, on: device)),
      [
        -0.1119147680464, -0.624793320031, -2.073423718317, -0.2526322024624, -0.994630033576, -0.3133517563457,
        -0.5540422004181, -0.2424253931138, -0.6486451568441, -0.4401569901725, -0.2944938425982, -0.04187556048589,
        2.637233824273, 0.05436217334628, 0.7859728595378, -0.9754240714568,
      ], shape: [2, 4, 2])
  }

  @Test(arguments: TestDevices.hosts)
  func pseudoInverses(_ device: Device) throws {
    // linalg.pinv(a)
    try expect(
      matrices([2, 4, 3], on: device).pseudoInverse()[1],
      [
        -0.4879627661072, -1.041234433963, -0.2293827830183, -1.536425190198, -1.160712178669, -1.143207306763,
        0.3580781618189, -1.28040340957, 0.7378199909451, 0.9082864120999, 0.5093822855124, 0.3106029773272,
      ], shape: [3, 4])
    try expect(
      matrices([2, 3, 4], on: device).pseudoInverse()[0],
      [
        -0.01890158774019, 0.5156810819771, -0.5707837021915, -1.598096780938, 0.7558188513764, 0.2616143376966,
        -0.3837744782744, 0.5422758984687, 0.40411914463, -0.1574673343126, 0.3589117572177, 0.2225907195949,
      ], shape: [4, 3])
  }

  /// A matrix of rank 2, and one whose smallest singular value is 1e-3 of the largest.
  @Test(arguments: TestDevices.hosts)
  func deficientRanks(_ device: Device) throws {
    let a = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3], on: device)
    try expect(
      a.pseudoInverse(),
      [
        -0.6388888888889, -1.0 / 6, 0.3055555555556, -0.05555555555556, 0, 0.05555555555556, 0.5277777777778, 1.0 / 6,
        -0.1944444444444,
      ], shape: [3, 3])
    let b = tensor([1, 0, 2], [3], on: device)
    try expect(a.leastSquares(b), [-0.02777777777778, 0.05555555555556, 0.1388888888889], shape: [3])
    let small = tensor([2, 0, 0, 2e-3], [2, 2], on: device)
    let batch = Tensor.stacked([small, small * 0, Tensor.ones(like: small)])
    #expect(try a.matrixRank().item(as: Int.self) == 2)
    #expect(try batch.matrixRank().scalars(as: Int.self) == [2, 0, 1])
    #expect(try batch.matrixRank(relativeTolerance: 0.01).scalars(as: Int.self) == [1, 0, 1])
    #expect(try batch.matrixRank().dtype == .int32)
    try expect(small.pseudoInverse(), [0.5, 0, 0, 500], shape: [2, 2])
    try expect(small.pseudoInverse(relativeTolerance: 0.01), [0.5, 0, 0, 0], shape: [2, 2])
    let c = tensor([1, 1], [2], on: device)
    try expect(small.leastSquares(c), [0.5, 500], shape: [2])
    try expect(small.leastSquares(c, relativeTolerance: 0.01), [0.5, 0], shape: [2])
  }

  @Test(arguments: TestDevices.hosts)
  func conditionNumbers(_ device: Device) throws {
    // linalg.cond(a), linalg.norm(a, 2), and linalg.norm(a, "nuc") of each matrix
    let a = matrices([2, 4, 3], on: device)
    try expect(a.conditionNumber(), [3.204403722417, 4.596945098056], shape: [2])
    try expect(a.spectralNorm(), [1.995035674446, 1.543882683939], shape: [2])
    try expect(a.nuclearNorm(), [3.87188716129, 3.173474426728], shape: [2])
    let singular = tensor([2, 0, 0, 0], [2, 2], on: device)
    try expect(singular.conditionNumber(), [.infinity], shape: [])
    try expect((singular * 0).conditionNumber(), [.infinity], shape: [])
  }

  @Test(arguments: TestDevices.hosts)
  func powers(_ device: Device) throws {
    let a = matrices([2, 3, 3], on: device)
    // linalg.matrix_power(a, 5) and linalg.matrix_power(a, -2)
    try expect(
      a.matrixPower(5)[0],
      [
        -0.4055444337621, -0.3371843141599, 0.446152412366, 0.2185036858785, 0.04275936252368, -0.3342994175797,
        0.761399552541, 0.8399720373398, -1.599842720858,
      ], shape: [3, 3])
    try expect(
      a.matrixPower(-2)[1],
      [
        3.774518158788, 2.651460415754, -12.54463983123, 2.234870976896, 2.440549942625, -8.771363968295,
        0.3130942687961, 0.3082566322783, 3.089612546246,
      ], shape: [3, 3])
    try expectEqual(a.matrixPower(0)[1], Tensor.identity(3, on: device))
    try expectEqual(a.matrixPower(1), a)
    #expect(try a.matrixPower(0).dtype == a.dtype)
    #expect(throws: LinearAlgebraError.singular(operation: "matrixPower", matrix: [])) {
      try Tensor.ones([2, 2], on: device).matrixPower(-1)
    }
  }
}
