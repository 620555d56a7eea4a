/// A day of the proleptic Gregorian calendar, as in ISO 8601.
package struct CalendarDate {
  package let year, month, day: Int

  package static let secondsPerDay = 86_400.0
  /// The last second of the year 9999, and the first of the year 1.
  package static let seconds = -62_135_596_800.0...253_402_300_799.999

  /// Creates a date; nil if the years 1 to 9999 do not have this day.
  package init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
    guard (1...CalendarDate.length(ofMonth: month, year)).contains(day) else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
  }

  /// Creates the date of a day, counted from 1970-01-01. Days out of the years 1 to 9999 give the first or last one.
  package init(daysSince1970 days: Int) {
    let seconds = CalendarDate.seconds, perDay = CalendarDate.secondsPerDay
    let first = Int((seconds.lowerBound / perDay).rounded(.down))
    let last = Int((seconds.upperBound / perDay).rounded(.down))
    var rest = min(max(days, first), last)
    // 400 years are 146,097 days; within them, the year is found by its first day.
    var year = max(1970 + 400 * Int((Double(rest) / 146_097).rounded(.down)), 1)
    rest -= CalendarDate.days(before: year)
    while rest >= CalendarDate.length(ofYear: year) {
      rest -= CalendarDate.length(ofYear: year)
      year += 1
    }
    var month = 1
    while rest >= CalendarDate.length(ofMonth: month, year) {
      rest -= CalendarDate.length(ofMonth: month, year)
      month += 1
    }
    (self.year, self.month, day) = (year, month, rest + 1)
  }

  /// The number of days since 1970-01-01.
  package var daysSince1970: Int {
    CalendarDate.days(before: year) + (1..<month).reduce(0) { $0 + CalendarDate.length(ofMonth: $1, year) } + day - 1
  }

  /// The number of days from 1970-01-01 to the first day of a year.
  private static func days(before year: Int) -> Int {
    func leapDays(_ year: Int) -> Int { year / 4 - year / 100 + year / 400 }
    return 365 * (year - 1970) + leapDays(year - 1) - leapDays(1969)
  }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func length(ofYear year: Int) -> Int { isLeap(year) ? 366 : 365 }

  private static func length(ofMonth month: Int, _ year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The day of a time as text: "2024-02-29".
  package static func text(ofSeconds seconds: Double) -> String {
    let date = CalendarDate(daysSince1970: days(ofSeconds: seconds))
    func padded(_ number: Int, _ digits: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
  }

  /// The day of a time, counted from 1970-01-01; limited to the years 1 to 9999.
  package static func days(ofSeconds seconds: Double) -> Int {
    let limited = min(max(seconds, self.seconds.lowerBound), self.seconds.upperBound)
    return Int((limited / secondsPerDay).rounded(.down))
  }
}
