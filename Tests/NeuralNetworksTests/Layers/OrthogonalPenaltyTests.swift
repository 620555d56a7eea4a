import HostSystem
import NeuralNetworks
import Testing

/// Penalties on rows and columns that are not orthogonal, compared with Keras 3.15 in double precision. The weights are
/// sin(1), sin(2), …
@Suite struct OrthogonalPenaltyTests {
  static let cases: [(shape: [Int], vectors: OrthogonalPenalty.Vectors, penalty: Double, gradient: [Double])] = [
    (
      [3, 4], .rows, 0.151554615796,
      [
        0.03130128014, -0.05083071913, -0.08622919532, -0.04234894889, 0.0007069639241, 0.003182518337, 0.002732083014,
        -0.0002302185527, 0.07243756787, 0.08415406078, 0.01849969616, -0.06416320464,
      ]
    ),
    (
      [3, 4], .columns, 0.179970763624,
      [
        -0.002137747338, 0.007445034011, -0.02255929905, -0.006067573824, -0.0006128467303, -0.02505928453,
        0.0131055122, -0.0007903097772, 0.002938917636, 0.02531464731, 0.005426629762, 0.00710073237,
      ]
    ),
    (
      // As a matrix of 3 rows.
      [3, 2, 2], .rows, 0.151554615796,
      [
        0.03130128014, -0.05083071913, -0.08622919532, -0.04234894889, 0.0007069639241, 0.003182518337, 0.002732083014,
        -0.0002302185527, 0.07243756787, 0.08415406078, 0.01849969616, -0.06416320464,
      ]
    ),
  ]

  @Test(arguments: TestDevices.all, cases.indices)
  func penaltiesAndGradientsAreThoseOfKeras(_ device: Device, _ index: Int) throws {
    let (shape, vectors, penalty, gradient) = Self.cases[index]
    let weight = Tensor((1...12).map { Float(sin(Double($0))) }, shape: shape, on: device)
    let regularizer = Regularizer.orthogonal(0.3, vectors)
    let (value, found) = valueAndGradient(at: weight) { regularizer($0) }
    #expect(value.shape == [])
    expectClose(Double(try value.item()), penalty)
    try expectClose(found, gradient, relative: 1e-4)
  }

  @Test(arguments: TestDevices.all) func vectorsOfZerosAreOrthogonal(_ device: Device) throws {
    let weight = Tensor([1, 0, 0, 0, 0, 2], shape: [3, 2], on: device)
    let (value, gradient) = valueAndGradient(at: weight) { Regularizer.orthogonal(1)($0) }
    #expect(try value.item() == 0)
    #expect(try gradient.scalars().allSatisfy { $0.isFinite })
    for shape in [[1, 4], [4], [], [0, 3]] {
      #expect(try Regularizer.orthogonal(1)(.ones(shape, on: device)).item() == 0, "\(shape)")
    }
    #expect(try Regularizer.orthogonal(1, .columns)(.ones([3, 2], on: device)).item() > 0.999)
  }

  @Test func layersAddAndDescribeIt() throws {
    let regularizer = Regularizer.orthogonal(0.25, .columns)
    let model = Sequential { Dense(2, initializer: .constant(0.5), regularizer: regularizer) }
    try model.build(inputShape: [3])
    let again = Sequential(architecture: try Architecture(of: model))
    let copy = try #require(again.layers[0] as? Dense)
    #expect(copy.regularizer == regularizer && copy.regularizer?.orthogonal?.factor == 0.25)
    #expect(Regularizer.l2(0.1).orthogonal == nil)
    for factor in [-1, .infinity] {
      #expect {
        try Dense(2, regularizer: .orthogonal(factor)).build(inputShape: [3])
      } throws: {
        "\($0)".contains("the factor of a regularizer is at least 0, not \(factor)")
      }
    }
  }
}
