import NeuralNetworks
import Testing

@testable import Datasets

/// `mixUp` and `cutMix`: images and targets have the same shares.
@Suite struct MixingTests {
  /// Images whose pixels all have the number of the example.
  private func images(_ count: Int, classes: Int = 5) -> TensorDataset {
    let numbers = (0..<count * 96).map { Float($0 / 96) }
    return TensorDataset(
      Tensor(numbers, shape: [count, 1, 8, 12]), Tensor(integers: (0..<count).map { $0 % classes }))
  }

  @Test(arguments: [true, false]) func targetsHaveTheSharesOfImages(_ isMixUp: Bool) throws {
    let count = 40
    // One class for each example, so that targets tell with which one it was mixed.
    let step: Augmentation = isMixUp ? .mixUp(alpha: 1, classes: count) : .cutMix(classes: count)
    let batch = try images(count, classes: count).augmented(step, seed: 4).batch(at: Array(0..<count))
    #expect(batch.target.shape == [count, count] && batch.input.shape == [count, 1, 8, 12])
    var partners: Set<Int> = []
    for example in 0..<count {
      let target = try batch.target[example].scalars()
      let pixels = try batch.input[example].scalars()
      #expect((target.reduce(0, +) - 1).magnitude < 1e-5)
      let other = target.indices.first { $0 != example && target[$0] > 0 } ?? example
      partners.insert(other)
      #expect(target.indices.allSatisfy { $0 == example || $0 == other || target[$0] == 0 })
      if isMixUp {
        let expected = target[example] * Float(example) + (other == example ? 0 : target[other] * Float(other))
        #expect(pixels.allSatisfy { ($0 - expected).magnitude < 1e-3 })
      } else if other != example {
        #expect(pixels.allSatisfy { $0 == Float(example) || $0 == Float(other) })
        let share = Float(pixels.count { $0 == Float(other) }) / 96
        #expect((share - target[other]).magnitude < 1e-5)
      }
    }
    #expect(partners.count > 15)
  }

  @Test func mixedExamplesDependOnSeedEpochAndExampleAlone() throws {
    let steps: [Augmentation] = [
      .horizontalFlip(), .noise(deviation: 0.1), .mixUp(alpha: 1, classes: 5), .shift(by: 1), .cutMix(),
      .brightness(0.1),
    ]
    let data = AugmentedDataset(images(12), steps, seed: 3).during(epoch: 2)
    let whole = try data.batch(at: Array(0..<12))
    for index in 0..<12 {
      let single = try data.batch(at: [index])
      #expect(try single.input.scalars() == whole.input[index..<index + 1].scalars())
      #expect(try single.target.scalars() == whole.target[index..<index + 1].scalars())
    }
    let next = try AugmentedDataset(images(12), steps, seed: 3).during(epoch: 3).batch(at: [0])
    #expect(try next.input.scalars() != whole.input[0..<1].scalars())
  }

  /// Examples that are held back are not mixed into those for training.
  @Test func partsAreSeparate() throws {
    let data = images(20).augmented(.cutMix(classes: 5))
    let (training, validation) = data.split(0.5, seed: 2)
    let heldBack = Set(try validation.original.batch(at: Array(0..<10)).input.scalars())
    for epoch in 0..<20 {
      let seen = try training.during(epoch: epoch).batch(at: Array(0..<10)).input.scalars()
      #expect(heldBack.isDisjoint(with: seen))
    }
    // Evaluation has class indices.
    #expect(try validation.original.batch(at: [0]).target.dtype == .int32)
  }

  @Test func numbersAreMixedAsTheyAre() throws {
    let values = TensorDataset(images(6).inputs, Tensor((0..<6).map(Float.init), shape: [6, 1]))
    let batch = try values.augmented(.mixUp(alpha: 1)).batch(at: Array(0..<6))
    for (pixel, target) in zip(try batch.input[.all, 0, 0, 0].scalars(), try batch.target.scalars()) {
      #expect((pixel - target).magnitude < 1e-5)
    }
  }

  /// Class indices of int64 give the targets of int32, and one that int32 does not represent is named.
  @Test func classIndicesMayBeOfInt64() throws {
    let data = images(6), step = Augmentation.mixUp(alpha: 1, classes: 5)
    let long = TensorDataset(data.inputs, data.targets.cast(to: .int64))
    let expected = try data.augmented(step, seed: 2).batch(at: Array(0..<6)).target.scalars()
    #expect(try long.augmented(step, seed: 2).batch(at: Array(0..<6)).target.scalars() == expected)
    let wrong = TensorDataset(images(2).inputs, Tensor([1, 1 << 32] as [Int64]))
    #expect(throws: DataError.augmentation(reason: "mixUp has classes from 0 to 4, and a target is 4294967296")) {
      try wrong.augmented(step).batch(at: [0, 1])
    }
  }

  @Test func whatCannotBeMixedIsRefused() throws {
    #expect(
      throws: DataError.augmentation(reason: "mixUp of class indices needs their number of classes: classes: …")
    ) { try images(4).augmented(.mixUp()).batch(at: [0]) }
    #expect(throws: DataError.augmentation(reason: "cutMix has classes from 0 to 2, and a target is 3")) {
      try images(4).augmented(.cutMix(classes: 3)).batch(at: Array(0..<4))
    }
    let masks = TensorDataset(images(4).inputs, .zeros([4, 8, 12], dtype: .int32))
    #expect(
      throws: DataError.augmentation(
        reason: "mixUp mixes one class index for each example, not targets of the shape [2, 8, 12]")
    ) { try masks.augmented(.mixUp(classes: 2)).batch(at: [0]) }
  }

  @Test func modelsLearnFromMixedExamples() throws {
    func train() throws -> [Float] {
      let model = Sequential([Flatten(), Dense(5)])
      model.compile(optimizer: .sgd(learningRate: 1e-3), loss: .crossEntropy(), metrics: [.accuracy])
      let history = try model.fit(
        images(30).augmented(.mixUp(classes: 5), .cutMix()), epochs: 2, batchSize: 7, validation: .split(0.2), seed: 1,
        verbosity: .silent)
      #expect(history.epochs.count == 2)
      return try model.parameters.flatMap { try $0.parameter.value.scalars() }
    }
    #expect(try train() == train())
  }
}
