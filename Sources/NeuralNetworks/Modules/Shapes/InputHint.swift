/// Suggestions for common mistakes in the shapes of inputs.
enum InputHint {
  /// Returns the likely mistake if an example has an unexpected shape; nil if none is likely.
  static func text(expected: [Int], found: [Int]) -> String? {
    if expected.count == 3, found.count == 3 {
      let isTurned = DataChecks.fits([found[2], found[0], found[1]], expected)
      let seemsTurned = looksLikeChannelsLast(found) && !looksLikeChannelsLast(expected)
      return isTurned || seemsTurned ? channelsFirst(found) : nil
    }
    if expected.count == 3, expected[0] == 1, DataChecks.fits(found, Array(expected.dropFirst())) {
      return
        "the axis of channels is missing: x.expanded(axis: 1), or Reshape([1, \(found[0]), \(found[1])]) as the first layer"
    }
    if expected.count == 1, found.count > 1, expected[0] == found.reduce(1, *) {
      return "put Flatten() first, or give x.reshaped([-1, \(expected[0])])"
    }
    return nil
  }

  /// Returns whether the last axis of an example's shape looks like one, three, or four channels.
  static func looksLikeChannelsLast(_ shape: [Int]) -> Bool {
    shape.count == 3 && [1, 3, 4].contains(shape[2]) && shape[0] > 4 && shape[1] > 4
  }

  static func channelsFirst(_ found: [Int]) -> String {
    "images are channels first, [channels, height, width]; \(found) looks like channels last: x.permuted([0, 3, 1, 2])"
  }
}

extension Model {
  /// Returns a warning if the first layer treats the inputs as images with many channels although the last axis looks
  /// like the channels; nil otherwise.
  func layoutWarning() -> String? {
    guard let sequential = network as? Sequential, let shape = inputShapes.first else { return nil }
    var first = sequential.layers.first
    while let inner = first as? Sequential { first = inner.layers.first }
    let window =
      switch first {
      case let layer as Conv2D: layer.settings
      case let layer as MaxPool2D: layer.settings
      case let layer as AveragePool2D: layer.settings
      default: nil as WindowSettings?
      }
    // A window that is one column wide is meant for signals along the rows, with any number of columns.
    guard let window, window.kernel.width > 1, InputHint.looksLikeChannelsLast(shape) else { return nil }
    return InputHint.channelsFirst(shape)
  }
}
