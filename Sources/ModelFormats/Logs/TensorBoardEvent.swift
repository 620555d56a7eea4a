import Files

/// One entry of a TensorBoard event file: an `Event` message of TensorFlow, framed as a TFRecord.
struct TensorBoardEvent {
  private let message: ProtocolBuffer

  /// Creates an entry.
  /// - Parameters:
  ///   - time: Seconds since 1970.
  ///   - content: Adds the content field of the event.
  private init(time: Double, step: Int, _ content: (inout ProtocolBuffer) -> Void) {
    var message = ProtocolBuffer()
    message.add(1, time)
    if step != 0 { message.add(2, step) }
    content(&message)
    self.message = message
  }

  /// The first entry of every file.
  static func version(time: Double) -> TensorBoardEvent {
    TensorBoardEvent(time: time, step: 0) { $0.add(3, "brain.Event:2") }
  }

  /// Marks the start or continuation of a run: readers discard earlier entries of the folder for this step and all
  /// later steps.
  static func start(time: Double, step: Int) -> TensorBoardEvent {
    var log = ProtocolBuffer()
    log.add(1, 1)  // SessionLog.START
    return TensorBoardEvent(time: time, step: step) { $0.add(7, log) }
  }

  /// One point for each of several curves.
  static func scalars(_ values: [(tag: String, value: Double)], time: Double, step: Int) -> TensorBoardEvent {
    var summary = ProtocolBuffer()
    for (tag, number) in values {
      var value = ProtocolBuffer()
      value.add(1, tag)
      value.add(2, Float(number))
      summary.add(1, value)
    }
    return TensorBoardEvent(time: time, step: step) { $0.add(5, summary) }
  }

  /// The distribution of some numbers.
  static func histogram(_ tag: String, _ histogram: ValueHistogram, time: Double, step: Int) -> TensorBoardEvent {
    var value = ProtocolBuffer()
    value.add(1, tag)
    value.add(5, histogram.message)
    var summary = ProtocolBuffer()
    summary.add(1, value)
    return TensorBoardEvent(time: time, step: step) { $0.add(5, summary) }
  }

  /// The encoded entry: the length and its checksum, the message and its checksum.
  var record: [UInt8] {
    let length = littleEndianBytes(of: UInt64(message.bytes.count))
    return length + littleEndianBytes(of: CRC32C.masked(length)) + message.bytes
      + littleEndianBytes(of: CRC32C.masked(message.bytes))
  }
}

/// The counts of numbers in each of 30 ranges of equal width. Numbers that are not finite are ignored.
struct ValueHistogram {
  let minimum, maximum, sum, sumOfSquares: Double
  /// The upper end of each range.
  let limits: [Double]
  /// The count of numbers in each range.
  let counts: [Double]

  private static let ranges = 30

  init(_ values: [Float]) {
    let numbers = values.lazy.map(Double.init).filter(\.isFinite)
    let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 0)
    (minimum, maximum) = (low, high)
    sum = numbers.reduce(0, +)
    sumOfSquares = numbers.reduce(0) { $0 + $1 * $1 }
    // If all numbers are equal, the range is centered on them.
    let (start, width) = high > low ? (low, high - low) : (low - 0.5, 1)
    let ranges = Self.ranges
    limits = (1...ranges).map { $0 == ranges ? start + width : start + width * Double($0) / Double(ranges) }
    var counts = [Double](repeating: 0, count: ranges)
    for number in numbers {
      counts[min(max(Int((number - start) / width * Double(ranges)), 0), ranges - 1)] += 1
    }
    self.counts = counts
  }

  /// The `HistogramProto` message of TensorFlow.
  var message: ProtocolBuffer {
    var message = ProtocolBuffer()
    message.add(1, minimum)
    message.add(2, maximum)
    message.add(3, counts.reduce(0, +))
    message.add(4, sum)
    message.add(5, sumOfSquares)
    message.add(6, limits)
    message.add(7, counts)
    return message
  }
}

/// A Protocol Buffers message, written field by field: https://protobuf.dev/programming-guides/encoding.
struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ field: Int, _ value: Double) {
    key(field, wireType: 1)
    bytes += littleEndianBytes(of: value.bitPattern)
  }

  mutating func add(_ field: Int, _ value: Float) {
    key(field, wireType: 5)
    bytes += littleEndianBytes(of: value.bitPattern)
  }

  mutating func add(_ field: Int, _ value: Int) {
    key(field, wireType: 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  mutating func add(_ field: Int, _ message: ProtocolBuffer) { add(field, message.bytes) }

  /// Adds repeated numbers, packed.
  mutating func add(_ field: Int, _ values: [Double]) {
    add(field, values.flatMap { littleEndianBytes(of: $0.bitPattern) })
  }

  private mutating func add(_ field: Int, _ content: [UInt8]) {
    key(field, wireType: 2)
    varint(UInt64(content.count))
    bytes += content
  }

  private mutating func key(_ field: Int, wireType: Int) { varint(UInt64(field << 3 | wireType)) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// The CRC-32C checksum (Castagnoli; RFC 3720, appendix B.4): polynomial 0x1EDC6F41, reflected, as used by TFRecord
/// files.
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { value, byte in value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
  }

  /// The masked checksum of TFRecord files. The mask keeps the checksum reliable for data that contains checksums.
  static func masked(_ bytes: [UInt8]) -> UInt32 {
    let value = checksum(bytes)
    return (value >> 15 | value << 17) &+ 0xA282_EAD8
  }
}
