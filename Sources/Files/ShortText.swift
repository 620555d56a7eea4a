extension String {
  /// A prefix of the text in bytes, cut at a scalar boundary, followed by "…" if it was shortened. It limits external
  /// text in messages. A `Character` may have any number of bytes.
  package func shortened(to bytes: Int) -> String {
    if utf8.count <= bytes { return self }
    var end = utf8.index(startIndex, offsetBy: bytes)
    while String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(unicodeScalars[..<end]) + "…"
  }
}
