import HostSystem

/// A part of a date that becomes a feature.
public enum DatePart: String, Sendable, Hashable, Codable, CaseIterable {
  /// Days since the first day of the training data, with the time of day as the fraction. (Days since 1970 would leave
  /// float32 a resolution of minutes.)
  case days
  /// The year, such as 2024.
  case year
  /// The month, from 1 to 12.
  case month
  /// The day of the month, from 1 to 31.
  case day
  /// The day of the week, from 0 for Monday to 6 for Sunday, as in pandas.
  case weekday
  /// The hour with minutes and seconds as the fraction, from 0 to below 24.
  case hour
}

extension TablePreprocessor {
  /// The decisions about one column.
  public struct Column: Sendable, Hashable, Codable {
    /// The name of the column in the table.
    public let name: String
    /// The kind of its values.
    public let kind: ColumnKind
    /// The number in place of a missing one, or the seconds since 1970-01-01T00:00Z in place of a missing date.
    public let replacement: Double?
    /// The categories with a feature each; none for other kinds.
    public let categories: [String]?
    /// Whether a feature is 1 for all other categories.
    public let hasOther: Bool
    /// Whether a feature is 1 for missing values.
    public let hasMissing: Bool
    /// The parts of a date.
    public let parts: [DatePart]?
    /// The first day of the training data, in days since 1970-01-01.
    public let origin: Int?
    /// Peculiarities of the training data, such as "each value is different, as in identifiers".
    public let notes: [String]

    init(_ column: DataFrame.Column, _ treatment: Treatment, _ rows: [Int]?) throws {
      if column.kind != treatment.kind {
        throw TableError.kind(column: column.name, expected: treatment.kind, found: column.kind)
      }
      let statistics = column.statistics(of: rows)
      name = column.name
      kind = column.kind
      hasMissing = statistics.missingCount > 0
      notes = Column.notes(statistics, kind)
      switch treatment {
      case .number(let imputation):
        replacement = try imputation.value(for: column, of: rows)
        (categories, hasOther, parts, origin) = (nil, false, nil, nil)
      case .category(let maximum):
        guard maximum >= 1 else {
          throw TableError.preprocessor(reason: "the column \"\(name)\": at least 1 category, not \(maximum)")
        }
        let kept = statistics.categoryCounts.prefix(maximum).map(\.name)
        categories = kept
        hasOther = statistics.categoryCounts.count > kept.count
        (replacement, parts, origin) = (nil, nil, nil)
      case .date(let parts):
        guard !parts.isEmpty, Set(parts).count == parts.count else {
          throw TableError.preprocessor(reason: "the column \"\(name)\": different parts of the date, at least one")
        }
        self.parts = parts
        replacement = column.quantile(0.5, of: rows) ?? 0
        origin = CalendarDate.days(ofSeconds: statistics.minimum ?? 0)
        (categories, hasOther) = (nil, false)
      }
      if let replacement, !Float(replacement).isFinite {
        throw TableError.preprocessor(
          reason: "the column \"\(name.shortened(to: 100))\": the replacement of missing values is infinite")
      }
    }

    /// Peculiarities to report.
    private static func notes(_ statistics: ColumnStatistics, _ kind: ColumnKind) -> [String] {
      var notes: [String] = []
      let distinct = statistics.categoryCounts.count
      if statistics.missingCount > 0 { notes.append("\(statistics.missingCount) missing") }
      if statistics.isConstant {
        notes.append(statistics.count == 0 ? "no values: it tells nothing" : "constant: it tells nothing")
      } else if kind == .number && statistics.isRising {
        notes.append("whole numbers that rise from row to row, as row numbers do: consider leaving it out")
      } else if distinct >= 10 && distinct == statistics.count {
        notes.append("each value is different, as in identifiers: consider leaving it out")
      }
      return notes
    }

    /// Whether the settings are those of the kind.
    var isValid: Bool {
      let isNumber = replacement.map { Float($0).isFinite } ?? false
      let hasCategories = categories != nil || hasOther
      switch kind {
      case .number: return isNumber && !hasCategories && parts == nil
      case .category:
        let areDistinct = categories.map { Set($0.map(ByteKey.init)).count == $0.count } ?? false
        return areDistinct && parts == nil && featureCount > 0
      case .date:
        let hasParts = parts.map { !$0.isEmpty } ?? false
        return isNumber && hasParts && !hasCategories && (origin.map { abs(Double($0)) < 1e7 } ?? false)
      }
    }

    /// The number of features that are numbers, which come first.
    var scaledCount: Int { kind == .number ? 1 : parts?.count ?? 0 }

    var featureCount: Int {
      scaledCount + (categories?.count ?? 0) + (hasOther ? 1 : 0) + (hasMissing ? 1 : 0)
    }

    var featureNames: [String] {
      let values = kind == .number ? [name] : parts.map { $0.map { "\(name) \($0)" } } ?? []
      return values + (categories ?? []).map { "\(name)=\($0)" } + (hasOther ? ["\(name) other"] : [])
        + (hasMissing ? ["\(name) missing"] : [])
    }

    var decision: String {
      let treatment: String
      switch kind {
      case .number: treatment = "number, missing → \(Float(replacement ?? 0))"
      case .category:
        let names = (categories ?? []).prefix(5).map { $0.shortened(to: 40) }.joined(separator: ", ")
        let count = categories?.count ?? 0
        treatment =
          "category, \(count) features (\(names)\(count > 5 ? ", …" : ""))"
          + (hasOther ? " and one for all others" : "")
      case .date:
        let names = (parts ?? []).map(\.rawValue).joined(separator: ", ")
        let first = CalendarDate(daysSince1970: origin ?? 0)
        treatment =
          "date, \(names) from \(CalendarDate.text(ofSeconds: Double(first.daysSince1970) * CalendarDate.secondsPerDay))"
      }
      let mark = hasMissing ? ", marked by a feature" : ""
      return "\(name.shortened(to: 60)): \(treatment)\(mark)\(notes.map { "; \($0)" }.joined())".onOneLine
    }
  }
}
