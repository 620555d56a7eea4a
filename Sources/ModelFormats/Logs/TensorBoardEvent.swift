/// One entry of a TensorBoard event file: a message `Event` of TensorFlow, framed as a TFRecord.
struct TensorBoardEvent {
  private let message: ProtocolBuffer

  /// - Parameters:
  ///   - time: seconds since 1970.
  ///   - content: adds the field that the event is about.
  private init(time: Double, step: Int, _ content: (inout ProtocolBuffer) -> Void) {
    var message = ProtocolBuffer()
    message.add(1, time)
    if step != 0 { message.add(2, step) }
    content(&message)
    self.message = message
  }

  /// The entry that every file begins with.
  static func version(time: Double) -> TensorBoardEvent {
    TensorBoardEvent(time: time, step: 0) { $0.add(3, "brain.Event:2") }
  }

  /// Readers forget what earlier files of the folder say of this step and later ones: a run begins here, or goes on.
  static func start(time: Double, step: Int) -> TensorBoardEvent {
    var log = ProtocolBuffer()
    log.add(1, 1)  // SessionLog.START
    return TensorBoardEvent(time: time, step: step) { $0.add(7, log) }
  }

  /// A point of each of some curves.
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

  /// How some numbers are distributed.
  static func histogram(_ tag: String, _ histogram: ValueHistogram, time: Double, step: Int) -> TensorBoardEvent {
    var value = ProtocolBuffer()
    value.add(1, tag)
    value.add(5, histogram.message)
    var summary = ProtocolBuffer()
    summary.add(1, value)
    return TensorBoardEvent(time: time, step: step) { $0.add(5, summary) }
  }

  /// The entry as it stands in the file: the length and its checksum, the message and its checksum.
  var record: [UInt8] {
    let length = littleEndianBytes(of: UInt64(message.bytes.count))
    return length + littleEndianBytes(of: CRC32C.masked(length)) + message.bytes
      + littleEndianBytes(of: CRC32C.masked(message.bytes))
  }
}
