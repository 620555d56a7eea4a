/// Formats for rows of weights as blocks of small integers, as GGUF files have them: a block holds the integers of 32 or
/// 256 consecutive numbers, and their scales.
///
/// With integers n, a float16 scale d and, in some formats, a float16 minimum m, a number is d·(n − offset) or d·n + m.
/// The formats with K have 256 numbers in groups of 32 or 16, each with a scale s of its own: d·s·n − m·t or
/// d·s·(n − 32). All are little-endian. Format: https://github.com/ggml-org/ggml.
public enum BlockFormat: String, CaseIterable, Sendable {
  /// 4 bits: d·(n − 8).
  case q40 = "Q4_0"
  /// 4 bits: d·n + m.
  case q41 = "Q4_1"
  /// 5 bits: d·(n − 16).
  case q50 = "Q5_0"
  /// 5 bits: d·n + m.
  case q51 = "Q5_1"
  /// 8 bits, signed: d·n.
  case q80 = "Q8_0"
  /// 4 bits, with scales and minima of 6 bits for groups of 32.
  case q4K = "Q4_K"
  /// 5 bits, with scales and minima of 6 bits for groups of 32.
  case q5K = "Q5_K"
  /// 6 bits, with signed scales of 8 bits for groups of 16.
  case q6K = "Q6_K"

  /// The count of numbers in a block.
  public var count: Int {
    switch self {
    case .q40, .q41, .q50, .q51, .q80: 32
    case .q4K, .q5K, .q6K: 256
    }
  }

  /// The size of a block in bytes.
  public var size: Int {
    switch self {
    case .q40: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q80: 34
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    }
  }
}
