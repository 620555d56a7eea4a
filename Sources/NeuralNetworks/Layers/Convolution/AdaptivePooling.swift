import BackendCore

/// The configuration of an adaptive pooling layer in a model description.
public struct AdaptivePoolingConfiguration<Extent: WindowExtent>: Codable, Sendable, LayerSettings {
  /// The size of the result along the window axes.
  public var output: Extent

  static var template: Self { Self(output: 1) }
  static var required: Set<String> { ["output"] }
}

/// Pooling to a given size, along one, two, or three axes.
struct AdaptivePooling {
  /// The extents of the result along the window axes.
  let output: [Int]

  /// Throws an error for invalid settings, and for examples of a different rank.
  /// - Parameter inputShape: The shape of one example, `[C, …]`.
  func check(_ layer: String, _ inputShape: [Int]) throws {
    guard output.allSatisfy((1...4096).contains) else {
      let text = output.map(String.init).joined(separator: "x")
      throw ModelError.invalidConfiguration(
        layer: layer,
        reason: "an output of \(text); \(output.count == 1 ? "it is" : "each number is") from 1 to 4096")
    }
    try WindowSettings.checkSize(layer: layer, output)
    guard inputShape.count == output.count + 1, !inputShape.contains(0) else {
      let example =
        switch output.count {
        case 1: "a sequence [channels, length]"
        case 2: "an image [channels, height, width]"
        default: "a volume [channels, depth, height, width]"
        }
      throw ModelError.invalidConfiguration(layer: layer, reason: "an example is \(example), not \(inputShape)")
    }
  }

  /// Pools sequences as images of one row, and volumes plane by plane and then along the depth. The last axis comes
  /// first, so that the first of equal numbers in memory order wins.
  func pool(_ op: PoolingOp, _ x: Tensor) -> Tensor {
    switch output.count {
    case 1: return x.asRow.pooled(op, height: 1, width: output[0]).withoutRowAxis
    case 2: return x.pooled(op, height: output[0], width: output[1])
    default:
      let (shape, plane) = (x.shape, output[1] * output[2])
      let planes = x.reshaped([shape[0], shape[1] * shape[2], shape[3], shape[4]])
        .pooled(op, height: output[1], width: output[2]).reshaped([shape[0], shape[1], shape[2], plane])
      return planes.pooled(op, height: output[0], width: plane).reshaped([shape[0], shape[1]] + output)
    }
  }
}

extension Tensor {
  /// Pools images with windows of equal size if they divide the images evenly; otherwise, along rows first.
  fileprivate func pooled(_ op: PoolingOp, height: Int, width: Int) -> Tensor {
    if shape[2] % height == 0 && shape[3] % width == 0 {
      let window = (height: shape[2] / height, width: shape[3] / width)
      return pooled(op, WindowGeometry(kernel: window, stride: window))
    }
    return pooled(op, axis: 3, to: width).pooled(op, axis: 2, to: height)
  }

  /// Pools images along one axis, in windows of different sizes one after another.
  private func pooled(_ op: PoolingOp, axis: Int, to count: Int) -> Tensor {
    let extent = shape[axis]
    func kernel(_ size: Int) -> (height: Int, width: Int) { axis == 2 ? (size, 1) : (1, size) }
    if extent % count == 0 {
      let window = kernel(extent / count)
      return extent == count ? self : pooled(op, WindowGeometry(kernel: window, stride: window))
    }
    let parts = (0..<count).map { index in
      let range = index * extent / count..<((index + 1) * extent).dividedRoundingUp(by: count)
      let part = axis == 2 ? self[.ellipsis, range, .all] : self[.ellipsis, range]
      return part.pooled(op, WindowGeometry(kernel: kernel(range.count)))
    }
    return Tensor.concatenated(parts, axis: axis)
  }
}
