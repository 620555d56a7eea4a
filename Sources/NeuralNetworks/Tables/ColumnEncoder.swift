/// Writes the features of one column.
struct ColumnEncoder {
  private let column: TablePreprocessor.Column
  private let source: DataFrame.Column
  /// The feature of each category of the source; nil for an unknown one.
  private let features: [Int?]

  init(_ column: TablePreprocessor.Column, _ source: DataFrame.Column) {
    self.column = column
    self.source = source
    let known = column.categories ?? []
    let places = Dictionary(known.enumerated().map { (ByteKey($1), $0) }) { first, _ in first }
    features = source.categories.map { places[ByteKey($0)] ?? (column.hasOther ? known.count : nil) }
  }

  /// Appends the features of a row.
  func append(_ row: Int, _ numbers: inout [Float]) {
    let isMissing = source.isMissing(at: row)
    switch source.values {
    case .numbers(let values): numbers.append(isMissing ? Float(column.replacement ?? 0) : values[row])
    case .dates(let values):
      let seconds = isMissing ? column.replacement ?? 0 : values[row]
      for part in column.parts ?? [] { numbers.append(part.value(ofSeconds: seconds, origin: column.origin ?? 0)) }
    case .categories(let codes, _):
      let count = (column.categories?.count ?? 0) + (column.hasOther ? 1 : 0), start = numbers.count
      for _ in 0..<count { numbers.append(0) }
      if !isMissing, let feature = features[Int(codes[row])] { numbers[start + feature] = 1 }
    }
    if column.hasMissing { numbers.append(isMissing ? 1 : 0) }
  }
}

extension TablePreprocessor.Column {
  func encoder(of source: DataFrame.Column) -> ColumnEncoder { ColumnEncoder(self, source) }
}

extension DatePart {
  /// The part of a time.
  /// - Parameters:
  ///   - seconds: Seconds since 1970-01-01T00:00Z.
  ///   - origin: The day from which days are counted, since 1970-01-01.
  func value(ofSeconds seconds: Double, origin: Int) -> Float {
    let days = CalendarDate.days(ofSeconds: seconds), perDay = CalendarDate.secondsPerDay
    switch self {
    case .days: return Float((seconds - Double(origin) * perDay) / perDay)
    case .year: return Float(CalendarDate(daysSince1970: days).year)
    case .month: return Float(CalendarDate(daysSince1970: days).month)
    case .day: return Float(CalendarDate(daysSince1970: days).day)
    case .weekday:
      // 1970-01-01 was a Thursday.
      let place = (days + 3) % 7
      return Float(place < 0 ? place + 7 : place)
    case .hour: return Float((seconds - Double(days) * perDay) / 3600)
    }
  }
}
