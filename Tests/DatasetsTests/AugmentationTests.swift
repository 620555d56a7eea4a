import BackendCore
import NeuralNetworks
import Testing

@testable import Datasets

@Suite struct AugmentationTests {
  /// Images whose pixels are all different: example·1000 + channel·100 + row·10 + column + 1.
  private func images(_ count: Int, channels: Int? = nil, rows: Int = 4, columns: Int = 5) -> TensorDataset {
    var pixels: [Float] = []
    for example in 0..<count {
      for channel in 0..<(channels ?? 1) {
        for row in 0..<rows {
          pixels += (0..<columns).map { Float(example * 1000 + channel * 100 + row * 10 + $0 + 1) }
        }
      }
    }
    let planes = channels.map { [$0] } ?? []
    return TensorDataset(
      Tensor(pixels, shape: [count] + planes + [rows, columns]), Tensor(integers: Array(0..<count)))
  }

  private func pixels(_ data: any Dataset, _ indices: [Int]) throws -> [[Float]] {
    let input = try data.batch(at: indices).input
    let size = input.count / indices.count
    let all = try input.scalars()
    return indices.indices.map { Array(all[$0 * size..<($0 + 1) * size]) }
  }

  private let everything: [Augmentation] = [
    .shift(by: 2), .horizontalFlip(), .crop(rows: 3, columns: 4), .noise(deviation: 0.5),
  ]

  /// The examples of a sample that are held back are in no epoch.
  @Test func partsOfSamplesAreSeparate() throws {
    let sample = WeightedSample(images(20), weights: [Double](repeating: 1, count: 20))
    let (training, validation) = sample.augmented(.noise(deviation: 0)).split(0.7)
    let heldBack = Set(try pixels(validation.original, Array(0..<6)))
    for epoch in 0..<20 {
      #expect(try heldBack.isDisjoint(with: pixels(training.during(epoch: epoch), Array(0..<14))))
    }
  }

