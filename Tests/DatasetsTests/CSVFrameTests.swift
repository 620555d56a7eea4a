import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

/// Tables with columns of different kinds.
@Suite struct CSVFrameTests {
  static let people = """
    id,age,city,born,score
    1,31,Kyiv,1990-01-02,2.5
    2,NA,"Lima, Peru",1985-07-14T12:30:00+02:00,-1e3
    3,58,?,,nan
    4,44,Kyiv,2001-12-31 23:59:59.5,7
    5,19,Oslo,1970-01-01,0

    """

  func frame(_ text: String, _ set: (inout CSV.FrameOptions) -> Void = { _ in }) throws -> DataFrame {
    let folder = try TemporaryFolder()
    var options = CSV.FrameOptions()
    set(&options)
    return try CSV.frame(try folder.write(text, "t.csv"), options: options)
  }

  /// The error without the file name.
  func fault(_ text: String, _ set: (inout CSV.FrameOptions) -> Void = { _ in }) -> String {
    do {
      _ = try frame(text, set)
      return "none"
    } catch {
      let words = "\(error)"
      return words.firstRange(of: "t.csv").map { String(words[$0.upperBound...]) } ?? words
    }
  }

  /// pandas 3.0: `read_csv(…, na_values="?")`, `std(ddof=0)`, `quantile`, and `to_datetime(format="ISO8601", utc=True)`.
  @Test func valuesAndStatisticsAreThoseOfPandas() throws {
    let frame = try frame(Self.people)
    #expect(frame.columnNames == ["id", "age", "city", "born", "score"] && frame.rowCount == 5 && frame.isNamed)
    #expect(frame.columns.map(\.kind) == [.number, .number, .category, .date, .number])
    #expect(frame.columns.map(\.missingCount) == [0, 1, 1, 1, 1])
    let age = frame["age"], statistics = age.statistics
    #expect(age.missingMask == [false, true, false, false, false])
    #expect(statistics.count == 4 && statistics.mean == 38 && statistics.minimum == 19 && statistics.maximum == 58)
    #expect(abs((statistics.standardDeviation ?? 0) - 14.543039572248986) < 1e-12)
    #expect(age.quantile(0.5) == 37.5 && abs((age.quantile(0.3) ?? 0) - 29.8) < 1e-12)
    #expect(abs((frame["score"].statistics.standardDeviation ?? 0) - 434.3911507788804) < 1e-9)
    #expect(
      (0..<5).map { frame["born"].number(at: $0) } == [631_238_400, 490_185_000, nil, 1_009_843_199.5, 0])
    #expect(frame["city"].categories == ["Kyiv", "Lima, Peru", "Oslo"])
    #expect((0..<5).map { frame["city"].category(at: $0) } == ["Kyiv", "Lima, Peru", nil, "Kyiv", "Oslo"])
    #expect(frame["city"].statistics.categoryCounts.map(\.count) == [2, 1, 1])
  }

  @Test func columnsAreChosenByNameAndPosition() throws {
    func names(_ set: (inout CSV.FrameOptions) -> Void) throws -> [String] { try frame(Self.people, set).columnNames }
    #expect(try names { $0.columns = [.named("city"), .index(1)] } == ["age", "city"])
    #expect(try names { $0.dropped = [.first, .last, .named("born")] } == ["age", "city"])
    #expect(
      fault(Self.people) { $0.columns = [.named("town")] }
        == ", line 1: expected a column \"town\", found \"id\", \"age\", \"city\", \"born\", \"score\"")
    #expect(fault(Self.people) { $0.dropped = [.index(7)] } == ", line 1: expected a column 8, found 5 columns")
    #expect(fault("1,2\n3,4\n") { $0.dropped = [.first, .last] }.contains("none of 2 columns is chosen"))
    #expect(try frame("a,a,,a.1\n1,2,3,4\n").columnNames == ["a", "a.2", "column 3", "a.1"])
    let chosen = try frame("a,a,,a.1\n1,2,3,4\n") { $0.columns = [.named("a.2"), .named("column 3")] }
    #expect(chosen.columnNames == ["a.2", "column 3"] && chosen["a.2"].number(at: 0) == 2)
    #expect(try frame(",a\n7,1\n8,2\n").columnNames == ["a"])
  }

  @Test func kindsAndMissingTextsCanBeStated() throws {
    let text = "zip,x\n01234,-999\n10115,2\n"
    let plain = try frame(text)
    #expect(plain["zip"].kind == .number && plain["x"].number(at: 0) == -999)
    let stated = try frame(text) {
      $0.kinds = [.named("zip"): .category]
      $0.missing = ["-999"]
    }
    #expect(stated["zip"].categories == ["01234", "10115"] && stated["x"].isMissing(at: 0))
    #expect(fault(text) { $0.kinds = [.first: .date] }.hasPrefix(", line 2: expected a date such as 2024-02-29 in"))
    #expect(fault(text) { $0.kinds = [.first: .date, .named("zip"): .number] }.contains("one kind for a column"))
    #expect(try frame("a,b\n1,x\n2,\n") { $0.missing = [] }["b"].categories == ["", "x"])
  }

  @Test func headersAreFoundOut() throws {
    #expect(try frame("5.1,red\n4.9,blue\n").columnNames == ["0", "1"])
    #expect(try !frame("5.1,red\n4.9,blue\n").isNamed)
    #expect(try frame("size,color\n4.9,blue\n").columnNames == ["size", "color"])
    #expect(try frame("red,small\nblue,large\n").rowCount == 1)
    #expect(try frame("red,small\nblue,large\n") { $0.header = false }.rowCount == 2)
    #expect(try frame("2024-01-01,x\n2024-01-02,y\n").rowCount == 2)
    #expect(try frame("5,?\n6,7\n").rowCount == 2)
    #expect(fault("5,x\n6,7\n").hasPrefix(", line 1: expected a header without numbers"))
  }

  /// One text among many numbers is a mistake; among few, it shows that the column has categories.
  @Test func aTextAmongNumbersNamesItsPlace() throws {
    let rows = (0..<20).map { $0 == 7 ? "x1,a\n" : "\($0),a\n" }.joined()
    #expect(fault("n,k\n" + rows) == ", line 9: expected a number in column 1 (n), found \"x1\"")
    #expect(try frame("n,k\n" + rows) { $0.kinds = [.first: .category] }["n"].categories.count == 20)
    #expect(try frame("n,k\n" + rows) { $0.missing = ["x1"] }["n"].missingCount == 1)
    #expect(try frame("n\n1\n2A\n").columns[0].kind == .category)
    #expect(fault("n\n1\n1e99\n").hasPrefix(", line 3: expected a number within float32 in column 1 (n)"))
    #expect(fault("a,b\n1,2\n3\n") == ", line 3: expected 2 columns, found 1")
    #expect(try frame("a,b\n,\nNA,null\n").columns.allSatisfy { $0.kind == .number && $0.missingCount == 2 })
  }

  /// Days since 1970-01-01 by Python's `datetime`.
  @Test func datesHaveTheFormsOfISO8601() {
    func seconds(_ text: String) -> Double? { Array(text.utf8).withUnsafeBufferPointer { ISO8601.seconds($0) } }
    for (text, days) in [
      ("0001-01-01", -719_162), ("9999-12-31", 2_932_896), ("1900-02-28", -25_509), ("2000-02-29", 11_016),
      ("1600-03-01", -135_080), ("0400-02-29", -573_372),
    ] {
      #expect(seconds(text) == Double(days) * 86_400, "\(text)")
      let date = CalendarDate(daysSince1970: days)
      #expect(CalendarDate.text(ofSeconds: Double(days) * 86_400) == text && date.daysSince1970 == days)
    }
    let noon = 43_200.0
    for text in [
      "1970-01-01T12:00", "1970-01-01 12:00:00", "1970-01-01t12:00:00.000z", "1970-01-01T13:00:00+01",
      "1970-01-01T13:30+0130", "1970-01-01T11:00:00,0-01:00",
    ] { #expect(seconds(text) == noon, "\(text)") }
    for text in [
      "2023-02-29", "2024-13-01", "2024-00-01", "2024-1-1", "24-01-01", "2024-01-01T24:00", "2024-01-01T1:00",
      "2024-01-01T10:60", "2024-01-01T10:00:61", "2024-01-01T10:00:00.", "2024-01-01T10:00+1", "2024-01-01T10:00Zx",
      "2024-01-01T", "0000-01-01", "20240101", "2024/01/01", "-024-01-01",
    ] { #expect(seconds(text) == nil, "\(text)") }
    for day in stride(from: -719_162, through: 2_932_896, by: 97) {
      #expect(CalendarDate(daysSince1970: day).daysSince1970 == day)
    }
  }

  /// Columns of 4,000 numbers and texts: the memory is that of the values.
  @Test func aWideTableIsRead() throws {
    let names = (0..<4000).map { "c\($0)" }.joined(separator: ",")
    let row = (0..<4000).map { $0 % 2 == 0 ? "\($0)" : "t\($0)" }.joined(separator: ",")
    let frame = try frame(names + "\n" + row + "\n" + row + "\n")
    #expect(frame.columns.count == 4000 && frame["c3998"].number(at: 1) == 3998)
    #expect(frame["c3999"].category(at: 1) == "t3999")
  }

  /// As shipped, iris.csv and others begin with counts and class names.
  @Test func theFirstLineOfScikitLearnGivesTheClasses() throws {
    let folder = try TemporaryFolder()
    let text = "3,2,virginica,setosa\n5.1,3.5,0\n4.9,3,1\n4.7,3.25,1\n"
    let data = try CSV.load(try folder.write(text, "t.csv"))
    #expect(data.classNames == ["virginica", "setosa"] && data.featureNames == ["0", "1"])
    #expect(try data.data.targets.scalars(as: Int32.self) == [0, 1, 1])
    #expect(try frame(text).rowCount == 3)
    func refusal(_ text: String) throws -> String {
      do {
        _ = try CSV.load(try folder.write(text, "u.csv"))
        return "none"
      } catch { return "\(error)" }
    }
    #expect(try refusal(text + "1,2,0\n").contains("expected 3 rows, as the first line says, found 4"))
    #expect(try refusal("1,2,a,b\n1,2,7\n").contains("line 2: expected a class from 0 to 1"))
  }

  /// Counts, means, and standard deviations by pandas.
  @Test(.enabled(if: SharedData.models("csv") != nil))
  func filesOfScikitLearnAreRead() throws {
    let folder = try #require(SharedData.models("csv"))
    func check(_ name: String, _ shape: [Int], mean: Double, deviation: Double, classes: [Int]) throws {
      let frame = try CSV.frame(Folder.join(folder, name))
      #expect([frame.rowCount, frame.columns.count] == shape, "\(name)")
      let first = frame.columns[0].statistics
      #expect(abs((first.mean ?? 0) - mean) < 1e-5 * mean, "\(name)")
      #expect(abs((first.standardDeviation ?? 0) - deviation) < 1e-5 * deviation, "\(name)")
      if classes.isEmpty { return }
      let labeled = try CSV.load(Folder.join(folder, name))
      let targets = try labeled.data.targets.scalars(as: Int32.self)
      #expect(classes.indices.map { kind in targets.count { $0 == kind } } == classes, "\(name)")
    }
    try check(
      "iris.csv", [150, 5], mean: 5.843333333333334, deviation: 0.8253012917851409, classes: [50, 50, 50])
    try check(
      "wine_data.csv", [178, 14], mean: 13.00061797752809, deviation: 0.8095429145285168, classes: [59, 71, 48])
    try check(
      "breast_cancer.csv", [569, 31], mean: 14.127291739894552, deviation: 3.520950760711062, classes: [212, 357])
    try check("diabetes.csv", [442, 11], mean: 48.51809954751131, deviation: 13.094190207980025, classes: [])
    let digits = try CSV.load(Folder.join(folder, "digits.csv.gz"))
    #expect(digits.data.inputs.shape == [1797, 64] && digits.classNames == (0..<10).map(String.init))
    #expect(try digits.data.inputs.sum().item() == 561_718)
  }

  /// A table cut at any byte is read or rejected with one line.
  @Test func everyTruncationIsReadOrRefused() throws {
    for length in Self.people.utf8.indices {
      let text = String(Self.people[..<length])
      guard let frame = try? frame(text) else { continue }
      #expect(frame.columns.allSatisfy { $0.count == frame.rowCount })
    }
  }
}
