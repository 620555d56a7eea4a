import ModelFormats

extension FuzzReader {
  /// Text in and out again: compact and laid out, the value is the same.
  static let json = FuzzReader("json") { path in
    let value = try JSONValue(parsing: bytes(of: path))
    for pretty in [false, true] {
      require(try JSONValue(parsing: value.text(pretty: pretty)) == value, "json: another value came back")
    }
  }
}
