import Distributions
import NeuralNetworks
import TestSupport
import Testing

/// Compares distributions of numbers with values of torch.distributions 2.15 in float64.
@Suite struct ContinuousTests {
  @Test(arguments: TestDevices.all) func normal(_ device: Device) throws {
    let device = Numbers(device)
    let d = Normal(mean: device([-0.5, 1.5]), standardDeviation: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.30579135264472734, -1.737085713764618], mean: [-0.5, 1.5],
      variance: [0.25, 4.0], entropy: [0.7257913526447274, 2.112085713764618])
    try device.expect(d, at: device([-0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([-0.7, 2.5]), [0.3445782583896759, 0.6914624612740131],
      quantiles: [-0.9208106167864571, 4.063103131089202])
    try device.expect(
      d.klDivergence(to: Normal(mean: device([0.3, 1]), standardDeviation: device([1.5, 0.8]))),
      [0.7963900664458876, 1.904021768125845])
  }

  @Test(arguments: TestDevices.all) func logNormal(_ device: Device) throws {
    let device = Numbers(device)
    let d = LogNormal(mean: device([-0.5, 0.5]), standardDeviation: device([0.5, 0.7]))
    let known = Known(
      logProbability: [0.08979944790407413, -1.6553889879200134], mean: [0.6872892787909722, 2.1064414349807272],
      variance: [0.13416410697161874, 2.805647466157347], entropy: [0.22579135264472738, 1.5622635892659402])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([0.7, 2.5]), [0.6128098800624081, 0.7239783385823633],
      quantiles: [0.3981961257580627, 4.043400702270434])
    try device.expect(
      d.klDivergence(to: LogNormal(mean: device([0.3, 1]), standardDeviation: device([1.5, 0.8]))),
      [0.7963900664458876, 0.21165639262452265])
  }

