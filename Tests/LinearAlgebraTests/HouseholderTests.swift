import LinearAlgebra
import Tensors
import Testing

/// Products of Householder matrices, on every device. The expected values are those of `torch.linalg.householder_product`, in
/// float64, for the same numbers, unless a test says otherwise.
@Suite struct HouseholderTests {
  @Test(arguments: TestDevices.all)
  func values(_ device: Device) throws {
    try expect(
      matrices([2, 4, 3], on: device).householderProduct(scales: matrices([2, 3], 4, on: device)),
      [
        0.4655320225002, -0.5338813265452, -0.018699280832, -0.2593728052496, 1.2621720040157, -0.2223463932867,
        -0.5257768667753, -0.1286112993381, -0.0758057685342, 0.1435529959357, 0.6255115387949, -0.7208511396191,
        0.216308427504, 0.4003281754229, 0.7711982553717, 0.0200453394959, 1.8453890193803, 0.7779780333096,
        0.4155418980937, 0.5684776122396, 1.3417862689394, 0.6157240256259, -0.2516756649871, -0.5608926799171,
      ], shape: [2, 4, 3])
    let fewer = [
      0.4655320225002, -0.5338813265452, -0.7346301974841, -0.2593728052496, 1.2621720040157, 0.040078612413,
      -0.5257768667753, -0.1286112993381, 0.5790507670024, 0.1435529959357, 0.6255115387949, 0.5641213240276,
    ]
    let (vectors, scales) = (matrices([4, 3], on: device), matrices([2], 4, on: device))
    try expect(vectors.householderProduct(scales: scales), fewer, shape: [4, 3])
    // Elements on and above the diagonal, and those of further columns, are not read.
    let unread = tensor([9, 9, 9, 0, 9, 9, 0, 0, 9, 0, 0, 9], [4, 3], on: device)
    try expect((vectors + unread).householderProduct(scales: scales), fewer, shape: [4, 3])
    try expect(
      matrices([3, 3], on: device).householderProduct(scales: matrices([3], 4, on: device)),
      [
        0.4655320225002, -0.6030905387692, -0.0825487477801, -0.2593728052496, 1.2285853565843, 0.0015229793433,
        -0.5257768667753, -0.1966950841242, 0.0552834340989,
      ], shape: [3, 3])
  }

  /// The Q of `scipy.linalg.qr`, from the factorization that `scipy.linalg.qr(…, mode="raw")` returns.
  @Test(arguments: TestDevices.all)
  func orthonormalColumns(_ device: Device) throws {
    let raw = tensor(
      [
        -1.1537412120338, -0.6215267428277, 0.9945675310982, 0.3491785607338, -1.5606155514935, 0.2240826290496,
        0.7078228938885, 0.3639552291776, 0.8652412398777, -0.1932570704998, 0.3581164982407, -0.462361449914,
      ], [4, 3], on: device)
    let scales = tensor([1.204610856436, 1.5864066082604, 1.6477476261258], [3], on: device)
    try expect(
      raw.householderProduct(scales: scales),
      [
        -0.204610856436, 0.6067037014611, 0.7677573325511, -0.4206242850947, -0.3745586829923, 0.2092577425942,
        -0.852651142412, -0.1479422109773, -0.125721678909, 0.232799565207, -0.6853681593418, 0.5924136518774,
      ], shape: [4, 3])
  }

  @Test(arguments: TestDevices.all)
  func withoutVectors(_ device: Device) throws {
    let identity = tensor([1, 0, 0, 1, 0, 0], [3, 2], on: device)
    try expectEqual(matrices([3, 2], on: device).householderProduct(scales: matrices([0], on: device)), identity)
    let empty = matrices([2, 3, 0], on: device).householderProduct(scales: matrices([2, 0], on: device))
    #expect(empty.shape == [2, 3, 0])
  }
}
