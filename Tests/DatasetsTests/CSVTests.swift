import Files
import TestSupport
import Testing

@testable import Datasets

@Suite struct CSVTests {
  func load(
    _ text: String, label: CSV.Column = .last, target: CSV.Target = .classes(), separator: Character? = nil,
    header: Bool? = nil, quote: Character = "\""
  ) throws -> CSVDataset {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, "t.csv")
    return try CSV.load(path, label: label, target: target, separator: separator, header: header, quote: quote)
  }

  /// A character that no table can be read with is named, not replaced.
  @Test func separatorAndQuoteAreASCII() throws {
    let text = "1,2,a\n3,4,b\n"
    func reason(_ separator: Character?, _ quote: Character = "\"") -> String {
      do {
        _ = try load(text, separator: separator, quote: quote)
        return "loaded"
      } catch { return "\(error)" }
    }
    #expect(reason(";").contains("columns") || reason(";").contains("feature"))
    #expect(reason(",", "'") == "loaded" && reason(nil) == "loaded")
    for separator: Character in ["；", "é", "→", "\n", "\r\n"] {
      let found = reason(separator)
      #expect(found.contains("t.csv: expected an ASCII character") && found.contains("as separator"), "\(found)")
    }
    for quote: Character in ["“", "\n"] {
      let found = reason(nil, quote)
      #expect(found.contains("t.csv: expected an ASCII character") && found.contains("as quote"), "\(found)")
    }
    #expect(reason("'", "'").contains("different characters"))
    let folder = try TemporaryFolder()
    let path = try folder.write("1,2\n", "u.csv")
    #expect(throws: DataError.self) { try CSV.features(path, separator: "，") }
    #expect(throws: DataError.self) { try CSV.features(path, quote: "»") }
  }

  /// The error without the file name.
  func fault(_ text: String, label: CSV.Column = .last, target: CSV.Target = .classes(), header: Bool? = nil) -> String
  {
    do {
      _ = try load(text, label: label, target: target, header: header)
      return "none"
    } catch let error as DataError {
      let words = error.description
      return String(words[words.firstRange(of: "t.csv")!.upperBound...])
    } catch {
      return "another error: \(error)"
    }
  }

  @Test(arguments: [",", ";", "\t"])
  func separatorsAreFoundOut(separator: String) throws {
    let text = "a,b,kind\n1,2.5,yes\n-3e2,.5,no\n".split(separator: ",").joined(separator: separator)
    let data = try load(text)
    #expect(data.featureNames == ["a", "b"])
    #expect(data.classNames == ["no", "yes"])
    #expect(data.data.inputs.shape == [2, 2])
    #expect(try data.data.inputs.scalars() == [1, 2.5, -300, 0.5])
    #expect(try data.data.targets.scalars(as: Int32.self) == [1, 0])
  }

  /// The commas are in names alone.
  @Test func aSeparatorIsNotFoundInQuotes() throws {
    let data = try load("\"width, in, cm\"; \"the \"\"a, b, c\"\"\";kind\n1;2;x\n3;4;y\n")
    #expect(data.featureNames == ["width, in, cm", "the \"a, b, c\""] && data.classNames == ["x", "y"])
    #expect(try data.data.inputs.scalars() == [1, 2, 3, 4])
    let inches = try load("5\" disk,a;b,kind\n1,2,x\n3,4,y\n")
    #expect(inches.featureNames.count == 2)
  }

  @Test(arguments: ["\n", "\r\n", "\r"], [true, false])
  func lineEndsAndTheLastOneDoNotMatter(end: String, atTheEnd: Bool) throws {
    let data = try load("\u{FEFF}1,0" + end + end + "2,1" + end + "3,0" + (atTheEnd ? end : ""))
    #expect(try data.data.inputs.scalars() == [1, 2, 3])
    #expect(data.featureNames == ["0"])
  }

  @Test func quotesHoldSeparatorsQuotesAndLines() throws {
    let data = try load("\"x,1\",\"the \"\"kind\"\"\"\n 1 , \"a\nb\" \n\"2\",\"c\"\"\"\n")
    #expect(data.featureNames == ["x,1"])
    #expect(data.classNames == ["a\nb", "c\""])
    #expect(try data.data.inputs.scalars() == [1, 2])
  }

  @Test func labelsStandWhereTheyAreSaidTo() throws {
    let text = "k,a,b\n1,2,3\n0,5,6\n"
    for label in [CSV.Column.first, .index(0), .named("k")] {
      let data = try load(text, label: label)
      #expect(data.featureNames == ["a", "b"])
      #expect(try data.data.inputs.scalars() == [2, 3, 5, 6])
      #expect(try data.data.targets.scalars(as: Int32.self) == [1, 0])
    }
    #expect(try load(text, label: .named("a")).classNames == ["2", "5"])
  }

  @Test func integerLabelsAreSortedAsNumbers() throws {
    let data = try load("1,10\n1,9\n1,-1\n1,9.0\n")
    #expect(data.classNames == ["-1", "9", "10"])
    #expect(try data.data.targets.scalars(as: Int32.self) == [2, 1, 0, 1])
  }

  @Test func givenClassesFixTheOrder() throws {
    let names = CSV.Target.classes(names: ["red", "green", "blue"])
    #expect(try load("1,blue\n2,red\n", target: names).data.targets.scalars(as: Int32.self) == [2, 0])
    #expect(
      fault("1,blue\n2,pink\n", target: names)
        == ", line 2: expected one of the classes red, green, blue, found \"pink\"")
  }

  @Test func valuesArePredictedFromAColumn() throws {
    let data = try load("a,price\n1,2.5\n2,-1e3\n", target: .value)
    #expect(data.data.targets.shape == [2, 1])
    #expect(try data.data.targets.scalars() == [2.5, -1000])
    #expect(data.classNames.isEmpty)
    #expect(fault("1,2\n1,x\n", target: .value) == ", line 2: expected a number as label, found \"x\"")
  }

  @Test func headersAreFoundOut() throws {
    #expect(try load("0,1,label\n1,2,3\n4,5,6\n").data.count == 2)
    #expect(try load("1,2,cat\n3,4,dog\n").data.count == 2)
    #expect(try load("1,2,3\n3,4,5\n", header: true).data.count == 1)
    #expect(
      fault("a,2,x\n1,2,3\n")
        == ", line 1: expected a header without numbers, or numbers alone (or to be told which it is), "
        + "found both (column 1 is \"a\")")
    #expect(fault("a,b\n1,2\n", header: false) == ", line 1: expected a number in column 1, found \"a\"")
  }

  @Test func faultsSayTheLine() {
    #expect(fault("") == ": expected lines of numbers, found an empty file")
    #expect(fault("\n\n") == ": expected lines of numbers, found an empty file")
    #expect(fault("a,b\n") == ": expected lines of numbers, found a header alone")
    #expect(fault("a,b\n1,2\n\n3\n") == ", line 4: expected 2 columns, found 1")
    #expect(fault("1,2\n1,2,3\n") == ", line 2: expected 2 columns, found 3")
    #expect(fault("1,2\n,3\n") == ", line 2: expected a number in column 1, found an empty field")
    #expect(fault("1,2\n1,\n") == ", line 2: expected a label, found an empty field")
    #expect(fault("1,2\n\"1\n\n,3\n") == ", line 2: expected a closing quote, found the end of the file")
    #expect(fault("1,2\n\"1\"x,3\n") == ", line 2: expected a separator after a closing quote, found more text")
    #expect(fault("1,2\n\"\n1\"\"\",2\n1x,2") == ", line 2: expected a number in column 1, found \"\\n1\"\"")
    #expect(fault("5\n") == ", line 1: expected at least one feature next to the label, found 1 column")
    #expect(fault("1,2\n", label: .index(2)) == ", line 1: expected a label in column 3, found 2 columns")
    #expect(fault("a,b\n1,2\n", label: .named("c")) == ", line 1: expected a column \"c\", found \"a\", \"b\"")
    #expect(fault("1,2\n1,2.5\n").hasPrefix(", line 2: expected a class"))
  }

  @Test(arguments: [
    "nan", "NaN", "inf", "-Infinity", "0x10", "1e", "1e+", "--1", "1.2.3", "1,5".replacing(",", with: "_"), "1e40", ".",
    "-", "1 2", "１",
  ])
  func whatIsNoNumberIsRefused(word: String) {
    #expect(fault("1,a\n\(word),b\n").hasPrefix(", line 2: expected a number"))
  }

  @Test func everyTruncationIsReadOrRefused() throws {
    let bytes = Array("x,y,kind\r\n1.5,\"2\",a\r\n3,4,\"b,\"\"\"\r\n".utf8)
    for length in bytes.indices {
      let text = Array(bytes[..<length])
      guard
        var table = try? CSVTable(
          { DataStream(bytes: text, path: "t") }, label: .last, labels: .knownClasses, separator: nil, header: nil,
          quote: "\"")
      else { continue }
      do { try table.readAll() } catch { continue }
      #expect(table.values.count == table.rowCount * table.featureNames.count)
    }
  }

  @Test func numbersAreRoundedAsTheLanguageDoes() {
    let words = [
      "0", "-0", "1", "123456789012345", "1234567890123456789", "0.1", "1e22", "1e23", "1.7976931348623157e308",
      "5e-324",
      "0.000000000000000000000000000001", "9007199254740993", "1e-22", "3.14159265358979323846", "+7", "00012", "1E5",
      "123456789012345678901234567890", "2.2250738585072011e-308", "0.1e-5",
    ]
    for word in words {
      let value = Array(word.utf8).withUnsafeBufferPointer { DecimalNumber.parse($0) }
      #expect(value?.bitPattern == Double(word)?.bitPattern, "\(word)")
    }
    #expect(Array("1e999".utf8).withUnsafeBufferPointer { DecimalNumber.parse($0) } == .infinity)
  }

  @Test func tablesWithoutLabels() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a,b\n1,2\n3,4\n", "t.csv")
    let table = try CSV.features(path)
    #expect(table.names == ["a", "b"])
    #expect(table.values.shape == [2, 2])
  }

  @Test(.enabled(if: SharedData.folder != nil)) func realDigits() throws {
    let folder = try #require(SharedData.path("digits"))
    let data = try CSV.load(Folder.join(folder, "digits.csv.gz"))
    #expect(data.data.inputs.shape == [1797, 64])
    #expect(data.classNames == (0...9).map(String.init))
    let values = try data.data.inputs.scalars()
    #expect(values.min() == 0 && values.max() == 16)
    #expect(Array(values[..<8]) == [0, 0, 5, 13, 9, 1, 0, 0])
  }
}