  @Test(arguments: TestDevices.all) func halfNormal(_ device: Device) throws {
    let device = Numbers(device)
    let d = HalfNormal(scale: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.512644172084782, -1.7001885332046727], mean: [0.3989422804014327, 1.5957691216057308],
      variance: [0.09084505690810465, 1.4535209105296745], entropy: [0.0326441720847821, 1.4189385332046727])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([0.7, 2.5]), [0.8384866815324579, 0.7887004526662893],
      quantiles: [0.1266735515678999, 3.289707253902945])
    try device.expect(
      d.klDivergence(to: HalfNormal(scale: device([1.5, 0.8]))), [0.6541678442236654, 1.708709268125845])
  }

  @Test(arguments: TestDevices.all) func uniform(_ device: Device) throws {
    let device = Numbers(device)
    let d = Uniform(low: device([-0.5, 1.5]), high: device([0.5, 2]))
    let known = Known(
      logProbability: [0.0, 0.6931471805599453], mean: [0.0, 1.75],
      variance: [0.08333333333333333, 0.020833333333333332], entropy: [0.0, -0.6931471805599453])
    try device.expect(d, at: device([-0.3, 1.75]), known)
    try device.expectCumulative(
      d, at: device([-0.3, 1.75]), [0.2, 0.5],
      quantiles: [-0.3, 1.95])
    try device.expect(
      d.klDivergence(to: Uniform(low: device([-0.75, 1]), high: device([1.5, 2.5]))),
      [0.8109302162163288, 1.0986122886681098])
  }

  @Test(arguments: TestDevices.all) func laplace(_ device: Device) throws {
    let device = Numbers(device)
    let d = Laplace(location: device([-0.5, 1.5]), scale: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.3999999999999999, -1.8862943611198906], mean: [-0.5, 1.5],
      variance: [0.5, 8.0], entropy: [1.0, 2.386294361119891])
    try device.expect(d, at: device([-0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([-0.7, 2.5]), [0.33516002301781966, 0.6967346701436833],
      quantiles: [-0.9581453659370776, 4.718875824868201])
    try device.expect(
      d.klDivergence(to: Laplace(location: device([0.3, 1]), scale: device([1.5, 0.8]))),
      [0.6992444613329951, 0.6557112258043571])
  }

  @Test(arguments: TestDevices.all) func gumbel(_ device: Device) throws {
    let device = Numbers(device)
    let d = Gumbel(location: device([-0.5, 1.5]), scale: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.39867751708132493, -1.7996778402725786], mean: [-0.21139216754923357, 2.6544313298030655],
      variance: [0.4112335167120566, 6.579736267392906], entropy: [0.8840684843415875, 2.270362845461478])
    try device.expect(d, at: device([-0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([-0.7, 2.5]), [0.22496179354991858, 0.5452392118926052],
      quantiles: [-0.7379424976635554, 6.000734654624886])
    try device.expect(
      d.klDivergence(to: Gumbel(location: device([0.3, 1]), scale: device([1.5, 0.8]))),
      [0.702645732121566, 1.353394353390029])
  }

  @Test(arguments: TestDevices.all) func cauchy(_ device: Device) throws {
    let device = Numbers(device)
    let d = Cauchy(location: device([-0.5, 1.5]), scale: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.6000027104077281, -2.061020617723555], mean: [.nan, .nan],
      variance: [.infinity, .infinity], entropy: [1.8378770664093453, 3.224171427529236])
    try device.expect(d, at: device([-0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([-0.7, 2.5]), [0.37888105840915665, 0.6475836176504333],
      quantiles: [-1.1881909602355867, 7.655367074350505])
    try device.expect(
      d.klDivergence(to: Cauchy(location: device([0.3, 1]), scale: device([1.5, 0.8]))),
      [0.43610207757005415, 0.2343307407047741])
  }

  @Test(arguments: TestDevices.all) func exponential(_ device: Device) throws {
    let device = Numbers(device)
    let d = Exponential(rate: device([0.5, 2]))
    let known = Known(
      logProbability: [-1.0431471805599453, -4.306852819440055], mean: [2.0, 0.5],
      variance: [4.0, 0.25], entropy: [1.6931471805599454, 0.3068528194400547])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([0.7, 2.5]), [0.29531191028128656, 0.9932620530009145],
      quantiles: [0.44628710262841953, 1.151292546497023])
    try device.expect(
      d.klDivergence(to: Exponential(rate: device([1.5, 0.8]))), [0.9013877113318902, 0.316290731874155])
  }

  @Test(arguments: TestDevices.all) func gamma(_ device: Device) throws {
    let device = Numbers(device)
    let d = Gamma(concentration: device([0.7, 5]), rate: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.9890677897420084, -1.0471550000515983], mean: [1.4, 2.5],
      variance: [2.8, 1.25], entropy: [1.2880073609822313, 1.4604359760607988])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expect(
      d.klDivergence(to: Gamma(concentration: device([0.3, 2]), rate: device([1.5, 0.8]))),
      [1.417337640206802, 0.1728806386957653])
  }

  @Test(arguments: TestDevices.all) func chiSquared(_ device: Device) throws {
    let device = Numbers(device)
    let d = ChiSquared(degreesOfFreedom: device([0.5, 3]))
    let known = Known(
      logProbability: [-1.5438031118840145, -1.7107931672675951], mean: [0.5, 3.0],
      variance: [1.0, 6.0], entropy: [-0.9394204447741763, 2.0541199559354117])
    try device.expect(d, at: device([0.7, 2.5]), known)
    try device.expect(
      d.klDivergence(to: ChiSquared(degreesOfFreedom: device([1.5, 0.8]))), [1.0289851934213508, 0.9575990267134628])
  }

  @Test(arguments: TestDevices.all) func studentT(_ device: Device) throws {
    let device = Numbers(device)
    let d = StudentT(degreesOfFreedom: device([2.5, 5]), location: device([-0.5, 1.5]), scale: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.43205434700954687, -1.8081372621229654], mean: [-0.5, 1.5],
      variance: [1.25, 6.666666666666667], entropy: [1.1546128900159762, 2.3206498529743413])
    try device.expect(d, at: device([-0.7, 2.5]), known)
  }

  @Test(arguments: TestDevices.all) func beta(_ device: Device) throws {
    let device = Numbers(device)
    let d = Beta(alpha: device([0.7, 5]), beta: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.20961739411509472, -2.4316621352691876], mean: [0.5833333333333334, 0.7142857142857143],
      variance: [0.11047979797979797, 0.025510204081632654], entropy: [-0.1979238823866587, -0.48453071499548894])
    try device.expect(d, at: device([0.7, 0.25]), known)
    try device.expect(
      d.klDivergence(to: Beta(alpha: device([0.3, 2]), beta: device([1.5, 0.8]))),
      [1.429570017224456, 0.19655426807424625])
  }

  /// PyTorch transforms a uniform distribution; mean, variance, and entropy are closed forms.
  @Test(arguments: TestDevices.all) func logistic(_ device: Device) throws {
    let device = Numbers(device)
    let d = Logistic(location: device([-0.5, 1.5]), scale: device([0.5, 2]))
    let known = Known(
      logProbability: [-0.7328833242399598, -2.1413011489201588], mean: [-0.5, 1.5],
      variance: [0.8224670334241132, 13.159472534785811], entropy: [1.3068528194400546, 2.6931471805599454])
    try device.expect(d, at: device([-0.7, 2.5]), known)
    try device.expectCumulative(
      d, at: device([-0.7, 2.5]), [0.401312339887548, 0.6224593312018546],
      quantiles: [-1.1931471805599454, 5.894449154672439])
  }

  @Test(arguments: TestDevices.all) func divergenceOfUniformFromNormal(_ device: Device) throws {
    let device = Numbers(device)
    let d = Uniform(low: device([-0.5, 1.5]), high: device([0.5, 2]))
    let other = Normal(mean: device([0.3, 1]), standardDeviation: device([1.5, 0.8]))
    try device.expect(d.klDivergence(to: other), [1.3629221598313557, 1.8446713291170749])
    try device.expect(other.klDivergence(to: other), [0, 0])
    let shifted = Uniform(low: device([-1, 1.75]), high: device([0.25, 3]))
    try device.expect(d.klDivergence(to: shifted), [.infinity, .infinity])
  }

  @Test(arguments: TestDevices.all) func valuesOutsideOfTheSupport(_ device: Device) throws {
    let device = Numbers(device)
    let (one, below) = (device([1]), device([-0.5]))
    let infinite = [-Double.infinity]
    try device.expect(Uniform(low: 0 * one, high: one).logProbability(of: below), infinite)
    try device.expect(Uniform(low: 0 * one, high: one).logProbability(of: one), infinite)
    try device.expect(Exponential(rate: one).logProbability(of: below), infinite)
    try device.expect(HalfNormal(scale: one).logProbability(of: below), infinite)
    try device.expect(Exponential(rate: one).cumulativeProbability(of: below), [0])
    try device.expect(HalfNormal(scale: one).cumulativeProbability(of: below), [0])
  }
}
