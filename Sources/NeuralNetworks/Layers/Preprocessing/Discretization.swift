import HostSystem

/// Maps numbers to the indices of intervals (Keras' `Discretization`; NumPy's `digitize`).
///
/// ```swift
/// Discretization(boundaries: [0, 1, 2])          // [-1.5, 1, 3.4, 0.5] → [0, 2, 3, 1]
/// ```
///
/// n boundaries make n + 1 intervals: bin i has the numbers from boundary i − 1 to below boundary i. NaN is in the last
/// one. With `bins`, `adapt(to:)` sets the boundaries to quantiles of the data, so that all bins have about the same
/// number of values; it computes them exactly, while Keras approximates them. The boundaries are part of the
/// configuration, so they are saved with the model. Call `adapt(to:)` before the layer is used.
public final class Discretization: Layer {
  /// All settings.
  public private(set) var configuration: Configuration
  /// The boundaries, in rising order.
  public var boundaries: [Double] { configuration.boundaries }
  private let constants = LayerConstants()

  /// Creates a layer with known boundaries.
  /// - Parameters:
  ///   - boundaries: Finite numbers in rising order.
  ///   - mode: The form of the output.
  public convenience init(boundaries: [Double], mode: CategoryMode = .int) {
    self.init(configuration: Configuration(boundaries: boundaries, mode: mode))
  }

  /// Creates a layer whose boundaries are set by `adapt(to:)`.
  /// - Parameters:
  ///   - bins: The number of intervals, at least 2.
  ///   - mode: The form of the output.
  public convenience init(bins: Int, mode: CategoryMode = .int) {
    self.init(configuration: Configuration(bins: bins, mode: mode))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  /// Sets the boundaries to quantiles of all numbers, interpolated linearly as by NumPy's `quantile`. NaN counts as
  /// missing and is left out. Equal quantiles make one boundary, so there may be fewer bins.
  /// - Parameter data: Numbers of any shape.
  /// - Throws: `ModelError.invalidConfiguration` if the layer has no number of bins, or there are no finite numbers;
  ///   `DeviceError`.
  public func adapt(to data: Tensor) throws {
    guard let bins = configuration.bins, bins >= 2 else {
      throw fault("adapt(to:) needs a number of bins, at least 2")
    }
    let sorted = try data.scalars(as: Double.self).filter { !$0.isNaN }.sorted()
    guard let first = sorted.first, let last = sorted.last, first.isFinite, last.isFinite else {
      throw fault("data of shape \(data.shape) has no finite numbers, or infinite ones")
    }
    guard bins <= 1 << 20 else { throw fault("\(bins) bins; at most \(1 << 20)") }
    configuration.boundaries = (1..<bins).reduce(into: []) { boundaries, bin in
      let place = Double(bin) / Double(bins) * Double(sorted.count - 1), index = Int(place)
      let next = sorted[min(index + 1, sorted.count - 1)]
      let boundary = sorted[index] + (place - Double(index)) * (next - sorted[index])
      if boundaries.last.map({ Float($0) < Float(boundary) }) ?? true { boundaries.append(boundary) }
    }
    constants.forget()
  }

  private func fault(_ reason: String) -> ModelError { .invalidConfiguration(layer: "Discretization", reason: reason) }

  public func prepare(inputShape: [Int]) throws {
    let numbers = boundaries.map { Float($0) }
    guard !numbers.isEmpty, numbers.allSatisfy(\.isFinite), zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw fault("the boundaries are finite float32 numbers in rising order, at least one; call adapt(to:) with bins")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    prepareCall(input)
    let sorted = constants.tensors(on: input.device, input.dtype) {
      [Tensor(boundaries, shape: [boundaries.count], dtype: input.dtype, on: input.device)]
    }[0]
    return configuration.mode.encoded(sorted.searchSorted(input, side: .right), tokens: boundaries.count + 1)
  }

  public var allowsReplay: Bool { true }
}

extension Discretization: ConfigurableLayer {
  /// The configuration of a `Discretization` in a model description. All settings are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The boundaries in rising order; empty before `adapt(to:)`.
    public var boundaries: [Double] = []
    /// The number of intervals that `adapt(to:)` makes.
    public var bins: Int?
    /// The form of the output; `int` by default.
    public var mode = CategoryMode.int

    static var template: Self { Self() }
  }
}
