import BackendCore

/// Adaptive average pooling to a given output size: `[N, C, H, W]` → `[N, C, h, w]`, for images of any size.
///
/// ```swift
/// AdaptiveAveragePool2D(7)                         // [N, 64, 30, 20] → [N, 64, 7, 7]
/// ```
///
/// Window i of h covers rows ⌊i·H/h⌋ to ⌈(i + 1)·H/h⌉ − 1, and likewise along the other axis (PyTorch).
public final class AdaptiveAveragePool2D: Layer {
  public let configuration: AdaptivePoolingConfiguration

  /// Creates an adaptive average pooling layer.
  /// - Parameter output: The height and width of the result, each from 1 to 4096.
  public convenience init(_ output: Extent2D) {
    self.init(configuration: AdaptivePoolingConfiguration(output: output))
  }

  public init(configuration: AdaptivePoolingConfiguration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.check("AdaptiveAveragePool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return configuration.pool(.mean, input)
  }

  public var allowsReplay: Bool { true }
}

/// Adaptive max pooling to a given output size: `[N, C, H, W]` → `[N, C, h, w]`, for images of any size.
///
/// ```swift
/// AdaptiveMaxPool2D([1, 4])                        // [N, 64, 30, 20] → [N, 64, 1, 4]
/// ```
///
/// The windows are the same as in `AdaptiveAveragePool2D`. The gradient goes to the first of equal numbers (PyTorch).
public final class AdaptiveMaxPool2D: Layer {
  public let configuration: AdaptivePoolingConfiguration

  /// Creates an adaptive max pooling layer.
  /// - Parameter output: The height and width of the result, each from 1 to 4096.
  public convenience init(_ output: Extent2D) {
    self.init(configuration: AdaptivePoolingConfiguration(output: output))
  }

  public init(configuration: AdaptivePoolingConfiguration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.check("AdaptiveMaxPool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return configuration.pool(.maximum, input)
  }

  public var allowsReplay: Bool { true }
}

extension AdaptiveAveragePool2D: ConfigurableLayer {}
extension AdaptiveMaxPool2D: ConfigurableLayer {}

/// The configuration of an adaptive pooling layer in a model description.
public struct AdaptivePoolingConfiguration: Codable, Sendable, LayerSettings {
  /// The height and width of the result.
  public var output: Extent2D

  static var template: Self { Self(output: 1) }
  static let required: Set = ["output"]

  fileprivate func check(_ layer: String, _ inputShape: [Int]) throws {
    let allowed = 1...4096
    guard allowed.contains(output.height), allowed.contains(output.width) else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "an output of \(output); both numbers are from 1 to 4096")
    }
    guard inputShape.count == 3, !inputShape.contains(0) else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "an example is an image [channels, height, width], not \(inputShape)")
    }
  }

  /// Pools images with windows of equal size if they divide the images evenly. Otherwise, pools windows one after
  /// another, along rows first, so that the first of equal numbers in memory order wins.
  fileprivate func pool(_ op: PoolingOp, _ x: Tensor) -> Tensor {
    let (height, width) = (x.shape[2], x.shape[3])
    if height % output.height == 0 && width % output.width == 0 {
      let window = (height: height / output.height, width: width / output.width)
      return x.pooled(op, WindowGeometry(kernel: window, stride: window))
    }
    let columns = windows(width, output.width).map { range in
      x[.ellipsis, range].pooled(op, WindowGeometry(kernel: (1, range.count)))
    }
    let rows = Tensor.concatenated(columns, axis: 3)
    let cells = windows(height, output.height).map { range in
      rows[.ellipsis, range, .all].pooled(op, WindowGeometry(kernel: (range.count, 1)))
    }
    return Tensor.concatenated(cells, axis: 2)
  }

  private func windows(_ extent: Int, _ count: Int) -> [Range<Int>] {
    (0..<count).map { $0 * extent / count..<(($0 + 1) * extent + count - 1) / count }
  }
}
