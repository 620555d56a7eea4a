/// The factors of the samples of a frame in a spectrogram layer: those of a function, or any numbers.
///
/// ```swift
/// STFTSpectrogram(frameLength: 4, window: [0.5, 1, 1, 0.5])
/// ```
public enum SpectrogramWindow: Sendable, Hashable, ExpressibleByArrayLiteral {
  /// The factors of a function.
  case function(WindowFunction)
  /// The factors themselves, one for each sample of a frame.
  case factors([Double])
  /// Factors of 1.
  case rectangular

  /// The factors of a Hann window.
  public static let hann = SpectrogramWindow.function(.hann)
  /// The factors of a Hamming window.
  public static let hamming = SpectrogramWindow.function(.hamming)
  /// The factors of a Blackman window.
  public static let blackman = SpectrogramWindow.function(.blackman)
  /// The factors of a Bartlett window.
  public static let bartlett = SpectrogramWindow.function(.bartlett)

  public init(arrayLiteral elements: Double...) { self = .factors(elements) }

  /// Returns the factors of a frame.
  /// - Parameter isPeriodic: Whether the factors of a function continue with the first one.
  func numbers(_ count: Int, isPeriodic: Bool) -> [Double] {
    switch self {
    case .function(let function): function.factors(count, isPeriodic: isPeriodic)
    case .factors(let factors): factors
    case .rectangular: Array(repeating: 1, count: count)
    }
  }

  /// Throws an error for factors that do not fit a frame.
  func check(layer: String, frame: Int) throws {
    guard case .factors(let factors) = self else { return }
    if factors.count != frame || !factors.allSatisfy(\.isFinite) {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "a window of \(factors.count) numbers; there are \(frame) finite ones, as in a frame")
    }
  }
}

extension SpectrogramWindow: Codable {
  private static let rectangularName = "rectangular"

  /// Decodes a window from the name of a function, from "rectangular", or from an array of factors.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let factors = try? container.decode([Double].self) {
      self = .factors(factors)
      return
    }
    let name = try container.decode(String.self)
    if name == Self.rectangularName {
      self = .rectangular
    } else if let function = WindowFunction(rawValue: name) {
      self = .function(function)
    } else {
      let names = WindowFunction.allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "unknown window \"\(name)\"; expected \(names), \(Self.rectangularName), or an array")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .function(let function): try container.encode(function.rawValue)
    case .factors(let factors): try container.encode(factors)
    case .rectangular: try container.encode(Self.rectangularName)
    }
  }
}
