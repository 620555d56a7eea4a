import Testing

@testable import NeuralNetworks

/// Tables in memory.
@Suite struct DataFrameTests {
  private static let people = DataFrame([
    .init("age", numbers: [31, nil, 58, 44, 19]),
    .init("city", categories: ["Oslo", "Lima", nil, "Oslo", "Kyiv"]),
    .init("born", secondsSince1970: [86_400, nil, 129_600, -43_200, 0]),
  ])

  @Test func columnsAndRowsAreChosen() {
    let people = Self.people
    #expect(people.rowCount == 5 && people.columnNames == ["age", "city", "born"])
    #expect(people.selecting(["born", "age"]).columnNames == ["born", "age"])
    #expect(people.dropping(["city"]).columnNames == ["age", "born"])
    let part = people.rows(at: [4, 2])
    #expect(part.rowCount == 2 && part["age"].number(at: 0) == 19 && part["city"].category(at: 0) == "Kyiv")
    #expect(part["city"].isMissing(at: 1) && part["born"].number(at: 1) == 129_600)
    #expect(people.column(named: "town") == nil)
  }

  @Test func tensorsHaveDaysAndNaN() throws {
    let numbers = try Self.people.tensor(of: ["born", "age"])
    #expect(numbers.shape == [5, 2])
    let values = try numbers.scalars()
    #expect(values[0] == 1 && values[1] == 31 && values[2].isNaN && values[4] == 1.5 && values[6] == -0.5)
    #expect(throws: TableError.kind(column: "city", expected: .number, found: .category)) {
      try Self.people.tensor()
    }
    #expect(throws: TableError.missingColumn("x", found: ["age", "city", "born"])) {
      try Self.people.tensor(of: ["x"])
    }
  }

  @Test func datasetsHaveClassesOrValues() throws {
    let whole = Self.people.rows(at: [0, 3, 4])
    let classes = try whole.dataset(inputs: ["age"], target: "city")
    #expect(try classes.targets.scalars(as: Int32.self) == [2, 2, 0] && classes.inputs.shape == [3, 1])
    let values = try whole.selecting(["age", "born"]).dataset(target: "age")
    #expect(values.targets.shape == [3, 1] && values.inputs.shape == [3, 1])
    #expect(throws: TableError.missingTarget(column: "age", row: 1)) {
      try Self.people.dataset(inputs: ["born"], target: "age")
    }
  }

  @Test func statisticsLeaveMissingValuesOut() {
    let age = Self.people["age"].statistics
    #expect(age.count == 4 && age.missingCount == 1 && age.mean == 38 && age.minimum == 19 && age.maximum == 58)
    let city = Self.people["city"].statistics
    #expect(city.categoryCounts.map(\.name) == ["Oslo", "Kyiv", "Lima"] && city.categoryCounts[0].count == 2)
    let empty = DataFrame.Column("x", numbers: [nil, nil])
    #expect(empty.statistics.mean == nil && empty.statistics.isConstant && empty.quantile(0.5) == nil)
    #expect("\(empty)" == "x: number, no values, 2 missing")
    #expect("\(Self.people["city"])" == "city: category, 3 categories (Oslo 2, Kyiv 1, Lima 1), 1 missing")
    #expect("\(Self.people["born"])" == "born: date, 1969-12-31 to 1970-01-02, 1 missing")
    #expect("\(Self.people["age"])" == "age: number, 19.0 to 58.0, mean 38.0, 1 missing")
  }
}
