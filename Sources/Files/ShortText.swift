extension String {
  /// Returns a prefix of the text with at most this many bytes, cut at a scalar boundary and followed by "…" if it was
  /// shortened. It limits external text in messages, because a `Character` may have any number of bytes.
  package func shortened(to bytes: Int) -> String {
    if utf8.count <= bytes { return self }
    var end = utf8.index(startIndex, offsetBy: bytes)
    while String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(unicodeScalars[..<end]) + "…"
  }
}
