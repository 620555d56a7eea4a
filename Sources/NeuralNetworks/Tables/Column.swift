import HostSystem

/// The kind of the values in a column of a table.
public enum ColumnKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// Numbers, such as a price.
  case number
  /// One of several texts, such as a city. Numbers are categories if they only name something, such as a postal code.
  case category
  /// Dates, with or without a time of day.
  case date
}

extension DataFrame {
  /// A column of a table.
  public struct Column: Sendable {
    /// The name, which is unique in its table.
    public let name: String
    package let values: Values

    /// The values: NaN, or the code −1, if a value is missing.
    package enum Values: Sendable {
      case numbers([Float])
      /// The indices of the categories.
      case categories([Int32], names: [String])
      /// Seconds since 1970-01-01T00:00Z.
      case dates([Double])
    }

    package init(_ name: String, _ values: Values) {
      self.name = name
      self.values = values
    }

    /// Creates a column of numbers, which are stored as float32. NaN counts as missing, as nil does.
    public init(_ name: String, numbers: [Double?]) {
      self.init(name, .numbers(numbers.map { Float($0 ?? .nan) }))
    }

    /// Creates a column of categories. The categories are the distinct texts, ordered by their bytes.
    public init(_ name: String, categories: [String?]) {
      let names = Set(categories.compactMap { $0.map(ByteKey.init) }).sorted()
      let codes = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
      let codeOfRow = categories.map { text in text.flatMap { codes[ByteKey($0)] } ?? -1 }
      self.init(name, .categories(codeOfRow, names: names.map(\.text)))
    }

    /// Creates a column of dates.
    /// - Parameters:
    ///   - name: The name of the column.
    ///   - seconds: Seconds since 1970-01-01T00:00Z, negative before.
    public init(_ name: String, secondsSince1970 seconds: [Double?]) {
      self.init(name, .dates(seconds.map { $0 ?? .nan }))
    }

    /// The kind of the values.
    public var kind: ColumnKind {
      switch values {
      case .numbers: .number
      case .categories: .category
      case .dates: .date
      }
    }

    /// The number of rows.
    public var count: Int {
      switch values {
      case .numbers(let numbers): numbers.count
      case .categories(let codes, _): codes.count
      case .dates(let seconds): seconds.count
      }
    }

    /// The names of the categories, by index; empty for other kinds.
    public var categories: [String] {
      if case .categories(_, let names) = values { return names }
      return []
    }

    /// Whether the value in a row is missing.
    public func isMissing(at row: Int) -> Bool {
      switch values {
      case .numbers(let numbers): numbers[row].isNaN
      case .categories(let codes, _): codes[row] < 0
      case .dates(let seconds): seconds[row].isNaN
      }
    }

    /// Whether the value of each row is missing.
    public var missingMask: [Bool] { (0..<count).map(isMissing) }

    /// The number of rows in which the value is missing.
    public var missingCount: Int { (0..<count).count(where: isMissing) }

    /// Returns the number in a row, or a date in seconds since 1970-01-01T00:00Z; nil if it is missing or a category.
    public func number(at row: Int) -> Double? {
      let value: Double
      switch values {
      case .numbers(let numbers): value = Double(numbers[row])
      case .categories: return nil
      case .dates(let seconds): value = seconds[row]
      }
      return value.isNaN ? nil : value
    }

    /// Returns the category in a row; nil if it is missing or the column has none.
    public func category(at row: Int) -> String? {
      guard case .categories(let codes, let names) = values, codes[row] >= 0 else { return nil }
      return names[Int(codes[row])]
    }

    /// The number in a row, or a date in days since 1970-01-01; NaN if it is missing or a category.
    func float(at row: Int) -> Float {
      switch values {
      case .numbers(let numbers): numbers[row]
      case .categories: .nan
      case .dates(let seconds): Float(seconds[row] / CalendarDate.secondsPerDay)
      }
    }

    func rows(at indices: [Int]) -> Column {
      switch values {
      case .numbers(let numbers): Column(name, .numbers(indices.map { numbers[$0] }))
      case .categories(let codes, let names): Column(name, .categories(indices.map { codes[$0] }, names: names))
      case .dates(let seconds): Column(name, .dates(indices.map { seconds[$0] }))
      }
    }
  }
}

extension DataFrame.Column: CustomStringConvertible {
  /// The name, the kind, and statistics: "age: number, 0 to 71, mean 35.2, 3 missing".
  public var description: String {
    "\(name.shortened(to: 100).onOneLine): \(kind.rawValue), \(statistics)"
  }
}
