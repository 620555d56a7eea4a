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
/// example is augmented; further inputs and weights do not change, and targets only with `mixUp` and `cutMix`. Validation
/// data held back by `fit` is not augmented.
public struct AugmentedDataset: ResampledDataset, LocalDataset {
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

  /// The examples without randomness: crops use the window at the center, and other augmentations are omitted.
  public var original: any Dataset {
    var copy = self
    copy.base = base.measured
    copy.epoch = nil
    return copy
  }

  /// A part of mixed examples has no other examples than its own.
  package func part(at positions: [Int]) -> (any Dataset)? {
    let part = (base as? any ResampledDataset)?.part(at: positions)
    let isMixed = steps.contains { if case .mixing = $0.kind { true } else { false } }
    guard let part = part ?? (isMixed ? Subset(base, indices: positions) : nil) else { return nil }
    var copy = self
    copy.base = part
    return copy
  }

  package func shuffledOrder(_ source: RandomSource) -> [Int32]? {
    (base as? any LocalDataset)?.shuffledOrder(source)
  }

  /// Returns the examples at the given positions, augmented as in the first epoch unless another one was requested.
  /// - Throws: Errors of the base dataset and of custom augmentations, and `DataError.augmentation` for inputs that the
  ///   steps do not support.
  public func batch(at indices: [Int]) throws -> Batch {
    if indices.isEmpty { return try base.batch(at: indices) }
    var (batch, images) = try varied(indices, by: steps.count)
    guard let input = batch.inputs.first, let first = images.first else { return batch }
    var pixels: [Float] = []
    pixels.reserveCapacity(first.pixels.count * images.count)
    for image in images { pixels += image.pixels }
    batch.inputs[0] = Tensor(pixels, shape: [images.count] + first.shape, on: input.device)
    return batch
  }

  /// Returns examples after the first steps, with their images in place of the first input.
  private func varied(_ indices: [Int], by count: Int) throws -> (batch: Batch, images: [PixelPlanes]) {
    let mixing = epoch == nil ? nil : (0..<count).last { if case .mixing = steps[$0].kind { true } else { false } }
    var (batch, images) = try mixing.map { try mixed(indices, at: $0) } ?? loaded(indices)
    for position in (mixing.map { $0 + 1 } ?? 0)..<count {
      switch steps[position].kind {
      case .elements(let change), .image(let change): try apply(change, at: position, to: &images, indices)
      case .mixing: break  // in evaluation
      }
    }
    return (batch, images)
  }

  private func apply(
    _ change: Augmentation.Change, at position: Int, to images: inout [PixelPlanes], _ indices: [Int]
  ) throws {
    let key = key(of: position)
    for (row, index) in indices.enumerated() where row < images.count {
      try change(&images[row], key.map { AugmentationRandom(source(of: index, key: $0)) })
    }
  }

  /// Returns examples mixed with others by one step, after all steps before it.
  private func mixed(_ indices: [Int], at position: Int) throws -> (batch: Batch, images: [PixelPlanes]) {
    guard case .mixing(let mixing) = steps[position].kind, let key = key(of: position) else {
      return try varied(indices, by: position)
    }
    var randoms = indices.map { AugmentationRandom(source(of: $0, key: key)) }
    let partners = randoms.indices.map { Mixing.partner(&randoms[$0], count: count) }
    var (batch, images) = try varied(indices + partners, by: position)
    guard batch.inputs.count == 1 else {
      throw DataError.augmentation(
        reason: "\(mixing.name) is for examples with one input, not with \(batch.inputs.count)")
    }
    let shares = randoms.indices.map { row in
      mixing.mix(&images[row], with: images[indices.count + row], &randoms[row])
    }
    batch.targets = try batch.targets.map { try mixing.mixed($0, shares) }
    batch.weights = batch.weights.map { $0[0..<indices.count] }
    return (batch, Array(images.prefix(indices.count)))
  }

  /// Returns the examples of the base dataset.
  private func loaded(_ indices: [Int]) throws -> (batch: Batch, images: [PixelPlanes]) {
    let batch = try base.checkedBatch(at: indices)
    guard let input = batch.inputs.first else { return (batch, []) }
    guard input.dtype.isFloatingPoint else {
      throw DataError.augmentation(reason: "inputs are floating point, not \(input.dtype)")
    }
    let shape = Array(input.shape.dropFirst())
    let size = shape.reduce(1, *)
    let all = try input.scalars()
    let images = try indices.indices.map { row in
      try PixelPlanes(Array(all[row * size..<(row + 1) * size]), shape: shape, needsImage: needsImages)
    }
    return (batch, images)
  }

  private var needsImages: Bool {
    steps.contains { step in if case .elements = step.kind { false } else { true } }
  }

  /// The key of the random numbers of a step; nil for evaluation.
  private func key(of step: Int) -> UInt64? {
    epoch.map { RandomSource.derivedKey(seed: seed, "augmentation \(step) \($0)") }
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