  @Test func aVariantDependsOnSeedEpochAndExampleAlone() throws {
    let data = AugmentedDataset(images(50, channels: 2), everything, seed: 7)
    let expected = try pixels(data.during(epoch: 3), Array(0..<50))
    for size in [1, 7, 50] {
      for start in stride(from: 0, to: 50, by: size) {
        let indices = Array((start..<min(start + size, 50)).reversed())
        #expect(try pixels(data.during(epoch: 3), indices) == indices.map { expected[$0] })
      }
    }
    // Read ahead on another thread, through a subset, shuffled.
    var batches = data.during(epoch: 3).batches(of: 8, shuffledBy: RandomStream(seed: 1))
    while let batch = try batches.next() {
      let found = try batch.input.scalars()
      let labels = try batch.target.scalars(as: Int32.self)
      #expect(found == labels.flatMap { expected[Int($0)] })
    }
    let subset = Subset(data, indices: [9, 4]).during(epoch: 3)
    #expect(try pixels(subset, [1, 0]) == [expected[4], expected[9]])
    // Other seeds or epochs give other variants.
    #expect(try pixels(data.during(epoch: 4), [0]) != [expected[0]])
    #expect(
      try pixels(AugmentedDataset(images(50, channels: 2), everything, seed: 8).during(epoch: 3), [0]) != [expected[0]])
  }

  @Test func shiftsMoveByWholePixels() throws {
    let data = images(400).augmented(.shift(rows: 1, columns: 2, fill: -1))
    var seen: [[Int]: Int] = [:]
    for (example, image) in try pixels(data, Array(0..<400)).enumerated() {
      // A pixel in the middle determines the shift; all others must then be at the corresponding positions.
      let matches = (-1...1).flatMap { down in (-2...2).map { (down, $0) } }.filter { down, right in
        (0..<20).allSatisfy { index in
          let (row, column) = (index / 5 - down, index % 5 - right)
          let isInside = (0..<4).contains(row) && (0..<5).contains(column)
          return image[index] == (isInside ? Float(example * 1000 + row * 10 + column + 1) : -1)
        }
      }
      #expect(matches.count == 1)
      for (down, right) in matches { seen[[down, right], default: 0] += 1 }
    }
    #expect(seen.count == 15, "each of 3 × 5 places is drawn")
    #expect(seen.values.allSatisfy { (8...55).contains($0) }, "400 draws of 15 places: \(seen)")
  }

  @Test func aShiftBeyondTheImageLeavesNothing() throws {
    let shifted = try pixels(images(60, rows: 1, columns: 2).augmented(.shift(rows: 0, columns: 9)), Array(0..<60))
    #expect(shifted.contains([0, 0]) && shifted.allSatisfy { $0.count == 2 })
  }

  @Test func flipsMirrorTheColumnsOfAllChannels() throws {
    let base = try pixels(images(200, channels: 2), Array(0..<200))
    let mirrored = base.map { image in
      stride(from: 0, to: 40, by: 5).flatMap { image[$0..<$0 + 5].reversed() }
    }
    let half = try pixels(images(200, channels: 2).augmented(.horizontalFlip(), seed: 3), Array(0..<200))
    let flipped = half.indices.count { half[$0] == mirrored[$0] }
    #expect(half.indices.allSatisfy { half[$0] == base[$0] || half[$0] == mirrored[$0] })
    #expect((70...130).contains(flipped))
    #expect(try pixels(images(200, channels: 2).augmented(.horizontalFlip(probability: 1)), Array(0..<200)) == mirrored)
    #expect(try pixels(images(200, channels: 2).augmented(.horizontalFlip(probability: 0)), Array(0..<200)) == base)
  }

  @Test func cropsAreWindows() throws {
    let data = images(300, channels: 2).augmented(.crop(rows: 2, columns: 3))
    let batch = try data.batch(at: Array(0..<300))
    #expect(batch.input.shape == [300, 2, 2, 3])
    var corners: Set<Int> = []
    for (example, image) in try pixels(data, Array(0..<300)).enumerated() {
      let corner = Int(image[0]) - example * 1000 - 1
      corners.insert(corner)
      for channel in 0..<2 {
        for row in 0..<2 {
          for column in 0..<3 {
            let expected = Float(example * 1000 + channel * 100 + corner + row * 10 + column + 1)
            #expect(image[channel * 6 + row * 3 + column] == expected)
          }
        }
      }
    }
    #expect(corners == [0, 1, 2, 10, 11, 12, 20, 21, 22])
    // Evaluation uses the center.
    #expect(try pixels(data.original, [0])[0].prefix(3) == [12, 13, 14])
  }

  @Test func noiseIsNormal() throws {
    let base = TensorDataset(.zeros([100, 7, 9, 3]), Tensor(integers: [Int](repeating: 0, count: 100)))
    let noise = try pixels(base.augmented(.noise(deviation: 0.5)), Array(0..<100)).flatMap { $0 }.map(Double.init)
    let mean = noise.reduce(0, +) / Double(noise.count)
    let variance = noise.reduce(0) { $0 + $1 * $1 } / Double(noise.count) - mean * mean
    // 18,900 numbers: five standard errors.
    #expect(mean.magnitude < 0.5 * 5 / 137.5 && (variance - 0.25).magnitude < 0.25 * 5 * 1.414 / 137.5)
    #expect(Set(noise).count > 18_000)
    // Rows of a table can have noise, too, although they have no pixels.
    let table = TensorDataset(.zeros([2, 3]), Tensor(integers: [0, 1])).augmented(.noise(deviation: 1))
    #expect(try Set(table.batch(at: [0, 1]).input.scalars()).count == 6)
  }

  /// Element i of an example's noise is a number of the documented sequence: Philox and the Box-Muller transform in
  /// Double.
  @Test func noiseIsTheSequenceOfItsSource() throws {
    let count = 37 * 5  // whole blocks and a remainder
    let base = TensorDataset(.zeros([3, 37, 5]), Tensor(integers: [0, 1, 2]))
    let found = try pixels(base.augmented(.noise(deviation: 0.5), seed: 9).during(epoch: 4), [2, 0])
    for (row, index) in [2, 0].enumerated() {
      let key = RandomSource.derivedKey(seed: 9, "augmentation 0 4")
      let source = RandomSource(key: key, call: UInt32(index))
      let expected = (0..<(count + 3) / 4).flatMap { block in
        let words = source.block(block)
        let (first, second) = (Philox.normals(words.x, words.y), Philox.normals(words.z, words.w))
        return [first.0, first.1, second.0, second.1]
      }
      for (found, expected) in zip(found[row], expected) {
        #expect((Double(found) - 0.5 * expected).magnitude <= 1e-6 * max(1, expected.magnitude))
      }
    }
  }

  /// The fractions of normal numbers within one, two, and three deviations, and their third and fourth moments.
  @Test func noiseHasTheShapeOfANormalDistribution() throws {
    let base = TensorDataset(.zeros([200, 28, 28]), Tensor(integers: [Int](repeating: 0, count: 200)))
    let noise = try pixels(base.augmented(.noise(deviation: 2), seed: 5), Array(0..<200)).flatMap { $0 }
      .map { Double($0) / 2 }
    let count = Double(noise.count)  // 156,800
    for (bound, share) in [(1.0, 0.682689), (2, 0.954500), (3, 0.997300)] {
      let found = Double(noise.count { $0.magnitude < bound }) / count
      #expect((found - share).magnitude < 5 * (share * (1 - share) / count).squareRoot(), "within \(bound)")
    }
    // Standard errors are √(15/n) and √(96/n).
    #expect((noise.reduce(0) { $0 + $1 * $1 * $1 } / count).magnitude < 5 * (15 / count).squareRoot())
    #expect((noise.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count - 3).magnitude < 5 * (96 / count).squareRoot())
    // Neighbors, and corresponding positions of adjacent examples, are independent.
    for distance in [1, 784] {
      let product = zip(noise, noise.dropFirst(distance)).reduce(0) { $0 + $1.0 * $1.1 } / count
      #expect(product.magnitude < 5 / count.squareRoot(), "distance \(distance)")
    }
  }

  @Test func theOriginalIsTheBase() throws {
    let data = images(5).augmented(.shift(by: 2), .horizontalFlip(), .noise(deviation: 1))
    #expect(try pixels(data.original, [0, 3]) == pixels(images(5), [0, 3]))
    #expect(try data.batch(at: [2]).target.scalars(as: Int32.self) == [2])
  }

  @Test func variantsOfVariantsFollowTheEpoch() throws {
    let data = images(5).augmented(.noise(deviation: 1), seed: 1).augmented(.horizontalFlip(probability: 1))
    #expect(try pixels(data.during(epoch: 0), [1]) != pixels(data.during(epoch: 1), [1]))
    #expect(try pixels(data.original, [1]) == pixels(images(5), [1]))
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let table = TensorDataset(.zeros([2, 3]), Tensor(integers: [0, 1]))
    #expect(
      throws: DataError.augmentation(
        reason: "images have rows and columns, and inputs of the shape [3] have none")
    ) { try table.augmented(.shift(by: 1)).batch(at: [0]) }
    #expect(throws: DataError.augmentation(reason: "a window of 5x5 does not fit into images of 4x5")) {
      try images(2).augmented(.crop(rows: 5, columns: 5)).batch(at: [0])
    }
    let tokens = TensorDataset(Tensor(integers: [1, 2]).reshaped([2, 1]), Tensor(integers: [0, 1]))
    #expect(throws: DataError.augmentation(reason: "inputs are floating point, not int32")) {
      try tokens.augmented(.noise(deviation: 1)).batch(at: [0])
    }
  }

  @Test func trainingOnVariantsDoesNotDependOnHowTheyAreRead() throws {
    func train() throws -> [Float] {
      let model = Sequential([Flatten(), Dense(5)])
      model.compile(optimizer: .sgd(learningRate: 1e-9), loss: .crossEntropy())
      let labels = TensorDataset(images(30).inputs, Tensor(integers: (0..<30).map { $0 % 5 }))
      try model.fit(
        labels.augmented(.crop(rows: 3, columns: 3), .horizontalFlip()), epochs: 2, batchSize: 7,
        validation: .split(0.2), seed: 1, verbosity: .silent)
      return try model.parameters.flatMap { try $0.parameter.value.scalars() }
    }
    #expect(try train() == train())
  }
}
