import NeuralNetworks
import Testing

@Suite("Programs of tensors and gradients")
struct TensorProgramTests {
  @Test(arguments: TestDevices.all)
  func arithmetic(_ device: Device) throws {
    let x = Tensor([0, 1, 2], on: device)
    #expect(try TensorPrograms.polynomial([2, -1, 3], at: x).scalars() == [3, 4, 9])
    let rows = Tensor([[1, 2, 3], [10, 20, 30]] as [[Float]], on: device)
    let expected: [Float] = [-1.2247, 0, 1.2247, -1.2247, 0, 1.2247]
    #expect(close(try TensorPrograms.standardized(rows).scalars(), expected, 1e-4))
  }

  @Test(arguments: TestDevices.all)
  func broadcasting(_ device: Device) throws {
    let a = Tensor([[0, 0], [3, 4]] as [[Float]], on: device)
    let b = Tensor([[3, 4], [0, 0], [6, 8]] as [[Float]], on: device)
    let distances = TensorPrograms.distances(a, b)
    #expect(distances.shape == [2, 3])
    #expect(close(try distances.scalars(), [5, 0, 10, 0, 5, 5]))
  }

  @Test(arguments: TestDevices.all)
  func masks(_ device: Device) throws {
    let (values, outside) = TensorPrograms.winsorized(Tensor([-3, -1, 0, 2, 5], on: device), 2)
    #expect(try values.scalars() == [-2, -1, 0, 2, 2])
    #expect(try outside.item() == 2)
  }

  @Test(arguments: TestDevices.all)
  func writingThroughIndices(_ device: Device) throws {
    #expect(try TensorPrograms.checkerboard(3, on: device).scalars() == [1, 0, 1, 0, 1, 0, 1, 0, 1])
  }

  @Test(arguments: TestDevices.all)
  func indexing(_ device: Device) throws {
    let x = Tensor((0..<12).map(Float.init), shape: [3, 4], on: device)
    let expected: [[Float]] = [
      [0, 1, 2, 3], [8, 9, 10, 11], [1, 5, 9], [1, 2, 3], [0, 1, 4, 5, 8, 9], [0, 1, 2, 3, 8, 9, 10, 11],
      [0, 1, 2, 3, 4, 5, 6, 7], [0, 4, 8], [3, 2, 1, 0],
    ]
    #expect(try TensorPrograms.views(x) == expected)
    #expect(try TensorPrograms.roundTrip(x).scalars() == x.scalars())
  }

  @Test(arguments: TestDevices.all)
  func gathering(_ device: Device) throws {
    let table = Tensor([[1, 2], [3, 4], [5, 6]] as [[Float]], on: device)
    let (rows, classes) = try TensorPrograms.indices(table, Tensor(integers: [2, 0, 2], on: device))
    #expect(rows == [5, 6, 1, 2, 5, 6])
    #expect(classes == [2, 0, 2])
  }

  @Test(arguments: TestDevices.all)
  func derivatives(_ device: Device) throws {
    let (value, gradient) = try GradientPrograms.parabola(at: 3, on: device)
    #expect(value == 15 && gradient == 8)
    #expect(try GradientPrograms.curvature(at: 2, on: device) == 12)
    #expect(try GradientPrograms.constants(at: 3, on: device) == 3)
  }

  @Test(arguments: TestDevices.all)
  func descent(_ device: Device) throws {
    let x = Tensor([-1, 0, 1, 2], on: device)
    let (slope, intercept) = try GradientPrograms.line(x, 2 * x - 1, steps: 200, rate: 0.1)
    #expect((slope - 2).magnitude < 1e-3 && (intercept + 1).magnitude < 1e-3)
  }

  @Test(arguments: TestDevices.all)
  func errorsPassThroughGradients(_ device: Device) throws {
    #expect(try GradientPrograms.guarded(at: 1, limit: 2, on: device) == 2)
    #expect(throws: GradientPrograms.TooLarge(value: 3)) {
      try GradientPrograms.guarded(at: 3, limit: 2, on: device)
    }
  }
}
