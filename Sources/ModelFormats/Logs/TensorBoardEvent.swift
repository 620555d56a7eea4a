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
