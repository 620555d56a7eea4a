import Testing

@testable import NeuralNetworks

/// Columns as inputs of a model.
@Suite struct TablePreprocessorTests {
  private static let table = DataFrame([
    .init("age", numbers: [31, nil, 58, 44, 19, 19]),
    .init("city", categories: ["Oslo", "Lima", nil, "Oslo", "Kyiv", "Lima"]),
    .init("born", secondsSince1970: [86_400, nil, 129_600, 43_200, 0, 0]),
  ])

  /// scikit-learn 1.9: `SimpleImputer(add_indicator=True)` and `OneHotEncoder(handle_unknown="ignore")`.
  @Test func columnsAreEncodedAsByScikitLearn() throws {
    var preprocessor = TablePreprocessor()
    try preprocessor.adapt(to: Self.table)
    #expect(
      preprocessor.featureNames == [
        "age", "age missing", "city=Lima", "city=Oslo", "city=Kyiv", "city missing", "born days", "born missing",
      ])
    #expect(preprocessor.scaledFeatures == [0, 6])
    let inputs = try preprocessor.inputs(of: Self.table)
    #expect(inputs.shape == [6, 8])
    #expect(
      try inputs.scalars() == [
        31, 0, 0, 1, 0, 0, 1, 0,
        31, 1, 1, 0, 0, 0, 0.5, 1,
        58, 0, 0, 0, 0, 1, 1.5, 0,
        44, 0, 0, 1, 0, 0, 0.5, 0,
        19, 0, 0, 0, 1, 0, 0, 0,
        19, 0, 1, 0, 0, 0, 0, 0,
      ])
    #expect(try preprocessor.inputs(of: Self.table, rows: [4, 1]).scalars().prefix(9).last == 31)
  }

  /// scikit-learn 1.9: `SimpleImputer` with the strategies mean, median, and most_frequent.
  @Test(
    arguments: [(.mean, 34.2), (.median, 31), (.mostFrequent, 19), (.constant(-1), -1)] as [(Imputation, Float)])
  func missingNumbersAreReplaced(_ imputation: Imputation, _ expected: Float) throws {
    var preprocessor = TablePreprocessor(treatments: ["age": .number(missing: imputation)])
    try preprocessor.adapt(to: Self.table.selecting(["age"]))
    #expect(try preprocessor.inputs(of: Self.table.selecting(["age"])).scalars()[2] == expected)
  }

  @Test func onlyRowsOfTheTrainingDataDecide() throws {
    var preprocessor = TablePreprocessor()
    try preprocessor.adapt(to: Self.table, rows: [0, 3])
    #expect(preprocessor.featureNames == ["age", "city=Oslo", "born days"])
    // A category that is unknown, or missing without a feature for it, gives zeros.
    let inputs = try preprocessor.inputs(of: Self.table, rows: [1, 2, 4])
    #expect(try inputs.scalars() == [37.5, 0, 0.75, 58, 0, 1.5, 19, 0, 0])
  }

  @Test func rareCategoriesShareAFeature() throws {
    var preprocessor = TablePreprocessor(treatments: ["city": .category(maximum: 1)])
    try preprocessor.adapt(to: Self.table.selecting(["city"]))
    #expect(preprocessor.featureNames == ["city=Lima", "city other", "city missing"])
    #expect(try preprocessor.inputs(of: Self.table, rows: [0, 1, 2]).scalars() == [0, 1, 0, 1, 0, 0, 0, 0, 1])
    let new = DataFrame([.init("x", numbers: [1]), .init("city", categories: ["Rome"])])
    #expect(try preprocessor.inputs(of: new).scalars() == [0, 1, 0])
  }

  /// `datetime` of Python: 2024-02-29 was a Thursday.
  @Test func datesHaveParts() throws {
    let table = DataFrame([.init("t", secondsSince1970: [1_709_164_800 + 13.75 * 3600, -1])])
    var preprocessor = TablePreprocessor(treatments: ["t": .date([.year, .month, .day, .weekday, .hour])])
    try preprocessor.adapt(to: table)
    let expected: [Float] = [2024, 2, 29, 3, 13.75, 1969, 12, 31, 2, Float(86_399.0 / 3600)]
    #expect(try preprocessor.inputs(of: table).scalars() == expected)
    #expect(preprocessor.scaledFeatures == [0, 1, 2, 3, 4])
  }

  @Test func peculiaritiesAreReported() throws {
    let table = DataFrame([
      .init("row", numbers: (1...12).map(Double.init)),
      .init("same", numbers: [Double](repeating: 7, count: 12)),
      .init("key", categories: (1...12).map { "k\($0)" }),
      .init("none", numbers: [Double?](repeating: nil, count: 12)),
      .init("x", numbers: (1...12).map { $0 == 2 ? nil : Double($0 * $0) }),
    ])
    var preprocessor = TablePreprocessor()
    try preprocessor.adapt(to: table)
    let lines = preprocessor.decisions
    #expect(lines[0].hasPrefix("row: number, missing → 6.5; whole numbers that rise from row to row"))
    #expect(lines[1].hasSuffix("; constant: it tells nothing"))
    #expect(lines[2].hasPrefix("key: category, 12 features (k1, k10, k11, k12, k2, …)"))
    #expect(lines[2].hasSuffix("; each value is different, as in identifiers: consider leaving it out"))
    #expect(lines[3].hasSuffix("; 12 missing; no values: it tells nothing"))
    #expect(lines[4] == "x: number, missing → 49.0, marked by a feature; 1 missing")
    #expect(try preprocessor.inputs(of: table).scalars().allSatisfy(\.isFinite))
  }

  @Test func whatDoesNotFitIsRefused() throws {
    var preprocessor = TablePreprocessor()
    #expect(throws: TableError.self) { try preprocessor.inputs(of: Self.table) }
    #expect(throws: TableError.self) { try preprocessor.adapt(to: DataFrame([])) }
    #expect(throws: TableError.self) { try preprocessor.adapt(to: Self.table, rows: []) }
    for treatments: [String: TablePreprocessor.Treatment] in [
      ["x": .number()], ["age": .category()], ["city": .category(maximum: 0)], ["born": .date([])],
      ["born": .date([.day, .day])], ["age": .number(missing: .constant(.nan))],
    ] {
      var wrong = TablePreprocessor(treatments: treatments)
      #expect(throws: TableError.self, "\(treatments)") { try wrong.adapt(to: Self.table) }
    }
    #expect(throws: TableError.self) { try preprocessor.adapt(to: DataFrame([.init("x", numbers: [1e300, nil])])) }
    try preprocessor.adapt(to: Self.table)
    #expect(throws: TableError.missingColumn("city", found: ["age", "born"])) {
      try preprocessor.inputs(of: Self.table.dropping(["city"]))
    }
    let text = DataFrame([.init("age", categories: ["x"]), .init("city", categories: ["x"]), Self.table["born"].first])
    #expect(throws: TableError.kind(column: "age", expected: .number, found: .category)) {
      try preprocessor.inputs(of: text)
    }
  }

  @Test func aRowOutOfRangeIsNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var preprocessor = TablePreprocessor()
      try preprocessor.adapt(to: DataFrame([.init("x", numbers: [1, 2])]), rows: [0, 2])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("there is no row 2 among 2"), "\(text)")
  }

  /// Without column names, the order counts.
  @Test func unnamedColumnsAreTakenInOrder() throws {
    let columns: [DataFrame.Column] = [.init("1", numbers: [1, 2]), .init("2", numbers: [3, 5])]
    var preprocessor = TablePreprocessor()
    try preprocessor.adapt(to: DataFrame(columns, rowCount: 2, isNamed: false))
    let other = DataFrame([.init("a", numbers: [7]), .init("b", numbers: [8])])
    #expect(try preprocessor.inputs(of: other).scalars() == [7, 8])
    #expect(throws: TableError.columnCount(expected: 2, found: 1)) {
      try preprocessor.inputs(of: other.dropping(["a"]))
    }
  }
}

extension DataFrame.Column {
  /// The first row alone.
  fileprivate var first: Self { rows(at: [0]) }
}
