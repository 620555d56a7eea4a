import Files
import FuzzReaders
import TestSupport
import Testing

/// Every seed file of the fuzzer, and every file with which it ever broke a reader, is either read or rejected.
@Suite struct CorpusTests {
  static let corpus = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fuzz/Corpus"

  @Test(arguments: FuzzReader.all.map(\.name))
  func filesAreReadOrRefused(_ name: String) throws {
    let reader = try #require(FuzzReader.all.first { $0.name == name })
    let folder = try TemporaryFolder()
    let files = try Folder.names(in: Folder.join(Self.corpus, name))
    #expect(!files.isEmpty)
    for file in files {
      let bytes = try FileReader.read(Folder.join(Self.corpus, "\(name)/\(file)"), limit: 1 << 20)
      let fault = reader.check(try folder.write(reader.contents(bytes), "file"))
      // Findings of the fuzzer have the names that it chose; all other files are valid.
      if !file.contains("-") { #expect(fault == nil, "\(name)/\(file)") }
    }
  }

  @Test func everyFolderHasAReader() throws {
    #expect(try Set(Folder.names(in: Self.corpus)) == Set(FuzzReader.all.map(\.name)))
  }
}
