import BackendReference
import NeuralNetworks
import Testing

@Suite struct OptimizerTests {
  private func network(on device: Device = .cpu) throws -> Sequential {
    let model = Sequential {
      Dense(4, activation: .tanh)
      Dense(3, activation: .tanh)
      Dense(2)
    }
    try model.build(inputShape: [5], on: device, seed: 1)
    return model
  }

  private func gradients(_ model: Sequential, _ factor: Double = 1) -> Gradients {
    let x = Tensor.normal([6, 5], using: RandomStream(seed: 3), on: model.device)
    return valueAndGradient(at: model) { ($0(x, .inference).squared().mean()) * factor }.gradient
  }

  private func values(_ model: some Module) throws -> [String: [Double]] {
    var values: [String: [Double]] = [:]
    for (path, parameter) in model.parameters { values[path] = try parameter.value.scalars(as: Double.self) }
    return values
  }

  // MARK: Groups and frozen parameters

  @Test(arguments: TestDevices.all)
  func groupsHaveRatesAndDecaysOfTheirOwn(_ device: Device) throws {
    let model = try network(on: device)
    let optimizer = Optimizer.sgd(
      learningRate: 0.5, weightDecay: 0.1,
      groups: [
        ParameterGroup("**.bias", weightDecay: 0), ParameterGroup("1.**", learningRateScale: 0.01),
        ParameterGroup("1.weight", learningRateScale: 100),
      ])
    for _ in 0..<2 {
      let before = try values(model)
      let gradients = gradients(model)
      try optimizer.update(model, with: gradients)
      for (path, parameter) in model.parameters {
        let (rate, decay) = path.hasSuffix("bias") ? (0.5, 0) : path.hasPrefix("1.") ? (0.005, 0.1) : (0.5, 0.1)
        let g = try gradients[path]!.scalars(as: Double.self)
        let expected = zip(before[path]!, g).map { $0 - rate * ($1 + decay * $0) }
        try expectClose(parameter.value, expected, absolute: 1e-6)
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func whatIsFrozenStays(_ device: Device) throws {
    let model = try network(on: device)
    let optimizer = Optimizer.adamW(learningRate: 0.1, weightDecay: 0.5)
    try optimizer.update(model, with: gradients(model))
    model.freeze("1.*")
    #expect(model.parameters.trainableCount == model.parameters.count - 15)
    let frozen = try values(model)
    for _ in 0..<3 {
      let gradients = gradients(model)
      #expect(gradients.paths == ["0.weight", "0.bias", "2.weight", "2.bias"])
      #expect(gradients["1.weight"] == nil)
      try optimizer.update(model, with: gradients)
    }
    let after = try values(model)
    for path in ["1.weight", "1.bias"] { #expect(after[path] == frozen[path]) }
    for path in ["0.weight", "2.bias"] { #expect(after[path] != frozen[path]) }
    model.unfreeze("*.bias")
    model.parameters["1.weight"]!.isTrainable = true
    try optimizer.update(model, with: gradients(model))
    #expect(try values(model)["1.weight"] != frozen["1.weight"])
  }

  /// The moments of temporarily frozen parameters are kept.
  @Test func stateSurvivesFreezing() throws {
    let model = try network()
    let optimizer = Optimizer.sgd(learningRate: 0.1, momentum: 0.9)
    try optimizer.update(model, with: gradients(model))
    let state = { (path: String) in
      try optimizer.stateTensors().first { $0.name == path }!.value.scalars()
    }
    let (kept, other) = (try state("0.weight.velocity"), try state("1.weight.velocity"))
    model.freeze("0.**")
    try optimizer.update(model, with: gradients(model))
    #expect(try state("0.weight.velocity") == kept)
    #expect(try state("1.weight.velocity") != other)
    model.unfreeze()
    try optimizer.update(model, with: gradients(model))
    #expect(try state("0.weight.velocity") != kept)
  }

  @Test func gradientsOfWhatIsFrozenSinceArePassedOver() throws {
    let model = try network()
    let gradients = gradients(model)
    let before = try values(model)
    model.freeze("0.*")
    try Optimizer.sgd(learningRate: 0.1).update(model, with: gradients)
    let after = try values(model)
    #expect(after["0.weight"] == before["0.weight"])
    let g = try gradients["2.bias"]!.scalars(as: Double.self)
    try expectClose(model.parameters["2.bias"]!.value, zip(before["2.bias"]!, g).map { $0 - 0.1 * $1 })
  }

  @Test func whatIsUnfrozenSinceHasNoGradient() throws {
    let model = try network()
    model.freeze("0.*")
    let gradients = gradients(model)
    model.unfreeze()
    let before = try values(model)
    let optimizer = Optimizer.sgd(learningRate: 0.1)
    #expect { try optimizer.update(model, with: gradients) } throws: { error in
      guard case ModelError.parameters(let missing, [], []) = error else { return false }
      return missing == ["gradient of 0.weight", "gradient of 0.bias"]
    }
    #expect(try values(model) == before)
    #expect(optimizer.step == 0)
  }

  @Test func aModelWithoutTrainedParametersIsLeftAlone() throws {
    let model = Sequential { Flatten() }
    try model.build(inputShape: [2])
    let (value, gradients) = valueAndGradient(at: model) { $0(.ones([1, 2]), .inference).sum() }
    #expect(try value.item() == 2)
    #expect(gradients.paths.isEmpty)
    #expect(try gradients.globalNorm().item() == 0)
    try Optimizer.adam().update(model, with: gradients)
  }

  // MARK: Parts and wholes

  /// Gradients and updates of a part do not affect the rest, regardless of the slabs.
  @Test(arguments: TestDevices.all)
  func partsAreTrainedOnTheirOwn(_ device: Device) throws {
    let model = try network(on: device)
    let part = model[1] as! Dense
    let (partOptimizer, optimizer) = (Optimizer.adamW(learningRate: 0.1), Optimizer.adamW(learningRate: 0.1))
    let x = Tensor.ones([1, 5], on: device)
    for _ in 0..<2 {
      let before = try values(model)
      let (_, g) = valueAndGradient(at: part) { _ in model(x, .inference).sum() }
      #expect(g.paths == ["weight", "bias"])
      try partOptimizer.update(part, with: g)
      let after = try values(model)
      #expect(after["0.weight"] == before["0.weight"] && after["2.bias"] == before["2.bias"])
      #expect(after["1.weight"] != before["1.weight"])
      try optimizer.update(model, with: gradients(model))
      let whole = try values(model)
      for path in model.parameters.paths { #expect(whole[path] != after[path]) }
    }
  }

  final class VAE: Module {
    let encoder = Sequential { Dense(3) }
    let decoder = Sequential { Dense(4) }
  }

  @Test func modulesThatWereBuiltApartAreTrainedTogether() throws {
    let model = VAE()
    try model.encoder.build(inputShape: [4], seed: 1)
    try model.decoder.build(inputShape: [3], seed: 2)
    let x = Tensor.ones([2, 4])
    let optimizer = Optimizer.adam(learningRate: 0.05)
    var losses: [Double] = []
    for _ in 0..<60 {
      let (loss, gradients) = valueAndGradient(at: model) { model in
        (model.decoder(model.encoder(x, .inference), .inference) - x).squared().mean()
      }
      try optimizer.update(model, with: gradients)
      losses.append(try loss.item())
    }
    #expect(losses[59] < 0.02 * losses[0])
    #expect(
      optimizer.stateTensors().map(\.name).first == "encoder.0.weight.mean")
  }

  // MARK: Gradients

  @Test(arguments: TestDevices.all)
  func accumulatedHalvesAreTheWhole(_ device: Device) throws {
    let model = try network(on: device)
    let x = Tensor.normal([8, 5], using: RandomStream(seed: 5), on: device)
    func gradient(_ rows: Range<Int>) -> Gradients {
      valueAndGradient(at: model) { $0(x[rows], .inference).squared().sum(axis: -1).mean() }.gradient
    }
    var sum = gradient(0..<4)
    sum += gradient(4..<8)
    let whole = gradient(0..<8)
    for path in whole.paths {
      try expectClose((sum * 0.5)[path]!, whole[path]!.scalars(as: Double.self))
      try expectClose((0.25 * (sum + sum))[path]!, whole[path]!.scalars(as: Double.self))
    }
  }

  @Test func clippingIsPyTorchs() throws {
    for device in TestDevices.all {
      let model = try network(on: device)
      let gradients = gradients(model, 10)
      var square = 0.0
      for path in gradients.paths {
        square += try gradients[path]!.scalars(as: Double.self).reduce(0) { $0 + $1 * $1 }
      }
      let norm = square.squareRoot()
      expectClose(try gradients.globalNorm().item(), norm)
      let clipped = gradients.clipped(globalNorm: norm / 4)
      let untouched = gradients.clipped(globalNorm: norm * 4)
      let bounded = gradients.clipped(value: 0.05)
      for path in gradients.paths {
        let g = try gradients[path]!.scalars(as: Double.self)
        try expectClose(clipped[path]!, g.map { $0 / 4 })
        try expectClose(untouched[path]!, g)
        try expectClose(bounded[path]!, g.map { min(max($0, -0.05), 0.05) })
      }
    }
  }

  @Test func nestedCallsGiveGradientsOfGradients() throws {
    let model = try network()
    let x = Tensor.ones([1, 5])
    let (norm, outer) = valueAndGradient(at: model) { model in
      let (_, inner) = valueAndGradient(at: model) { $0(x, .inference).squared().sum() }
      return inner.globalNorm()
    }
    #expect(try norm.item() > 0)
    #expect(try outer.globalNorm().item() > 0)
  }

  // MARK: State

  @Test(arguments: TestDevices.all)
  func trainingGoesOnFromARestoredState(_ device: Device) throws {
    let rules: [any UpdateRule] = [
      Adam(learningRate: 0.1, isAMSGrad: true), SGD(learningRate: 0.1, momentum: 0.9),
      RMSProp(momentum: 0.5, isCentered: true), SGD(learningRate: 0.1),
      TrajectoryTests.Composed(rule: Adam(learningRate: 0.1)), Adamax(learningRate: 0.1), NAdam(learningRate: 0.1),
      RAdam(learningRate: 0.1), Adadelta(), Lion(learningRate: 0.1), Muon(learningRate: 0.1),
      Adafactor(learningRate: 0.1), Rprop(learningRate: 0.1), ASGD(learningRate: 0.1, averagingStart: 1),
      Lamb(learningRate: 0.1),
    ]
    for rule in rules {
      let (model, copy) = (try network(on: device), try network(on: device))
      let optimizer = Optimizer(rule)
      for _ in 0..<3 { try optimizer.update(model, with: gradients(model)) }
      let resumed = Optimizer(rule)
      try copy.restore(model.snapshot())
      try resumed.restore(optimizer.state(), of: copy)
      #expect(resumed.step == 3)
      for _ in 0..<2 {
        try optimizer.update(model, with: gradients(model))
        try resumed.update(copy, with: gradients(copy))
      }
      #expect(try values(model) == values(copy))
      #expect(optimizer.stateTensors().map(\.name) == resumed.stateTensors().map(\.name))
    }
  }

  @Test func aStateThatDoesNotFitIsRefused() throws {
    let model = try network()
    let optimizer = Optimizer.adam()
    try optimizer.update(model, with: gradients(model))
    let state = optimizer.state()
    #expect(throws: ModelError.self) { try Optimizer.sgd(momentum: 0.9).restore(state) }
    #expect { try Optimizer.adam(isAMSGrad: true).restore(state) } throws: { "\($0)".contains("largestMeanSquare") }
    let other = Sequential { Dense(3) }
    try other.build(inputShape: [5])
    let fresh = Optimizer.adam()
    #expect { try fresh.restore(state, of: other) } throws: { error in
      "\(error)".contains("state of 1.weight") && "\(error)".contains("[5, 4], expected [5, 3]")
    }
    #expect(fresh.step == 0 && fresh.stateTensors().isEmpty)
    // Without the model, the next update detects it.
    try fresh.restore(OptimizerState(step: 4, tensors: state.tensors.filter { $0.name.hasPrefix("0.weight.") }))
    let before = try values(other)
    let (_, g) = valueAndGradient(at: other) { $0(.ones([1, 5]), .inference).sum() }
    #expect(throws: ModelError.self) { try fresh.update(other, with: g) }
    #expect(try values(other) == before)
    #expect(fresh.step == 4)
  }

  // MARK: Errors

  @Test func learningRatesAndConstantsAreChecked() throws {
    let model = try network()
    let before = try values(model)
    let refused: [(Optimizer, String)] = [
      (.sgd(learningRate: Double.nan), "nan"), (.sgd(learningRate: -0.1), "-0.1"),
      (.adam(learningRate: Double.infinity), "inf"),
      (.sgd(learningRate: Schedule { _ in -1 }), "step 0"), (.sgd(momentum: -1), "momentum"),
      (.sgd(momentum: 0, isNesterov: true), "Nesterov"), (.adam(beta1: 1), "beta1"), (.adam(beta2: .nan), "beta2"),
      (.adamW(weightDecay: -1), "weight decay"), (.rmsProp(smoothing: 2), "smoothing"),
      (.adagrad(epsilon: -1), "epsilon"), (.adamax(beta2: 1), "beta2"), (.nadam(momentumDecay: -1), "momentum decay"),
      (.radam(epsilon: 0), "epsilon"), (.adadelta(rho: 1), "rho"), (.lion(weightDecay: .infinity), "weight decay"),
      (.muon(iterations: 0), "iterations"), (.adafactor(clipThreshold: 0), "clipThreshold"),
      (.sgd(clipping: .globalNorm(0)), "clipped"), (.sgd(clipping: .value(.nan)), "clipped"),
      (.sgd(groups: [ParameterGroup("**", learningRateScale: -1)]), "group"),
      (.sgd(groups: [ParameterGroup("**", weightDecay: .nan)]), "group"),
    ]
    for (optimizer, text) in refused {
      #expect {
        try optimizer.update(model, with: gradients(model))
      } throws: { error in
        guard case ModelError.invalidConfiguration = error else { return false }
        return "\(error)".contains(text)
      }
      #expect(optimizer.step == 0)
    }
    #expect(try values(model) == before)
    try Optimizer.sgd(learningRate: 0).update(model, with: gradients(model))
    #expect(try values(model) == before)
  }

  @Test func aFailureOnTheWayToTheGradientsChangesNothing() throws {
    let device = Device(ReferenceBackend())
    let model = try network(on: device)
    let optimizer = Optimizer.adam(learningRate: 0.1)
    try optimizer.update(model, with: gradients(model))
    let (before, state) = (try values(model), try optimizer.stateTensors().map { try $0.value.scalars() })
    let x = Tensor.ones([6, 5], on: device)
    device.setMemoryLimit(bytes: device.memoryStatistics().liveBytes + 2048)
    let (_, failed) = valueAndGradient(at: model) { model in
      model(x + Tensor.zeros([6, 1 << 20], on: device).sum(), .inference).sum()
    }
    #expect(throws: DeviceError.self) { try optimizer.update(model, with: failed) }
    device.setMemoryLimit(bytes: .max)
    #expect(try values(model) == before)
    #expect(try optimizer.stateTensors().map { try $0.value.scalars() } == state)
    #expect(optimizer.step == 1)
    try optimizer.update(model, with: gradients(model))
    #expect(try values(model) != before)
  }

  @Test func lackOfMemoryInTheStepChangesNothing() throws {
    let device = Device(ReferenceBackend())
    let model = try network(on: device)
    let optimizer = Optimizer.adam(learningRate: 0.1)
    let gradients = gradients(model)
    let before = try values(model)
    device.setMemoryLimit(bytes: device.memoryStatistics().liveBytes + 64)
    #expect(throws: DeviceError.self) { try optimizer.update(model, with: gradients) }
    device.setMemoryLimit(bytes: .max)
    #expect(try values(model) == before)
    #expect(optimizer.step == 0)
    try optimizer.update(model, with: gradients)
    #expect(optimizer.step == 1)
  }

  @Test func anUnbuiltModelHasNoGradients() async {
    await #expect(processExitsWith: .failure) {
      let model = Sequential { Dense(2) }
      _ = valueAndGradient(at: model) { $0(.ones([1, 2]), .inference).sum() }
    }
  }
}
