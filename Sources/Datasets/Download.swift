#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import Files

/// One file fetched by the program `curl`, checked, and put in its place by a rename: a broken download leaves nothing.
///
/// Only `https` is used, and `http` where the host is this machine.
struct Download {
  let url: String
  /// Where the file ends up; its folder is made if it is missing.
  let file: String
  /// The most bytes to take.
  let limit: Int
  /// What the file's digest must be, in hexadecimal.
  let sha256: String
  /// Seconds that the whole transfer may take.
  var timeout = 900
  /// The program; found on the `PATH` unless it holds a slash.
  var program = "curl"

  func run() throws(DataError) {
    let scheme = try self.scheme()
    let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
    do { try Folder.create(folder.isEmpty ? "/" : folder) } catch { throw DataError(error) }
    let writer: FileWriter
    do { writer = try FileWriter(file) } catch { throw DataError(error) }
    var hash = SHA256()
    var size = 0
    let child: ChildProcess
    do { child = try ChildProcess(program, arguments(scheme)) } catch {
      throw failed(error.isMissing ? "the program \(program) is not installed" : error.reason)
    }
    let deadline = ChildProcess.now() + timeout + 5
    while true {
      let piece: [UInt8]
      do { piece = try child.readOutput(deadline: deadline) } catch { throw failed(error.reason) }
      if piece.isEmpty { break }
      size += piece.count
      if size > limit { throw failed("the file has more than the \(limit) bytes that were expected") }
      hash.update(piece)
      do { try writer.write(piece) } catch { throw DataError(error) }
    }
    let status = child.wait()
    if status != 0 {
      let words = child.errorText()
      throw failed(words.isEmpty ? "\(program) ended with status \(status)" : words)
    }
    if hash.finish() != sha256 { throw .checksum(file: file) }
    do { try writer.commit() } catch { throw DataError(error) }
  }

  private func failed(_ reason: String) -> DataError {
    .download(url: url, reason: "\(reason); put the file at \(file) by hand, or try again")
  }

  private func arguments(_ scheme: String) -> [String] {
    [
      "--fail", "--silent", "--show-error", "--location", "--max-redirs", "5", "--proto", "=\(scheme)",
      "--proto-redir", "=\(scheme)", "--connect-timeout", "20", "--max-time", "\(timeout)", "--max-filesize",
      "\(limit)", "--url", url,
    ]
  }

  /// `https`, or `http` for this machine; everything else is refused before a program is started.
  func scheme() throws(DataError) -> String {
    if url.utf8.contains(where: { $0 <= 32 || $0 >= 127 }) { throw .download(url: url, reason: "it is no URL") }
    if url.hasPrefix("https://") && url.utf8.count > 8 { return "https" }
    guard url.hasPrefix("http://") else {
      throw .download(url: url, reason: "only https is used (and http on this machine)")
    }
    let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    // A user part, as in http://127.0.0.1@elsewhere, would make another host of it.
    let port = authority.lastIndex(of: ":").flatMap {
      authority[authority.index(after: $0)...].allSatisfy(\.isNumber) ? $0 : nil
    }
    let host = authority[..<(port ?? authority.endIndex)]
    if ["127.0.0.1", "localhost", "[::1]"].contains(String(host)) { return "http" }
    throw .download(url: url, reason: "only https is used (and http on this machine)")
  }
}

/// The value of an environment variable, if it is set and not empty.
func environment(_ name: String) -> String? {
  guard let value = getenv(name) else { return nil }
  let text = String(cString: value)
  return text.isEmpty ? nil : text
}
