import NeuralNetworks

/// Dates and times in text, in forms of ISO 8601: `2024-02-29`, `2024-02-29T13:45`, `2024-02-29 13:45:00.25Z`,
/// `2024-02-29T13:45:00+01:00`. Offsets have the forms `Z`, `+01`, `+0100`, and `+01:00`.
enum ISO8601 {
  /// The seconds since 1970-01-01T00:00Z; nil if the bytes are not a date. A time without an offset is UTC. The second
  /// 60, a leap second, counts as the first of the next minute.
  static func seconds(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
    guard bytes.count >= 10 else { return nil }
    var text = Scanner(bytes)
    guard let year = text.number(4), text.take(0x2D), let month = text.number(2), text.take(0x2D),
      let day = text.number(2), let date = CalendarDate(year: year, month: month, day: day)
    else { return nil }
    let midnight = Double(date.daysSince1970) * CalendarDate.secondsPerDay
    if text.isAtEnd { return midnight }
    guard text.take(0x54) || text.take(0x74) || text.take(0x20), let time = time(&text), let offset = offset(&text),
      text.isAtEnd
    else { return nil }
    return midnight + time - offset
  }

  /// Seconds since midnight.
  private static func time(_ text: inout Scanner) -> Double? {
    guard let hour = text.number(2), hour < 24, text.take(0x3A), let minute = text.number(2), minute < 60 else {
      return nil
    }
    var seconds = Double(60 * (60 * hour + minute))
    if text.take(0x3A) {
      guard let second = text.number(2), second <= 60 else { return nil }
      seconds += Double(second)
      if text.take(0x2E) || text.take(0x2C) {
        guard let fraction = text.fraction() else { return nil }
        seconds += fraction
      }
    }
    return seconds
  }

  /// The offset from UTC in seconds; 0 if there is none.
  private static func offset(_ text: inout Scanner) -> Double? {
    if text.isAtEnd || text.take(0x5A) || text.take(0x7A) { return 0 }
    let isNegative = text.take(0x2D)
    guard isNegative || text.take(0x2B), let hours = text.number(2), hours < 24 else { return nil }
    var minutes = 0
    if !text.isAtEnd {
      _ = text.take(0x3A)
      guard let written = text.number(2), written < 60 else { return nil }
      minutes = written
    }
    let seconds = Double(60 * (60 * hours + minutes))
    return isNegative ? -seconds : seconds
  }

  /// Reads digits and characters one after another.
  private struct Scanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// Skips a byte if it is the next one.
    mutating func take(_ byte: UInt8) -> Bool {
      guard position < bytes.count, bytes[position] == byte else { return false }
      position += 1
      return true
    }

    /// A number of exactly this many digits.
    mutating func number(_ digits: Int) -> Int? {
      var value = 0
      for _ in 0..<digits {
        guard let digit = nextDigit() else { return nil }
        value = 10 * value + digit
      }
      return value
    }

    /// The digits after a decimal point, at least one.
    mutating func fraction() -> Double? {
      var (value, place, count) = (0.0, 0.1, 0)
      while let digit = nextDigit() {
        (value, place, count) = (value + Double(digit) * place, place / 10, count + 1)
      }
      return count == 0 ? nil : value
    }

    private mutating func nextDigit() -> Int? {
      guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
      position += 1
      return Int(bytes[position - 1]) - 0x30
    }
  }
}
