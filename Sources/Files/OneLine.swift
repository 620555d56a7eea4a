extension String {
  /// The text with control characters and line separators written as escapes, for messages: names out of a file hold anything.
  package var onOneLine: String {
    func breaksLines(_ scalar: Unicode.Scalar) -> Bool {
      scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }
    if !unicodeScalars.contains(where: breaksLines) { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      if breaksLines(scalar) {
        text += scalar.escaped(asASCII: true)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }
}
