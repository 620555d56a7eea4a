extension Array<UInt8> {
  /// The bytes without the UTF-8 byte order mark (three bytes) that some editors add at the start of a text.
  package var withoutByteOrderMark: [UInt8] {
    starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self
  }
}
