import Tensors
import Testing

/// Tensors can be created from, and read as, common number types; bool tensors can be counted.
@Suite struct NumberTypeTests {
  @Test(arguments: TestDevices.all) func elementsAreReadAsAnyType(_ device: Device) throws {
    let x = Tensor([-1.5, 2.75, 300, .nan, 1e30], on: device)
    #expect(try x.scalars(as: Int.self) == [-1, 2, 300, 0, Int.max])
    #expect(try x.scalars(as: Int8.self) == [-1, 2, 127, 0, 127])
    #expect(try x.scalars(as: UInt8.self) == [0, 2, 255, 0, 255])
    #expect(try x.scalars(as: Int32.self) == [-1, 2, 300, 0, Int32.max])
    #expect(try x.scalars(as: UInt64.self) == [0, 2, 300, 0, UInt64.max])
    #expect(try x.scalars(as: Bool.self) == [true, true, true, true, true])
    let classes: [Int] = try Tensor(integers: [3, 1], on: device).scalars()
    #expect(classes == [3, 1])
    let doubles: [Double] = try Tensor([0.5, 2], on: device).scalars()
    #expect(doubles == [0.5, 2])
  }

  @Test(arguments: TestDevices.all) func oneElementIsReadAsAnyType(_ device: Device) throws {
    let x = Tensor(41.75, on: device)
    let (float, whole): (Float, Int) = (try x.item(), try x.item())
    #expect(float == 41.75 && whole == 41)
    #expect(try x.item() == 41.75 && x.item(as: UInt8.self) == 41 && x.item(as: Bool.self))
  }

  @Test(arguments: TestDevices.all) func wholeNumbersOfAnyTypeMakeInt32(_ device: Device) throws {
    for x in [
      Tensor(integers: [1, 2, 3], on: device), Tensor(integers: [UInt8(1), 2, 3], on: device),
      Tensor(integers: [Int32(1), 2, 3], on: device), Tensor(integers: [Int64(1), 2, 3], on: device),
      Tensor(integers: 1...3, on: device),
    ] {
      #expect(x.dtype == .int32 && x.shape == [3])
      #expect(try x.scalars(as: Int.self) == [1, 2, 3])
    }
    #expect(Tensor(integers: [UInt8(7), 8], shape: [2, 1], on: device).shape == [2, 1])
  }

  @Test func wholeNumbersThatDoNotFitEndTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = Tensor(integers: [UInt64.max]) }
    await #expect(processExitsWith: .failure) { _ = Tensor(integers: [UInt32.max]) }
  }

  @Test(arguments: TestDevices.all) func boolsAreCounted(_ device: Device) throws {
    let p = Tensor([[1, 2, 3], [4, 5, 6]] as [[Float]], on: device), y = Tensor([1, 5, 3], on: device)
    let hits = p .== y
    #expect(try hits.sum().item() == 3 && hits.sum().dtype == .int32)
    #expect(try hits.sum(axis: 1).scalars(as: Int.self) == [2, 1])
    #expect(hits.sum(axes: [0], keepingRank: true).shape == [1, 3])
    #expect(try hits.mean().item() == 0.5 && hits.mean().dtype == .float32)
    #expect(try hits.mean(axis: 0).scalars() == [0.5, 0.5, 0.5])
    #expect(try (Tensor(integers: [1, 2], on: device) .== Tensor(integers: [1, 3], on: device)).sum().item() == 1)
  }

  @Test(arguments: TestDevices.all) func numbersOfAnyTypeStandNextToTensors(_ device: Device) throws {
    let x = Tensor([1, 2], on: device)
    let (i, j, b): (Int32, Int64, UInt8) = (2, 4, 1)
    #expect(try (x * i + b).scalars() == [3, 5])
    #expect(try (j / x).scalars() == [4, 2])
    #expect(try (x .> b).scalars(as: Bool.self) == [false, true])
  }
}
