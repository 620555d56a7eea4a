extension String {
  /// The text on one line, for messages with external data: names in a file can contain anything. Characters that a
  /// terminal would interpret are escaped, such as `\u{1B}`.
  package var onOneLine: String { escaping(keepingLines: false) }

  /// The text with control characters escaped, except for line breaks.
  package var printable: String { escaping(keepingLines: true) }

  private func escaping(keepingLines: Bool) -> String {
    replacingControls { scalar in
      keepingLines && (scalar == "\n" || scalar == "\t") ? nil : scalar.escaped(asASCII: true)
    }
  }

  /// The text with each control character replaced. `replacement` returns nil to keep a character.
  package func replacingControls(_ replacement: (Unicode.Scalar) -> String?) -> String {
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
    var result = ""
    for scalar in unicodeScalars {
      if scalar.isControl, let text = replacement(scalar) {
        result += text
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Returns a prefix of the text with at most this many bytes, cut at a scalar boundary and followed by "…" if it was
  /// shortened. It limits external text in messages, because a `Character` may have any number of bytes.
  package func shortened(to bytes: Int) -> String {
    if utf8.count <= bytes { return self }
    var end = utf8.index(startIndex, offsetBy: bytes)
    while String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(unicodeScalars[..<end]) + "…"
  }
}

extension Unicode.Scalar {
  /// Whether the character is interpreted instead of displayed: C0 and C1 controls, which start escape sequences; line
  /// separators; and format characters, which change the direction of the text or are invisible. The joiners required
  /// by scripts and emoji are not controls.
  package var isControl: Bool {
    switch value {
    case 0x20..<0x7F, 0x200C, 0x200D: false
    case ..<0xA0: true
    default:
      switch properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: true
      default: false
      }
    }
  }
}
