import Datasets
import Files
import HostSystem

/// Calls `body` with the path of a file that contains a text and is removed afterward.
/// - Throws: `DataError` if the file cannot be written; the errors of `body`.
func withTemporaryFile<Result>(of text: String, _ body: (_ path: String) throws -> Result) throws -> Result {
  let name = "nn-demo-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).csv"
  let path = Folder.join(environment("TMPDIR") ?? "/tmp", name)
  do { try FileWriter.write(Array(text.utf8), to: path) } catch { throw DataError(error) }
  defer { try? Folder.remove(path) }
  return try body(path)
}
