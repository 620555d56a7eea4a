import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Compares distributions of angles, of vectors with a covariance of low rank, and of matrices with values of
/// torch.distributions 2.15 in float64, unless a test says otherwise.
@Suite struct AngleAndMatrixTests {
  /// The log probabilities are SciPy's, and the variances are Bessel functions of mpmath with 40 digits: PyTorch's are
  /// approximations with 7 digits.
  @Test(arguments: TestDevices.all) func vonMises(_ device: Device) throws {
    let device = Numbers(device)
    let location = [0.5, -0.5, 1.5, -3, 0]
    let d = VonMises(location: device(location), concentration: device([0, 0.7, 3, 20, 500]))
    let known = Known(
      logProbability: [
        -1.8378770664093453, -1.270771065831078, -1.8022777706183468, -0.22408176164630023, 1.5632454629670813,
      ], mean: location,
      variance: [1, 0.669822710467329, 0.19001470604349546, 0.025329492110192874, 0.0010005010031380675])
    try device.expect(d, at: device([1, -0.7, 2.5, 3, 0.05]), known)
    let turned = device([1, -0.7, 2.5, 3, 0.05]) + 2 * Double.pi
    #expect(try (d.logProbability(of: turned) - device(known.logProbability)).magnitude().max().item() < 2e-3)
  }

  private let mean = [0.5, -1, 2, 0, 1, -1]
  private let factor = [1, 0.3, -0.4, 0.7, 0.2, -0.6], diagonal = [0.5, 1.2, 0.8]
  private let covariance = [2, 0.3, -0.4, 0.3, 1, 0.2, -0.4, 0.2, 0.5]
  private let otherCovariance = [1, -0.2, 0.1, -0.2, 2, 0.3, 0.1, 0.3, 1.5]

  @Test(arguments: TestDevices.all) func lowRankMultivariateNormal(_ device: Device) throws {
    let device = Numbers(device)
    let d = LowRankMultivariateNormal(
      mean: device(mean, [2, 3]), covarianceFactor: device(factor, [3, 2]), covarianceDiagonal: device(diagonal))
    let known = Known(
      logProbability: [-3.9777048528555996, -3.541040708795368], mean: mean,
      variance: [1.59, 1.85, 1.2, 1.59, 1.85, 1.2], entropy: [4.8212311332400715, 4.8212311332400715])
    try device.expect(d, at: device([0.2, 0.5, 1.3, 0.1, 0.1, -0.8], [2, 3]), known)
    let matrix = [1.59, -0.19, 0.02, -0.19, 1.85, -0.5, 0.02, -0.5, 1.2]
    try device.expect(d.covariance, matrix + matrix)
    let center = device([0.1, 0.2, 0.3])
    let other = LowRankMultivariateNormal(
      mean: center, covarianceFactor: device([0.5, 1, -0.3], [3, 1]), covarianceDiagonal: device([1, 0.4, 2]))
    try device.expect(d.klDivergence(to: other), [1.705462933031284, 0.9539148434397164])
    let full = MultivariateNormal(mean: center, covariance: device(otherCovariance, [3, 3]))
    try device.expect(d.klDivergence(to: full), [1.7946911468524323, 1.0724590673634333])
    try device.expect(full.klDivergence(to: d), [1.5610255057535403, 0.9764502738677958])
  }

  /// D is small next to W·Wᵀ. All parameters are exact in float32, and the expected numbers are those of mpmath with 50
  /// digits. With |s|² less the part that W explains, the squared distance would be 32 instead of 33.1 in float32.
  @Test(arguments: TestDevices.all) func smallDiagonals(_ device: Device) throws {
    let device = Numbers(device)
    let (size, z) = (50, [0.75, -1.25])
    var factor: [Double] = [], value: [Double] = [], shift: [Double] = []
    for i in 0..<size {
      let row = (0..<2).map { j in Double((7 * i + 5 * j * i + 3 * j) % 17 - 8) / 8 }
      factor += row
      value.append(row[0] * z[0] + row[1] * z[1] + Double(5 * i % 11 - 5) / 4 * 0x1p-10)
      shift.append(row[0] * 0.5 + row[1] * 0.25)
    }
    let diagonal = device(Array(repeating: 0x1p-20, count: size)), zero = device(Array(repeating: 0, count: size))
    let d = LowRankMultivariateNormal(
      mean: zero, covarianceFactor: device(factor, [size, 2]), covarianceDiagonal: diagonal)
    try device.expect(d.logProbability(of: device(value)), [267.26463902062864])
    let other = LowRankMultivariateNormal(
      mean: device(shift), covarianceFactor: 2 * d.covarianceFactor, covarianceDiagonal: 4 * diagonal)
    try device.expect(d.klDivergence(to: other), [15.946421525814651], float32Tolerance: 4e-5)
    try device.expect(d.klDivergence(to: d), [0], float32Tolerance: 4e-5)
  }

