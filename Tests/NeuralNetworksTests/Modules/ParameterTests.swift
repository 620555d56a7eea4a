import BackendReference
import NeuralNetworks
import Testing

/// Values are stored in slabs; a value that has been read never changes.
@Suite struct ParameterTests {
  private func network(on device: Device = .cpu, seed: UInt64 = 1) throws -> Sequential {
    let model = Sequential {
      Dense(3, activation: .tanh)
      Dense(2)
    }
    try model.build(inputShape: [4], on: device, seed: seed)
    return model
  }

  private func step(_ model: Sequential, _ optimizer: Optimizer) throws {
    let x = Tensor.ones([2, 4], on: model.device)
    let (_, gradients) = valueAndGradient(at: model) { $0(x, .inference).squared().sum() }
    try optimizer.update(model, with: gradients)
  }

  @Test(arguments: TestDevices.all)
  func aValueThatIsKeptNeverChanges(_ device: Device) throws {
    let model = try network(on: device)
    let optimizer = Optimizer.adam(learningRate: 0.1)
    let kept = model.parameters["0.weight"]!.value
    let snapshot = model.snapshot()
    let before = try kept.scalars()
    for _ in 0..<3 { try step(model, optimizer) }
    #expect(try kept.scalars() == before)
    #expect(try snapshot["0.weight"]!.scalars() == before)
    let after = try model.parameters["0.weight"]!.value.scalars()
    #expect(after != before)
    let state = optimizer.state()
    let moments = try state.tensors.map { try $0.value.scalars() }
    try model.restore(snapshot)
    #expect(try model.parameters["0.weight"]!.value.scalars() == before)
    try step(model, optimizer)
    #expect(try state.tensors.map { try $0.value.scalars() } == moments)
    #expect(try snapshot["0.weight"]!.scalars() == before)
  }

  @Test(arguments: TestDevices.all)
  func anUnsharedSlabIsUpdatedInPlace(_ device: Device) throws {
    let model = try network(on: device)
    let optimizer = Optimizer.sgd(learningRate: 0.1, momentum: 0.9)
    try step(model, optimizer)
    func storage() -> ObjectIdentifier { ObjectIdentifier(model.parameters["0.weight"]!.value.storage) }
    func stateStorage() -> ObjectIdentifier { ObjectIdentifier(optimizer.stateTensors()[0].value.storage) }
    let (slab, state) = (storage(), stateStorage())
    for _ in 0..<3 {
      try step(model, optimizer)
      #expect(storage() == slab && stateStorage() == state)
    }
    let kept = model.parameters["1.bias"]!.value
    try step(model, optimizer)
    #expect(storage() != slab && stateStorage() == state)
    #expect(kept.shape == [2])
  }

  @Test func assigningChangesOneParameter() throws {
    let model = try network()
    let parameters = model.parameters
    let (weight, bias) = (parameters["0.weight"]!, parameters["0.bias"]!)
    let before = try weight.value.scalars()
    let kept = bias.value
    let old = try kept.scalars()
    bias.value = Tensor([1, 2, 3])
    #expect(try bias.value.scalars() == [1, 2, 3])
    #expect(try weight.value.scalars() == before)
    #expect(try kept.scalars() == old)
    bias.assign(bias.value * 2)
    #expect(try bias.value.scalars() == [2, 4, 6])
  }

  @Test func aParameterWithoutAValueTakesOver() throws {
    let parameter = Parameter()
    parameter.value = Tensor([[1, 2], [3, 4]] as [[Float]])
    #expect(parameter.shape == [2, 2])
    #expect(try parameter.value.scalars() == [1, 2, 3, 4])
  }

