import BackendCore
import NeuralNetworks

/// The examples of another dataset, varied by chance in each epoch of `fit`.
///
/// ```swift
/// let data = try MNIST.load(from: "data/mnist")
/// try model.fit(data.train.augmented(.shift(by: 2), .noise(deviation: 0.05), seed: 1), epochs: 5, validation: .split(0.1))
/// ```
///
/// What becomes of an example is a function of the seed, the epoch and the position of the example in the dataset: the same
/// whatever the batch size, the order, the device and the thread that reads. The first input of each example is varied;
/// further inputs, targets and weights stay as they are. What `fit` holds back for validation is not varied.
public struct AugmentedDataset: VaryingDataset {
  /// The examples as they are.
  public private(set) var base: any Dataset
  /// What is done to them, in this order.
  public let steps: [Augmentation]
  /// Where chance comes from.
  public let seed: UInt64
  /// The epoch that is drawn; nil for the examples as they are measured.
  private var epoch: Int? = 0

  /// - Parameters:
  ///   - base: The examples.
  ///   - steps: What is done to the first input of each, one after another.
  ///   - seed: Where chance comes from.
  public init(_ base: any Dataset, _ steps: [Augmentation], seed: UInt64 = 0) {
    self.base = base
    self.steps = steps
    self.seed = seed
  }

  public var count: Int { base.count }

  public func during(epoch: Int) -> any Dataset {
    var copy = self
    copy.base = base.examples(ofEpoch: epoch)
    copy.epoch = epoch
    return copy
  }

  /// The examples without chance: crops have their window in the middle, everything else is left out.
  public var original: any Dataset {
    var copy = self
    copy.base = base.measured
    copy.epoch = nil
    return copy
  }

  /// The examples at these positions, as they are in the first epoch unless another was asked for.
  /// - Throws: What the base throws, and `DataError.augmentation` for inputs that the steps are not for.
  public func batch(at indices: [Int]) throws -> Batch {
    var batch = try base.batch(at: indices)
    guard let input = batch.inputs.first, !indices.isEmpty else { return batch }
    guard input.dtype.isFloatingPoint else {
      throw DataError.augmentation(reason: "inputs are floating point, not \(input.dtype)")
    }
    let shape = Array(input.shape.dropFirst())
    let size = shape.reduce(1, *)
    let all = try input.scalars()
    var varied: [Float] = []
    var resultShape = shape
    for (row, index) in indices.enumerated() {
      var image = try PixelPlanes(Array(all[row * size..<(row + 1) * size]), shape: shape, needsImage: needsImages)
      for (position, step) in steps.enumerated() { try image.apply(step, source(of: index, step: position)) }
      varied += image.pixels
      resultShape = image.shape
    }
    batch.inputs[0] = Tensor(varied, shape: [indices.count] + resultShape, on: input.device)
    return batch
  }

  private var needsImages: Bool {
    steps.contains { step in if case .noise = step.kind { false } else { true } }
  }

  /// Where the chance of one step for one example comes from; nil without chance.
  private func source(of index: Int, step: Int) -> RandomSource? {
    guard let epoch else { return nil }
    let key = RandomSource.derivedKey(seed: seed, "augmentation \(step) \(epoch)")
    return RandomSource(
      key: key, call: UInt32(truncatingIfNeeded: index), step: UInt32(truncatingIfNeeded: index >> 32))
  }
}

extension Dataset {
  /// The examples varied by chance, anew in each epoch of `fit`.
  /// - Parameters:
  ///   - steps: What is done to the first input of each example, one after another.
  ///   - seed: Where chance comes from.
  public func augmented(_ steps: Augmentation..., seed: UInt64 = 0) -> AugmentedDataset {
    AugmentedDataset(self, steps, seed: seed)
  }
}
