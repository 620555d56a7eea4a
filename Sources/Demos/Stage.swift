public import NeuralNetworks

/// What a demonstration has to work with: a device, a seed, data, and where text and pictures go.
public struct Stage: Sendable {
  /// Where networks are trained.
  public var device: Device
  /// Decides weights, data that is made up, and the order of examples.
  public var seed: UInt64
  /// Trains for a shorter time: enough to see that it learns.
  public var isQuick: Bool
  /// A folder with data sets in folders of their own, "mnist-10k"; nil: data that is made up.
  public var data: String?
  /// Takes a line of text.
  public var show: @Sendable (String) -> Void
  /// Takes a picture: a name without ending, and SVG.
  public var keep: @Sendable (_ name: String, _ svg: String) throws -> Void

  /// - Parameters:
  ///   - device: Where networks are trained.
  ///   - seed: Decides weights, data that is made up, and the order of examples.
  ///   - isQuick: Trains for a shorter time.
  ///   - data: A folder with data sets; nil: data that is made up.
  ///   - show: Takes a line of text.
  ///   - keep: Takes a picture.
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

  /// `full`, or `quick` where time is short.
  func passes(_ full: Int, quick: Int) -> Int { isQuick ? quick : full }

  /// A number with a few digits.
  static func text(_ value: Double, digits: Int = 3) -> String {
    value.isFinite && value.magnitude < 1e12 ? NumberText.fixed(value, digits: digits) : "\(value)"
  }
}
