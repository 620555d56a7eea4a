import TestSupport
import Testing

@testable import Tensors

/// Normalizations of numbers up to the largest of float32, whose distances from the mean are larger. The expected values are
/// those of PyTorch 2 in float64 for the same float32 numbers:
///
/// ```python
/// f = lambda v: torch.tensor(numpy.float32(v).astype(float), requires_grad=True)
/// x, up = f([[3.4e38, -2e38, -3.4e38, 1e38], [-1.8e38, 1.8e38, 1e38, 3e38]]), f([[1e5, -2e5, 3e5, 5e4], [-1e5, 4e5, 1e5, 2e5]])
/// w, b = f([0.5, -2, 3, 1.5]), f([1, 0, -1, 0])
/// y = F.layer_norm(x, [4], w, b, 1e-5)          # F.rms_norm(x, [4], w, 1e-5)
/// print(y, torch.autograd.grad((y * up).sum(), [x, w, b]))
/// y = F.batch_norm(x.T, None, None, f([0.5, -2]), None, True, 0, 1e-5)
/// print(y, torch.autograd.grad((y * up.T).sum(), [x, w]))
/// ```
@Suite struct WideRowTests {
  private static let rows = [3.4e38, -2e38, -3.4e38, 1e38, -1.8e38, 1.8e38, 1e38, 3e38].map { Double(Float($0)) }
  private static let upstream = [1e5, -2e5, 3e5, 5e4, -1e5, 4e5, 1e5, 2e5]

  private func tensor(_ numbers: [Double], _ shape: [Int], _ device: Device) -> Tensor {
    Tensor(numbers, shape: shape, dtype: device == TestDevices.reference ? .float64 : .float32, on: device)
  }

  /// Compares y, and the gradients of Σ upstream·y, with expected numbers, to a fraction of the largest of each tensor.
  private func examine(
    _ operands: [Tensor], _ upstream: Tensor, expected: [[Double]], _ function: ([Tensor]) -> Tensor
  ) throws {
    var found = [function(operands)]
    for place in operands.indices {
      found.append(
        valueAndGradient(at: operands[place]) { operand in
          var all = operands
          all[place] = operand
          return (function(all) * upstream).sum()
        }.gradient)
    }
    #expect(found.count == expected.count)
    for (index, (tensor, expected)) in zip(found, expected).enumerated() {
      let numbers = try tensor.scalars(as: Double.self)
      let largest = expected.map(\.magnitude).max() ?? 0
      #expect(numbers.count == expected.count)
      for (number, expected) in zip(numbers, expected) {
        #expect(
          (number - expected).magnitude <= 2e-5 * largest,
          "result \(index) on \(tensor.device): found \(number), expected \(expected)")
      }
    }
  }

  @Test(arguments: TestDevices.all) func layerNormalization(_ device: Device) throws {
    let operands = [
      tensor(Self.rows, [2, 4], device), tensor([0.5, -2, 3, 1.5], [4], device), tensor([1, 0, -1, 0], [4], device),
    ]
    let expected = [
      [
        1.6913920490607979, 1.3259573322588365, -4.580084866253857, 0.7103342851386624, 0.20740608069920508,
        -0.905821601553313, -1.0000000430599503, 1.6984155782673749,
      ],
      [
        4.566325650456568e-34, -6.094551012086577e-34, 6.646098743365244e-34, -5.117873381735238e-34,
        1.9778559744922294e-34, -4.211562541539289e-33, 2.0522521457904613e-33, 1.9615247982996048e-33,
      ],
      [296797.19367231854, 313760.0535365463, -358008.48806071735, 250133.2199402721], [0, 200_000, 400_000, 250_000],
    ]
    try examine(operands, tensor(Self.upstream, [2, 4], device), expected: expected) {
      $0[0].layerNormalized(weight: $0[1], bias: $0[2])
    }
  }

  @Test(arguments: TestDevices.all) func rootMeanSquareNormalization(_ device: Device) throws {
    let operands = [tensor(Self.rows, [2, 4], device), tensor([0.5, -2, 3, 1.5], [4], device)]
    let expected = [
      [
        0.6411671454842779, 1.5086285506112804, -3.8470028729056676, 0.5657357064792301, -0.44339817002007137,
        -1.7735926800802855, 1.477993883412861, 2.2169909000624872,
      ],
      [
        1.8370986815280558e-33, 5.389109063912361e-34, 1.7458942407271457e-33, 7.6772670850983495e-34,
        -3.270479987674395e-34, -3.860601471454145e-33, 1.5228359729332163e-33, 1.6125200620142894e-33,
      ],
      [216913.06310086983, 505581.3910771851, -335433.824510138, 314456.6435576393],
    ]
    try examine(operands, tensor(Self.upstream, [2, 4], device), expected: expected) {
      $0[0].rootMeanSquareNormalized(weight: $0[1])
    }
  }

  /// Each row is a channel here.
  @Test(arguments: TestDevices.all) func batchNormalization(_ device: Device) throws {
    let operands = [tensor(Self.rows, [2, 4], device), tensor([0.5, -2], [2], device)]
    let expected = [
      [
        0.6913920490607979, 3.17037567720318, -0.3314893330647091, -0.9058216015533133, -0.5966808110423095,
        2.8706633522460893e-08, 0.2367780950462208, -2.2645541043565007,
      ],
      [
        1.125864185479108e-34, -5.1715668052805025e-34, 4.14017597217701e-34, -9.447335237561528e-36,
        2.9032747976778325e-34, -2.1048740201473333e-33, 5.661384996572984e-34, 1.2484080407222516e-33,
      ],
      [-63456.53408272042, 566138.51317114],
    ]
    try examine(operands, tensor(Self.upstream, [2, 4], device).transposed(), expected: expected) {
      $0[0].transposed().batchNormalized(weight: $0[1], bias: nil, epsilon: 1e-5).y
    }
  }
}
