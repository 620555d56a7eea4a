import HostSystem
import Files
import TestSupport
import Testing

@testable import Datasets

@Suite(.serialized) struct DownloadTests {
  let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  func download(_ url: String, _ file: String, limit: Int = 200_000, digest: String? = nil) -> Download {
    Download(url: url, file: file, limit: limit, sha256: digest ?? SHA256.digest(bytes), timeout: 300)
  }

  func reason(_ download: Download) -> String {
    do { try download.run() } catch { return "\(error)" }
    return "none"
  }

  @Test func aFileArrivesWhole() throws {
    let folder = try TemporaryFolder()
    try folder.write(bytes, "a")
    guard let server = try LocalServer(folder.path) else { return }
    try download(server.url + "/a", folder("new/deep/b")).run()
    #expect(try FileReader.read(folder("new/deep/b"), limit: 1 << 20) == bytes)
    #expect(try Folder.names(in: folder("new/deep")) == ["b"])
  }

  @Test func aFaultyDownloadLeavesNothing() throws {
    let served = try TemporaryFolder()
    try served.write(bytes, "a")
    let folder = try TemporaryFolder()
    guard let server = try LocalServer(served.path) else { return }
    #expect(throws: DataError.checksum(file: folder("b"))) {
      try download(server.url + "/a", folder("b"), digest: String(repeating: "0", count: 64)).run()
    }
    #expect(reason(download(server.url + "/a", folder("b"), limit: 99_999)).contains("put the file at \(folder("b"))"))
    let missing = reason(download(server.url + "/none", folder("b")))
    #expect(missing.contains("404") && missing.contains(server.url + "/none"))
    #expect(try Folder.names(in: folder.path) == [])
  }

  @Test func aFileOfUnknownLengthIsBoundedToo() throws {
    // Sent without a length, so that only our own limit can stop it.
    let folder = try TemporaryFolder()
    guard let server = try LocalServer(folder.path, .endless) else { return }
    #expect(reason(download(server.url + "/a", folder("b"), limit: 1_000_000)).contains("more than the 1000000 bytes"))
    #expect(try Folder.names(in: folder.path).filter { $0 != "server.py" } == [])
  }

  @Test func anInterruptedDownloadBeginsAgain() throws {
    let served = try TemporaryFolder()
    let folder = try TemporaryFolder()
    guard let broken = try LocalServer(served.path, .cutShort) else { return }
    #expect(reason(download(broken.url + "/a", folder("b"))).hasPrefix("cannot download"))
    #expect(try Folder.names(in: folder.path) == [])
    try served.write(bytes, "a")
    guard let server = try LocalServer(served.path) else { return }
    try download(server.url + "/a", folder("b")).run()
    #expect(try FileReader.read(folder("b"), limit: 1 << 20) == bytes)
    #expect(try Folder.names(in: folder.path) == ["b"])
  }

  @Test func nobodyAnswers() throws {
    let folder = try TemporaryFolder()
    let words = reason(download("http://127.0.0.1:9/a", folder("b")))
    #expect(words.hasPrefix("cannot download http://127.0.0.1:9/a: ") && words.contains(folder("b")))
    var slow = download("http://127.0.0.1:9/a", folder("b"))
    slow.program = "no-such-program-here"
    #expect(reason(slow).contains("the program no-such-program-here is not installed"))
    #expect(try Folder.names(in: folder.path) == [])
  }

  @Test(arguments: [
    "http://example.com/a", "ftp://example.com/a", "file:///etc/passwd", "http://127.0.0.1@example.com/a",
    "http://127.0.0.1:80@example.com/a", "http://localhost.example.com/", "https://", "", "-o/tmp/x",
    "https://example.com/a b", "https://example.com/\n",
  ])
  func onlyHttpsAndThisMachine(url: String) throws {
    let folder = try TemporaryFolder()
    var refused = download(url, folder("b"))
    refused.program = "/bin/true"
    #expect(reason(refused).hasPrefix("cannot download"))
    #expect(throws: DataError.self) { try refused.scheme() }
  }

  @Test func missingFilesAreFetchedOthersKept() throws {
    let served = try TemporaryFolder()
    try ImageTests.write(served)
    let folder = try TemporaryFolder()
    guard let server = try LocalServer(served.path) else { return }
    let names = [
      "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ]
    let parts = try names.map { name in
      let bytes = try FileReader.read(served(name), limit: 1000)
      return IDXImages.Part(name: name, bytes: bytes.count, sha256: SHA256.digest(bytes))
    }
    let files = IDXImages(
      trainImages: parts[0], trainLabels: parts[1], testImages: parts[2], testLabels: parts[3],
      classNames: MNIST.classNames, baseURL: "https://unused.invalid", environmentVariable: "NN_UNSET_FOR_TESTS")
    try folder.write(IDXTests.file(0x08, [3], [7, 7, 7]), "train-labels-idx1-ubyte.gz")
    let data = try files.load(from: folder.path, download: true, baseURL: server.url + "/")
    #expect(try data.train.targets.scalars(as: Int32.self) == [7, 7, 7])
    #expect(try data.test.targets.scalars(as: Int32.self) == [0, 1, 9])
    #expect(try Folder.names(in: folder.path).count == 4)
  }

  @Test func theEnvironmentNamesAnotherPlace() throws {
    // HOME is always set, to something that is not a URL.
    guard let home = environment("HOME") else { return }
    let folder = try TemporaryFolder()
    let part = IDXImages.Part(name: "a", bytes: 1, sha256: "")
    let files = IDXImages(
      trainImages: part, trainLabels: part, testImages: part, testLabels: part, classNames: [],
      baseURL: "https://unused.invalid", environmentVariable: "HOME")
    do {
      _ = try files.load(from: folder.path, download: true, baseURL: nil)
      Issue.record("it was downloaded")
    } catch DataError.download(let url, _) { #expect(url == home + "/a") }
  }

  @Test func thePublishedAddressesAreFit() throws {
    for files in [MNIST.files, FashionMNIST.files] {
      for part in files.parts {
        #expect(part.sha256.count == 64)
        #expect(try download(files.baseURL + "/" + part.name, "x").scheme() == "https")
      }
    }
  }
}

@Suite(.serialized) struct DownloadedFileTests {
  @Test func itIsDownloadedOnce() throws {
    let served = try TemporaryFolder(), folder = try TemporaryFolder()
    try served.write(Array("abc".utf8), "a")
    guard let server = try LocalServer(served.path) else { return }
    func fetch(_ digest: String) throws -> String {
      try DownloadedFile.path(folder("b"), from: server.url + "/a", sha256: digest, limit: 10)
    }
    // The digest of "abc" in FIPS 180-2.
    let digest = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
    #expect(throws: DataError.self) { try fetch(String(digest.dropLast())) }
    #expect(try Folder.names(in: folder.path) == [])
    #expect(try fetch(digest) == folder("b"))
    // A second call does not use the network.
    try served.write(Array("abcd".utf8), "a")
    #expect(try FileReader.read(try fetch(digest), limit: 10) == Array("abc".utf8))
    try folder.write(Array("abd".utf8), "b")
    let error = #expect(throws: DataError.self) { try fetch(digest) }
    #expect("\(error, default: "")".contains("expected contents with the SHA-256 digest ba7816bf"))
  }
}
