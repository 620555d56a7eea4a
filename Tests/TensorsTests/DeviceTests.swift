import BackendCore
import BackendReference
import Tensors
import Testing

@Suite struct DeviceTests {
  @Test func theCPUIsAlwaysThere() throws {
    #expect(Device.cpu.identifier == "cpu")
    #expect(Device.cpu.kind == .cpu)
    #expect(!Device.cpu.name.isEmpty)
    #expect(try Device.named("cpu") == .cpu)
    #expect(Device.available().first == .cpu)
    #expect(Device.cpu.description == "cpu (\(Device.cpu.name))")
    try Device.cpu.synchronize()
  }

  @Test func identity() {
    let (a, b) = (ReferenceBackend(), ReferenceBackend())
    #expect(Device(a) == Device(a))
    #expect(Device(a) != Device(b))
    #expect(Set([Device(a), Device(a), Device(b), .cpu]).count == 3)
  }

  @Test(arguments: ["tpu", "opencl:99:0", "", "opencl"])
  func unknownDevicesThrow(_ name: String) {
    #expect { try Device.named(name) } throws: { error in
      guard case DeviceError.unavailable(let requested, _) = error else { return false }
      return requested == name && "\(error)".contains("\"\(name)\"")
    }
  }

  @Test func theBestDeviceIsTheGPUOrTheCPU() {
    let (device, reason) = Device.bestAndReason()
    #expect(Device.best() == device)
    if let reason {
      #expect(device == .cpu)
      #expect(reason.contains("gpu"))
    } else {
      #expect(device.kind != .cpu)
    }
    #expect(throws: DeviceError.self) { try Device.gpu(1000) }
  }

  /// A device is always represented by the same object, however it is looked up.
  @Test func devicesAreEqualHoweverTheyAreFound() throws {
    for device in Device.available() {
      let named = try Device.named(device.identifier)
      #expect(named == device)
      #expect(named.name == device.name && named.kind == device.kind)
      try expect(Tensor.ones([2], on: device) + Tensor.ones([2], on: named), [2, 2])
    }
  }

  @Test(arguments: TestDevices.all)
  func memory(_ device: Device) throws {
    let x = Tensor.zeros([1000], on: device)
    #expect(device.memoryStatistics().liveBytes >= 4000)
    #expect(device.memoryStatistics().peakBytes >= device.memoryStatistics().liveBytes)
    device.trimMemory()
    try device.synchronize()
    try expect(x.sum(), [0])
  }

  /// The device for shape inference: everything is checked and nothing is computed.
  @Test func shapesWithoutNumbers() throws {
    let x = Tensor.zeros([32, 28, 28], on: .shapes)
    let weight = Tensor.zeros([784, 10], on: .shapes)
    let y = x.flattened(from: 1).linear(weight, bias: .zeros([10], on: .shapes), activation: .relu).softmax()
    #expect(y.shape == [32, 10])
    #expect(y.device.isShapeOnly && !Device.cpu.isShapeOnly)
    #expect(Tensor.concatenated([y, y], axis: 1)[.all, 3...].shape == [32, 17])
    // A constant created on the CPU inside a layer is allowed.
    #expect((y + Tensor(1)).device.isShapeOnly)
    #expect((Tensor([1, 2, 3]) * Tensor.zeros([2, 1], on: .shapes)).shape == [2, 3])
    let (value, gradient) = valueAndGradient(at: weight) { x.flattened(from: 1).matmul($0).squared().mean() }
    #expect(value.shape == [] && gradient.shape == [784, 10])
    #expect(throws: DeviceError.self) { try y.scalars() }
    #expect(y.description == "Tensor [32, 10], float32, shape only")
    #expect(x.moved(to: .cpu).device == .cpu)
  }

  /// A device that cannot be opened: its tensors have shapes and throw the reason.
  @Test func devicesThatCannotBeOpened() throws {
    let entry = DeviceEntry(identifier: "opencl:9:9", name: "Broken", kind: .gpu) {
      throw BackendError.deviceLost(device: "Broken", reason: "no context")
    }
    let device = Device(entry)
    #expect(device.name == "Broken" && device.kind == .gpu && device.identifier == "opencl:9:9")
    #expect(device == Device(entry) && device != .cpu)
    let x = Tensor.ones([2], on: device) + 1
    #expect(x.shape == [2])
    #expect { try x.scalars() } throws: { "\($0)".contains("no context") }
    #expect(throws: DeviceError.self) { try device.synchronize() }
    #expect { try DeviceList.opened(entry, for: "gpu") } throws: { error in
      guard case DeviceError.unavailable(let requested, let found) = error else { return false }
      return requested == "gpu" && found.first?.contains("no context") == true
    }
  }
}