  @Test func stateIsNeverTrained() throws {
    final class Counter: Layer {
      let count = Parameter.state([1])
      let gain = Parameter([1], .ones)
      func forward(_ x: Tensor, _ context: Context) -> Tensor {
        if context.isTraining { count.assign(count.value + 1) }
        return x * gain.value
      }
    }
    let model = Counter()
    try model.build()
    model.unfreeze()
    #expect(!model.count.isTrainable)
    #expect(model.parameters.count == 2 && model.parameters.trainableCount == 1)
    let random = RandomStream(seed: 1)
    let (_, gradients) = valueAndGradient(at: model) { $0(.ones([1, 1]), .training(random)).sum() }
    #expect(gradients.paths == ["gain"])
    try Optimizer.sgd(learningRate: 0.5).update(model, with: gradients)
    #expect(try model.count.value.scalars() == [1])
    #expect(try model.gain.value.scalars() == [0.5])
  }

  @Test func everythingMovesToAnotherDevice() throws {
    for device in TestDevices.all {
      let model = try network()
      let before = try model.snapshot().values.map { try $0.value.scalars() }
      let optimizer = Optimizer.adam(learningRate: 0.1)
      try step(model, optimizer)
      try model.move(to: device)
      #expect(model.device == device)
      try step(model, optimizer)
      try model.move(to: .cpu)
      let other = try network()
      let same = Optimizer.adam(learningRate: 0.1)
      try step(other, same)
      try step(other, same)
      for ((_, a), (_, b)) in zip(model.snapshot().values, other.snapshot().values) {
        try expectClose(a, b.scalars(as: Double.self))
      }
      #expect(try model.snapshot().values.map { try $0.value.scalars() } != before)
    }
  }

  @Test func aSnapshotThatDoesNotFitChangesNothing() throws {
    let model = try network()
    let before = try model.snapshot().values.map { try $0.value.scalars() }
    let other = Sequential {
      Dense(5)
      Flatten()
      Dense(2)
    }
    try other.build(inputShape: [4])
    #expect { try model.restore(other.snapshot()) } throws: { error in
      guard case ModelError.parameters(let missing, let unknown, let shapes) = error else { return false }
      return missing == ["1.weight", "1.bias"] && unknown == ["2.bias", "2.weight"] && shapes.count == 2
        && shapes[0].contains("0.weight [4, 5], expected [4, 3]")
    }
    #expect(try model.snapshot().values.map { try $0.value.scalars() } == before)
  }

  @Test func restoringBuilds() throws {
    let model = try network(seed: 5)
    let copy = Sequential {
      Dense(3, activation: .tanh)
      Dense(2)
    }
    try copy.restore(model.snapshot())
    let x = Tensor.ones([1, 4])
    #expect(try copy(x, .inference).scalars() == model(x, .inference).scalars())
  }

  @Test func anErrorOfAnAssignedValueIsTheParameters() throws {
    let device = Device(ReferenceBackend())
    let model = try network(on: device)
    device.setMemoryLimit(bytes: device.memoryStatistics().liveBytes + 16)
    let failed = Tensor.zeros([1 << 20], on: device).sum().broadcast(to: [2])
    model.parameters["1.bias"]!.assign(failed)
    #expect(throws: DeviceError.self) { try model.parameters["1.bias"]!.value.scalars() }
  }

  @Test func theSumOfPenaltiesIsAddedOnRequest() throws {
    let model = Sequential {
      Dense(2, initializer: .constant(0.5), regularizer: .l2(0.1))
      Dense(1, initializer: .constant(-2), regularizer: .l1(0.01))
      Dense(1, initializer: .constant(3), regularizer: Regularizer(l1: 0.5, l2: 0.25))
    }
    try model.build(inputShape: [3])
    let (penalty, gradients) = valueAndGradient(at: model) { $0.penalty()! }
    expectClose(try penalty.item(), 0.1 * 6 * 0.25 + 0.01 * 4 + 0.5 * 3 + 0.25 * 9)
    try expectClose(gradients["0.weight"]!, [Double](repeating: 0.1, count: 6))
    try expectClose(gradients["1.weight"]!, [-0.01, -0.01])
    try expectClose(gradients["2.weight"]!, [0.5 + 0.25 * 2 * 3])
    model.freeze()
    #expect(model.penalty() == nil)
  }
}
