/// A text that is compared by its bytes. Use it to look up and compare text from outside.
///
/// `String` treats texts as equal if Unicode normalization makes them equal (é as one scalar and as two), and takes
/// quadratic time to compare and hash a letter with many combining marks.
package struct ByteKey: Hashable, Comparable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (a: ByteKey, b: ByteKey) -> Bool { a.text.hasBytes(of: b.text) }

  package static func < (a: ByteKey, b: ByteKey) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension String {
  /// Returns whether both texts have the same bytes.
  package func hasBytes(of other: String) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }

  /// False if the text has more than 30 consecutive combining marks, which no language needs and which Unicode's
  /// stream-safe text format (Standard Annex 15, section 13) forbids. `String` needs quadratic time for such texts.
  package var isStreamSafe: Bool {
    if utf8.count <= 60 { return true }  // the shortest mark has two bytes
    var marks = 0
    for scalar in unicodeScalars {
      let isMark = scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered
      marks = isMark ? marks + 1 : 0
      if marks > 30 { return false }
    }
    return true
  }
}
