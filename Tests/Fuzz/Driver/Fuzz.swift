import FuzzReaders
import Glibc
import LibFuzzer

/// `fuzz READER [libFuzzer's arguments]`: feeds a reader with what libFuzzer makes up.
@main
enum Fuzz {
  /// What is read by the reader that was chosen; libFuzzer calls a function of C, which has no context.
  nonisolated(unsafe) private static var reader = FuzzReader.all[0]
  /// One file for each process, in memory where that is possible.
  private static let path: String = {
    let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    return "\(folder)/swift-nn-fuzz-\(getpid())"
  }()

  static func main() {
    guard CommandLine.arguments.count > 1,
      let chosen = FuzzReader.all.first(where: { $0.name == CommandLine.arguments[1] })
    else {
      print(FuzzReader.all.map(\.name).joined(separator: "\n"))
      exit(CommandLine.arguments.count > 1 ? 64 : 0)
    }
    reader = chosen
    let arguments = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var count = Int32(arguments.count)
    let status = words.withUnsafeMutableBufferPointer { buffer in
      var start = buffer.baseAddress
      return LLVMFuzzerRunDriver(&count, &start) { data, size in
        Fuzz.read(UnsafeBufferPointer(start: data, count: size))
        return 0
      }
    }
    unlink(path)
    exit(status)
  }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>) {
    let file = fopen(path, "w")
    let contents = reader.contents(Array(bytes))
    if file == nil || fwrite(contents, 1, contents.count, file) != contents.count || fclose(file) != 0 {
      fatalError("cannot write \(path)")
    }
    reader.check(path)
  }
}
