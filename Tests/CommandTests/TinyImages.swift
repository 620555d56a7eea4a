import TestSupport

/// Four IDX files of small images that a network learns quickly: class c is a bright row c with some noise.
struct TinyImages {
  var trainCount = 200
  var testCount = 50
  var size = 10

  /// Writes the files, with the names of MNIST, uncompressed.
  func write(to folder: TemporaryFolder, in name: String) throws -> String {
    let path = try folder.makeFolder(name)
    for (prefix, count) in [("train", trainCount), ("t10k", testCount)] {
      try folder.write(Self.head([count, size, size]) + pixels(count), "\(name)/\(prefix)-images-idx3-ubyte")
      try folder.write(Self.head([count]) + labels(count), "\(name)/\(prefix)-labels-idx1-ubyte")
    }
    return path
  }

  func labels(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 * 7 % 10) } }

  func pixels(_ count: Int) -> [UInt8] {
    labels(count).enumerated().flatMap { index, label in
      (0..<size * size).map { pixel in
        let noise = UInt8(truncatingIfNeeded: (pixel * 31 + index * 17) % 40)
        return pixel / size == Int(label) ? 200 + noise : noise
      }
    }
  }

  /// The header of an IDX file of bytes.
  static func head(_ shape: [Int]) -> [UInt8] {
    [0, 0, 8, UInt8(shape.count)] + shape.flatMap { extent in [24, 16, 8, 0].map { UInt8(extent >> $0 & 0xFF) } }
  }
}
