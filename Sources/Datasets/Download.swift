import HostSystem
import Files

/// Downloads one file with the program `curl`, verifies it, and moves it into place by renaming it. A failed download
/// leaves nothing behind.
///
/// Only `https` is used, or `http` if the host is this machine.
struct Download {
  let url: String
  /// The destination; its folder is created if it is missing.
  let file: String
  /// The maximum size in bytes.
  let limit: Int
  /// The expected digest, in hexadecimal.
  let sha256: String
  /// The time limit for the whole transfer in seconds.
  var timeout = 900
  /// The program; looked up on the `PATH` unless it contains a slash.
  var program = "curl"

  func run() throws(DataError) {
    let scheme = try self.scheme()
    let folder = Path.parts(file).folder
    do { try Folder.create(folder.isEmpty ? "." : folder) } catch { throw DataError(error) }
    let writer: FileWriter
    do { writer = try FileWriter(file) } catch { throw DataError(error) }
    var hash = SHA256()
    var size = 0
    let child: ChildProcess
    do { child = try ChildProcess(program, arguments(scheme)) } catch {
      throw failed(error.isMissing ? "the program \(program) is not installed" : error.reason)
    }
    let deadline = monotonicSeconds() + Double(timeout + 5)
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

  /// `https`, or `http` for this machine. Everything else is rejected before a program is started.
  func scheme() throws(DataError) -> String {
    if url.utf8.contains(where: { $0 <= 32 || $0 >= 127 }) { throw .download(url: url, reason: "it is not a URL") }
    if url.hasPrefix("https://") && url.utf8.count > 8 { return "https" }
    guard url.hasPrefix("http://") else {
      throw .download(url: url, reason: "only https is used (and http on this machine)")
    }
    let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    // A user part, as in http://127.0.0.1@elsewhere, would make it a different host.
    let port = authority.lastIndex(of: ":").flatMap {
      authority[authority.index(after: $0)...].allSatisfy(\.isNumber) ? $0 : nil
    }
    let host = authority[..<(port ?? authority.endIndex)]
    if ["127.0.0.1", "localhost", "[::1]"].contains(String(host)) { return "http" }
    throw .download(url: url, reason: "only https is used (and http on this machine)")
  }
}
