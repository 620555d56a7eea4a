import Files
import HostSystem
import NeuralNetworks

extension History {
  /// Reads a log written by `JSONLinesLogger`, even if the run is still in progress: an incomplete last line is
  /// ignored. A null value in the file is NaN.
  ///
  /// - Throws: `FormatError`, with the number of a line that is not an epoch.
  public static func load(fromLog path: String) throws -> History {
    let bytes = try withFileErrors { () throws(FileError) in
      try FileReader.read(path, limit: 1 << 30, mayGrow: true)
    }
    // The values of an epoch are a separate list. While the list of epochs grows, there are two copies of it.
    let size = 2 * MemoryLayout<EpochRecord>.stride + 128
    // While a line is read, each of its values takes up to 512 bytes.
    do { try HostMemory.check(bytes.count { $0 == 0x0A } * size + mostValues(ofALineIn: bytes) * 512) } catch {
      throw FormatError.file(path: path, reason: "\(error)")
    }
    var epochs: [EpochRecord] = []
    var start = 0
    var number = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A)
      let line = Array(bytes[start..<(end ?? bytes.count)])
      number += 1
      if let record = JSONEpochLines().record(line, after: epochs.last) {
        epochs.append(record)
      } else if end != nil && line != [] && line != [0x0D] {
        throw FormatError.malformed(
          path: path, reason: "line \(number) is not a JSON object with the number of an epoch (\"epoch\", from 1)")
      }
      start = (end ?? bytes.count) + 1
    }
    return History(epochs: epochs)
  }

  private static func mostValues(ofALineIn bytes: [UInt8]) -> Int {
    var (most, count) = (0, 0)
    for byte in bytes {
      if byte == 0x0A { count = 0 }
      if byte == UInt8(ascii: ",") { count += 1 }
      most = max(most, count)
    }
    return most
  }
}
