import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

@Suite struct CIFARTests {
  /// A record: the labels, and numbers that differ in each channel, row, and column.
  static func record(_ labels: [UInt8], _ number: Int) -> [UInt8] {
    labels + (0..<3072).map { UInt8(truncatingIfNeeded: $0 / 1024 * 100 + $0 / 32 % 32 * 3 + $0 % 32 + number) }
  }

  static func pixel(_ number: Int, channel: Int, row: Int, column: Int) -> Float {
    Float(UInt8(truncatingIfNeeded: channel * 100 + row * 3 + column + number)) / 255
  }

  static func ten() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for file in 1...5 {
      try folder.write((0..<file).flatMap { record([UInt8(file)], $0) }, "data_batch_\(file).bin")
    }
    try folder.write(record([9], 7) + record([0], 8), "test_batch.bin")
    return folder
  }

  @Test func tenClasses() throws {
    let folder = try Self.ten()
    let data = try CIFAR10.load(from: folder.path)
    #expect(data.train.inputs.shape == [15, 3, 32, 32] && data.test.inputs.shape == [2, 3, 32, 32])
    #expect(
      try data.train.targets.scalars(as: Int32.self) == [1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5])
    #expect(try data.test.targets.scalars(as: Int32.self) == [9, 0])
    // The fourth image of the last file.
    let image = data.train.inputs[13]
    for (channel, row, column) in [(0, 0, 0), (1, 2, 30), (2, 31, 31)] {
      #expect(
        try image[channel, row, column].scalars() == [Self.pixel(3, channel: channel, row: row, column: column)])
    }
    #expect(data.classNames == CIFAR10.classNames && data.classNames.count == 10)
  }

  @Test(arguments: CIFAR100.Labels.allCases) func aHundredClasses(_ labels: CIFAR100.Labels) throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.record([19, 99], 1) + Self.record([0, 5], 2), "train.bin")
    try folder.write(Self.record([3, 0], 7), "test.bin")
    let data = try CIFAR100.load(from: folder.path, labels: labels)
    #expect(try data.train.targets.scalars(as: Int32.self) == (labels == .fine ? [99, 5] : [19, 0]))
    #expect(try data.test.targets.scalars(as: Int32.self) == (labels == .fine ? [0] : [3]))
    #expect(try data.train.inputs[1][2, 5, 6].scalars() == [Self.pixel(2, channel: 2, row: 5, column: 6)])
    #expect(data.classNames.count == (labels == .fine ? 100 : 20))
    #expect(data.classNames == data.classNames.sorted() && Set(data.classNames).count == data.classNames.count)
  }

  @Test func wrongFilesAreRefused() throws {
    let folder = try Self.ten()
    try folder.write(Self.record([1], 0) + Self.record([10], 0), "data_batch_3.bin")
    #expect(
      throws: DataError.malformed(
        file: folder("data_batch_3.bin"), offset: 3073, expected: "a label of 0 to 9", found: "10")
    ) { try CIFAR10.load(from: folder.path) }
    for bytes in [[], Array(Self.record([1], 0).dropLast()), Self.record([1, 1], 0)] as [[UInt8]] {
      try folder.write(bytes, "data_batch_3.bin")
      #expect(
        throws: DataError.malformed(
          file: folder("data_batch_3.bin"), offset: nil, expected: "records of 3073 bytes",
          found: "\(bytes.count) bytes")
      ) { try CIFAR10.load(from: folder.path) }
    }
    #expect(throws: DataError.missingFile("nowhere/data_batch_1.bin")) { try CIFAR10.load(from: "nowhere") }
    #expect(throws: DataError.missingFile(folder("train.bin"))) { try CIFAR100.load(from: folder.path) }
    try folder.writeHole("data_batch_3.bin")
    #expect(throws: DataError.self) { try CIFAR10.load(from: folder.path) }
  }
}
