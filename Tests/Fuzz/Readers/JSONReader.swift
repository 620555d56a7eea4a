import ModelFormats

extension FuzzReader {
  /// Parses and writes text, compact and formatted: the value stays the same.
  static let json = FuzzReader("json") { path in
    let value = try JSONValue(parsing: bytes(of: path))
    for pretty in [false, true] {
      require(try JSONValue(parsing: value.text(pretty: pretty)) == value, "json: another value came back")
    }
  }
}
