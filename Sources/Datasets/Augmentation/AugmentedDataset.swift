import BackendCore
import NeuralNetworks

/// The examples of another dataset, randomly augmented in each epoch of `fit`.
///
/// ```swift
/// let data = try MNIST.load(from: "data/mnist")
/// try model.fit(data.train.augmented(.shift(by: 2), .noise(deviation: 0.05), seed: 1), epochs: 5, validation: .split(0.1))
/// ```
///
/// An augmented example depends only on the seed, the epoch, and the position of the example in the dataset. It does
/// not depend on the batch size, the order, the device, or the thread that reads it. Only the first input of each
/// example is augmented; further inputs, targets, and weights do not change. Validation data held back by `fit` is not
/// augmented.
public struct AugmentedDataset: ResampledDataset {
  /// The original examples.
  public private(set) var base: any Dataset
  /// The augmentations, in order of application.
  public let steps: [Augmentation]
  /// The random seed.
  public let seed: UInt64
  /// The epoch whose variants are drawn; nil for evaluation.
  private var epoch: Int? = 0

  /// Creates a dataset that augments the examples of another one.
  /// - Parameters:
  ///   - base: The examples.
  ///   - steps: The augmentations, applied to the first input of each example in this order.
  ///   - seed: The random seed.
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

  /// The examples without randomness: crops use the window at the center, and all other augmentations are omitted.
  public var original: any Dataset {
    var copy = self
    copy.base = base.measured
    copy.epoch = nil
    return copy
  }

  package func part(at positions: [Int]) -> (any Dataset)? {
    guard let part = (base as? any ResampledDataset)?.part(at: positions) else { return nil }
    var copy = self
    copy.base = part
    return copy
  }

  /// Returns the examples at the given positions, augmented as in the first epoch unless another one was requested.
  /// - Throws: Errors of the base dataset, and `DataError.augmentation` for inputs that the steps do not support.
  public func batch(at indices: [Int]) throws -> Batch {
    var batch = try base.batch(at: indices)
    guard let input = batch.inputs.first, !indices.isEmpty else { return batch }
    guard input.dtype.isFloatingPoint else {
      throw DataError.augmentation(reason: "inputs are floating point, not \(input.dtype)")
    }
    let shape = Array(input.shape.dropFirst())
    let size = shape.reduce(1, *)
    let all = try input.scalars()
    let keys = epoch.map { epoch in
      steps.indices.map { RandomSource.derivedKey(seed: seed, "augmentation \($0) \(epoch)") }
    }
    var varied: [Float] = []
    varied.reserveCapacity(all.count)
    var resultShape = shape
    for (row, index) in indices.enumerated() {
      var image = try PixelPlanes(Array(all[row * size..<(row + 1) * size]), shape: shape, needsImage: needsImages)
      for (position, step) in steps.enumerated() {
        try image.apply(step, keys.map { source(of: index, key: $0[position]) })
      }
      varied += image.pixels
      resultShape = image.shape
    }
    batch.inputs[0] = Tensor(varied, shape: [indices.count] + resultShape, on: input.device)
    return batch
  }

  private var needsImages: Bool {
    steps.contains { step in if case .noise = step.kind { false } else { true } }
  }

  /// The random source of one step, given its key, for one example.
  private func source(of index: Int, key: UInt64) -> RandomSource {
    RandomSource(key: key, call: UInt32(truncatingIfNeeded: index), step: UInt32(truncatingIfNeeded: index >> 32))
  }
}

extension Dataset {
  /// Returns the examples, randomly augmented in each epoch of `fit`.
  /// - Parameters:
  ///   - steps: The augmentations, applied to the first input of each example in this order.
  ///   - seed: The random seed.
  public func augmented(_ steps: Augmentation..., seed: UInt64 = 0) -> AugmentedDataset {
    AugmentedDataset(self, steps, seed: seed)
  }
}
