public import NeuralNetworks

/// The environment of a demo: a device, a seed, data, and destinations for text and pictures.
public struct DemoContext: Sendable {
  /// The device for training.
  public var device: Device
  /// The seed of weights, generated data, and the order of examples.
  public var seed: UInt64
  /// Whether to train for a shorter time, just long enough to show that the network learns.
  public var isQuick: Bool
  /// A folder with subfolders of data sets, such as "mnist-10k"; nil for generated data.
  public var data: String?
  /// Receives a line of text.
  public var show: @Sendable (String) -> Void
  /// Receives a picture: a name without an extension, and SVG.
  public var keep: @Sendable (_ name: String, _ svg: String) throws -> Void

  /// Creates a context.
  /// - Parameters:
  ///   - device: The device for training.
  ///   - seed: The seed of weights, generated data, and the order of examples.
  ///   - isQuick: Whether to train for a shorter time.
  ///   - data: A folder with data sets; nil for generated data.
  ///   - show: Receives a line of text.
  ///   - keep: Receives a picture.
  public init(
    device: Device, seed: UInt64 = 1, isQuick: Bool = false, data: String? = nil,
    show: @escaping @Sendable (String) -> Void = { _ in },
    keep: @escaping @Sendable (_ name: String, _ svg: String) throws -> Void = { _, _ in }
  ) {
    self.device = device
    self.seed = seed
    self.isQuick = isQuick
    self.data = data
    self.show = show
    self.keep = keep
  }

  /// `full`, or `quick` for a short run.
  func passes(_ full: Int, quick: Int) -> Int { isQuick ? quick : full }

  /// A number with a few digits.
  static func text(_ value: Double, digits: Int = 3) -> String {
    value.isFinite && value.magnitude < 1e12 ? NumberText.fixed(value, digits: digits) : "\(value)"
  }
}