  /// The divergences are those of PyTorch for single distributions; for a batch, it adds terms of all of them.
  @Test(arguments: TestDevices.all) func wishart(_ device: Device) throws {
    let device = Numbers(device)
    let d = Wishart(degreesOfFreedom: device([2.5, 7]), covariance: device(covariance, [3, 3]))
    let known = Known(
      logProbability: [-9.636164453336189, -10.579340313074189],
      mean: [5, 0.75, -1, 0.75, 2.5, 0.5, -1, 0.5, 1.25, 14, 2.1, -2.8, 2.1, 7, 1.4, -2.8, 1.4, 3.5],
      variance: [
        20, 5.225, 2.9, 5.225, 5, 1.35, 2.9, 1.35, 1.25, 56, 14.63, 8.12, 14.63, 14, 3.78, 8.12, 3.78, 3.5,
      ], entropy: [6.053503125804053, 13.651204674797254])
    let values = device(otherCovariance + [3, 0.5, -0.2, 0.5, 4, 1, -0.2, 1, 2], [2, 3, 3])
    try device.expect(d, at: values, known)
    let other = Wishart(degreesOfFreedom: device([4, 3]), covariance: device(otherCovariance, [3, 3]))
    try device.expect(d.klDivergence(to: other), [5.574315154213812, 6.03405303448773])
    try device.expect(d.covariance, covariance + covariance)
    let above = device([0, 1, 1, 0, 0, 1, 0, 0, 0], [3, 3])
    let same = Wishart(degreesOfFreedom: device([2.5, 7]), scaleTriangle: d.scaleTriangle + above)
    try device.expect(same.covariance, covariance + covariance)
  }

  /// The mean and the variance are those of beta distributions by SciPy.
  @Test(arguments: TestDevices.all) func lkjCholesky(_ device: Device) throws {
    let device = Numbers(device)
    let d = LKJCholesky(dimension: 3, concentration: device([0.7, 2.5]))
    let known = Known(
      logProbability: [-2.0076118029386647, -0.8918823935909208],
      mean: [
        1, 0, 0, 0, 0.8161241658177506, 0, 0, 0, 0.5833333333333334,
        1, 0, 0, 0, 0.9203884727313847, 0, 0, 0, 0.8333333333333331,
      ],
      variance: [
        0, 0, 0, 0.29411764705882354, 0.03982369890945725, 0, 0.29411764705882354, 0.29411764705882354,
        0.07148692810457508,
        0, 0, 0, 0.14285714285714285, 0.010027916406046278, 0, 0.14285714285714285, 0.14285714285714285,
        0.019841269841270215,
      ])
    let values = device(
      [
        1, 0, 0, 0.3, 0.9539392014169457, 0, -0.4, 0.33545114775101387, 0.8529200006287386,
        1, 0, 0, -0.2, 0.9797958971132712, 0, 0.1, 0.530722777603022, 0.8416254115301731,
      ], [2, 3, 3])
    try device.expect(d, at: values, known)
    // Of two rows, the correlation is uniform for a concentration of 1.
    let pair = LKJCholesky(dimension: 2, concentration: device([1], []))
    try device.expect(pair.logProbability(of: device([1, 0, 0.6, 0.8], [2, 2])), [-0.6931471805599453])
  }

  /// For large concentrations, the diagonal elements are nearly 1, with a small variance, of which all digits are correct. The
  /// numbers are those of mpmath with 50 digits, from gamma functions.
  @Test(arguments: TestDevices.all) func lkjCholeskyOfLargeConcentrations(_ device: Device) throws {
    let device = Numbers(device)
    let d = LKJCholesky(dimension: 3, concentration: device([20, 100, 1000]))
    try device.expect(
      d.mean,
      [
        1, 0, 0, 0, 0.9878801307970172, 0, 0, 0, 0.975609756097561,
        1, 0, 0, 0, 0.9975155394660373, 0, 0, 0, 0.9950248756218906,
        1, 0, 0, 0, 0.999750156164103, 0, 0, 0, 0.9995002498750625,
      ], scale: 0)
    let variance = [
      0, 0, 0, 0.023809523809523808, 0.0002833233669443961, 0, 0.023809523809523808, 0.023809523809523808,
      0.0005665561882099657,
      0, 0, 0, 0.0049504950495049506, 1.2253474275633751e-05, 0, 0.0049504950495049506, 0.0049504950495049506,
      2.4506794631345515e-05,
      0, 0, 0, 0.0004995004995004995, 1.2475035114498293e-07, 0, 0.0004995004995004995, 0.0004995004995004995,
      2.4950068668838966e-07,
    ]
    try device.expect(d.variance, variance, scale: 0)
    try device.expect(d.standardDeviation, variance.map { $0.squareRoot() }, scale: 0)
  }
}
