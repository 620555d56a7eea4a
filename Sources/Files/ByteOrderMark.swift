extension Array<UInt8> {
  /// Without the three bytes that some editors put before UTF-8 text.
  package var withoutByteOrderMark: [UInt8] {
    starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self
  }
}
