import ZlibCompression
import Files
import TestSupport
import Testing

@testable import Datasets

/// The contents of tables from other programs: headers, labels of every kind, and malicious texts.
@Suite struct CSVTextTests {
  func load(_ bytes: [UInt8], header: Bool? = nil, label: CSV.Column = .last) throws -> CSVDataset {
    let folder = try TemporaryFolder()
    return try CSV.load(folder.write(bytes, "t.csv"), label: label, header: header)
  }

  func load(_ text: String, header: Bool? = nil, label: CSV.Column = .last) throws -> CSVDataset {
    try load(Array(text.utf8), header: header, label: label)
  }

  func fault(_ bytes: [UInt8]) -> String {
    do {
      _ = try load(bytes)
      return "none"
    } catch { return "\(error)" }
  }

  @Test func labelsThatAreNotUTF8AreRefusedWithTheirLine() {
    let lines = ["caf\u{E9}", "caf\u{E8}", "caf\u{FC}"].map { "1," + $0 + "\n" }.joined()
    let latin1 = Array("a,label\n".utf8) + lines.unicodeScalars.map { UInt8($0.value) }
    #expect(fault(latin1).contains("line 2: expected text in UTF-8"))
    #expect(fault(Array("1,x\n2,y\n3,".utf8) + [0xFF, 0x0A]).contains("line 3: expected text in UTF-8"))
    #expect(fault(Array("a".utf8) + [0xE9] + Array(",label\n1,2\n".utf8)).contains("line 1: expected text in UTF-8"))
  }

  /// As in pandas, where `"é" == "e\u0301"` is false.
  @Test func labelsAreToldApartByTheirBytes() throws {
    let data = try load("1,é\n2,e\u{301}\n3,é\n")
    #expect(data.classNames.map { Array($0.utf8) } == [Array("e\u{301}".utf8), Array("é".utf8)])
    #expect(try data.data.targets.scalars(as: Int32.self) == [1, 0, 1])
    let folder = try TemporaryFolder()
    let again = try CSV.load(
      folder.write("1,é\n2,e\u{301}\n", "t.csv"), target: .classes(names: ["é", "e\u{301}"]))
    #expect(try again.data.targets.scalars(as: Int32.self) == [0, 1])
  }

  @Test func wholeNumbersOfAnySizeAreClassesOfTheirOwn() throws {
    let labels = [
      "9007199254740993", "9007199254740992", "18446744073709551617", "18446744073709551616", "-9007199254740993",
      "007", "7.0", "70e-1", "1e3", "-0",
    ]
    let data = try load(labels.map { "1,\($0)\n" }.joined())
    #expect(
      data.classNames == [
        "-9007199254740993", "0", "7", "1000", "9007199254740992", "9007199254740993", "18446744073709551616",
        "18446744073709551617",
      ])
    #expect(try data.data.targets.scalars(as: Int32.self) == [5, 4, 7, 6, 0, 2, 2, 2, 3, 1])
  }

  /// The output of `pandas.DataFrame({"a": [1., 3, 1], "b": [2., 4, 2.5], "label": list("xyx")}).to_csv()`, and of
  /// `write.csv` of R.
  @Test(arguments: [
    ",a,b,label\n0,1.0,2.0,x\n1,3.0,4.0,y\n2,1.0,2.5,x\n",
    "\"\",\"a\",\"b\",\"label\"\n\"first\",1,2,\"x\"\n\"second\",3,4,\"y\"\n\"third\",1,2.5,\"x\"\n",
  ])
  func aFirstColumnWithoutANameIsLeftOut(text: String) throws {
    let data = try load(text)
    #expect(data.featureNames == ["a", "b"] && data.classNames == ["x", "y"])
    #expect(try data.data.inputs.scalars() == [1, 2, 3, 4, 1, 2.5])
    let named = try load(text, label: .named("label"))
    #expect(named.featureNames == ["a", "b"])
    // An unnamed column elsewhere is an ordinary column.
    #expect(try load("a,,label\n1,2,x\n").featureNames == ["a", ""])
  }

  @Test func aHeaderOfNumbersHasToBeAnnounced() throws {
    let text = "2019,2020,label\n1,2,x\n3,4,y\n"
    #expect(try load(text).data.count == 3)
    let data = try load(text, header: true)
    #expect(data.data.count == 2 && data.featureNames == ["2019", "2020"] && data.classNames == ["x", "y"])
  }

  /// 320 kB of combining marks on one letter: hashing them as a `String` takes 20 seconds.
  @Test func combiningMarksCostNoTime() throws {
    let marks = String(repeating: "\u{301}\u{323}", count: 80_000)
    let folder = try TemporaryFolder()
    let path = try folder.write("a\(marks)\t1\n", "t.tsv")
    let seconds = processorSeconds {
      for text in ["1,a\(marks)\n2,b\n", "a\(marks),label\n1,2\n", "a\(marks),1\n2,3\n"] {
        let words = fault(Array(text.utf8))
        #expect(words.contains("line 1") && words.utf8.count < 1000)
      }
      #expect(throws: DataError.self) { try LabeledText.load(tsv: path, vocabulary: 10, length: 4) }
    }
    #expect(seconds < 3)
    // Combining marks that occur in languages are accepted.
    #expect(try load("1,u\u{31B}\u{301}\u{323}\n2,x\n").classNames.count == 2)
  }

  /// Records are split across the chunks in which a file is read, at every byte of a record.
  @Test func recordsGoOnFromPieceToPiece() throws {
    let folder = try TemporaryFolder()
    let record = "1.5,\"a \"\"b\"\"\r\n\",\"c\"\r\n\r\n"
    for shift in 0..<record.utf8.count {
      let lead = "0,\(String(repeating: "x", count: 40 + shift)),c\r\n"
      let count = (3 * (1 << 16)) / record.utf8.count
      let text = lead + String(repeating: record, count: count)
      for bytes in [Array(text.utf8), try Compression.deflate(Array(text.utf8), .gzip)] {
        let path = try folder.write(bytes, "t.csv")
        let stream = try CSVRecords(try DataStream(path), separator: nil, quote: 0x22)
        var (records, fields, line) = (stream, [CSVRecords.Field](), 0)
        while try records.next(into: &fields) {
          line += 1
          let texts = fields.map { String(decoding: records.contents($0), as: UTF8.self) }
          if line > 1 && texts != ["1.5", "a \"b\"\r\n", "c"] {
            Issue.record("record \(line), shifted by \(shift): \(texts)")
            return
          }
          // The first record has one line; each of the others has three, including the blank one.
          if records.line != (line == 1 ? 1 : 2 + 3 * (line - 2)) {
            Issue.record("record \(line), shifted by \(shift), is on line \(records.line)")
            return
          }
        }
        #expect(line == count + 1)
      }
    }
  }
}
