import BackendCore

/// Dynamic scaling of the loss for training in float16 (Micikevicius et al., Mixed Precision Training, 2018).
///
/// Gradients below 6e-8 become zero in float16. Therefore, the loss is multiplied by a large power of two before the
/// backward pass, and the gradients are divided by it in float32. If they contain a NaN or an infinity, the optimizer skips
/// the step and halves the scale. After `growthInterval` steps in a row without one, it doubles the scale. The numbers are
/// on the device, and nothing waits for them.
///
/// The defaults are those of Keras' `LossScaleOptimizer`; PyTorch's `GradScaler` starts at 65536. Neither counts skipped
/// steps; here, they count (`Optimizer.step`), because the host does not wait to learn of them.
public struct LossScaling: Sendable, Hashable {
  /// The first scale: a power of two from 1 to 2³⁰.
  public var initialScale: Double
  /// The number of steps after which the scale doubles, at least 1.
  public var growthInterval: Int

  /// Creates the settings.
  public init(initialScale: Double = 32768, growthInterval: Int = 2000) {
    self.initialScale = initialScale
    self.growthInterval = growthInterval
  }

  /// The largest scale. With it, losses up to 3e29 stay finite in float32.
  static let largestScale = 0x1p30

  /// The problem with the settings; nil if there is none.
  var fault: String? {
    if !(1...LossScaling.largestScale).contains(initialScale) || initialScale.significand != 1 {
      return "the loss is scaled by \(initialScale), not by a power of two from 1 to 2³⁰"
    }
    return growthInterval < 1 ? "the scale of the loss doubles after \(growthInterval) steps, not after 1 or more" : nil
  }
}

/// The scale of the loss, on the device: four numbers.
struct LossScale {
  private enum Place: Int, CaseIterable { case scale, goodSteps, skippedSteps, isSkipping }

  /// The name of the tensor in a saved state. Those of parameters contain a period.
  static let name = "lossScale"

  private let settings: LossScaling?
  private(set) var tensor: Tensor?

  init(_ settings: LossScaling?) { self.settings = settings }

  /// Creates the numbers if they do not exist yet, on the device of this tensor.
  mutating func prepare(on device: Device) throws {
    guard let settings else { return }
    if let tensor, !tensor.isPoisoned {
      if tensor.device != device { self.tensor = tensor.moved(to: device) }
    } else {
      tensor = Tensor([settings.initialScale, 0, 0, 0], on: device)
    }
    try tensor?.checkPoison()
  }

  /// Continues with saved numbers.
  mutating func restore(_ tensor: Tensor?) { self.tensor = tensor?.cast(to: .float32) }

  /// The problem with a saved tensor; nil if there is none.
  static func fault(of tensor: Tensor) throws -> String? {
    let numbers = tensor.shape == [Place.allCases.count] ? try tensor.scalars(as: Double.self) : []
    let isValid = numbers.allSatisfy { $0 >= 0 && $0 <= Double(1 << 53) } && (numbers.first ?? 0) >= 1
    return isValid ? nil : "\(name) \(tensor.shape), expected four numbers, the first of them at least 1"
  }

  private func number(_ place: Place) -> Tensor? {
    tensor.map { Tensor(viewing: $0, offset: place.rawValue, shape: []) }
  }

  /// The factor of the loss; nil without loss scaling.
  var scale: Tensor? { settings == nil ? nil : number(.scale) }

  /// Whether the last step was skipped, as a scalar on the device; nil without loss scaling.
  var isSkipping: Tensor? { settings == nil ? nil : number(.isSkipping).map { $0 .> 0 } }

  /// Returns a number from the device, which it waits for.
  private func value(_ place: Place) throws -> Double? { try number(place)?.item() }

  /// Returns the current scale, or the first one before the first step.
  func currentScale() throws -> Double? { try settings.map { try value(.scale) ?? $0.initialScale } }

  /// Returns the number of skipped steps.
  func skippedSteps() throws -> Int { Int(try value(.skippedSteps) ?? 0) }

  /// Returns the buffer of the numbers.
  func buffers() throws -> [Buffer] { try tensor.map { [try $0.slice.buffer] } ?? [] }

  /// The result of `unscaled(_:)`.
  struct Unscaled {
    let gradients: [Tensor]
    /// `[1]`: 1 if the gradients are not finite, else 0.
    let isBad: Tensor
    /// `[1]`: 1 if they are not finite although the loss is not scaled any more, else 0.
    let isHopeless: Tensor
  }

  /// Divides the gradients by the scale, and then adapts the scale; nil without loss scaling.
  mutating func unscaled(_ gradients: [Tensor]) throws -> Unscaled? {
    guard let settings, var state = tensor, let scale = number(.scale), let good = number(.goodSteps),
      let skipped = number(.skippedSteps)
    else { return nil }
    let isGood = gradients.areAllFinite(like: state)
    let grows = isGood * (good .>= Double(settings.growthInterval - 1)).cast(to: .float32)
    let isBad = 1 - isGood
    let factor = 0.5 + isGood * 0.5 + grows
    let next = Tensor.stacked([
      (scale * factor).clamped(to: 1...LossScaling.largestScale), (good + 1) * isGood * (1 - grows), skipped + isBad,
      isBad,
    ])
    let result = Unscaled(
      gradients: gradients.map { $0 / scale.cast(to: $0.dtype) }, isBad: isBad.reshaped([1]),
      isHopeless: (isBad * (scale .<= 1).cast(to: .float32)).reshaped([1]))
    for tensor in result.gradients + [next, result.isHopeless] { try tensor.checkPoison() }
    tensor = nil  // held once, so that it is written in place
    defer { tensor = state }
    try state.overwrite(from: 0, with: next)
    return result
  }
}

extension [Tensor] {
  /// Returns a scalar of the element type and on the device of `other`: 1 if all numbers are finite, else 0.
  func areAllFinite(like other: Tensor) -> Tensor {
    // A sum is finite only if all its terms are.
    var all: Tensor?
    for tensor in self where tensor.count > 0 { all = tensor.sum().added(to: all) }
    return all.map { $0.isFinite().cast(to: other.dtype) } ?? Tensor.ones([], dtype: other.dtype, on: other.device)
  }
}
