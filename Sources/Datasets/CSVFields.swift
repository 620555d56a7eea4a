import HostSystem
import NeuralNetworks

/// The contents of fields.
extension CSVRecords {
  /// The number in a field; nil if it is not one.
  func number(_ field: Field) -> Double? { withBytes(of: field, DecimalNumber.parse) }

  /// Calls `body` with the bytes of a field, without reducing doubled quotes.
  func withBytes<Result>(of field: Field, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[field.range])) }
  }

  /// The text of a field that contains a name.
  func text(_ field: Field) throws(DataError) -> String {
    guard let text = String(validating: contents(field), as: UTF8.self) else {
      throw .malformedLine(
        file: file, line: line, expected: "text in UTF-8 (iconv converts a file)", found: excerpt(field))
    }
    if text.isStreamSafe { return text }
    throw .malformedLine(
      file: file, line: line, expected: "at most 30 combining marks after one another", found: "more")
  }

  /// A shortened field for a message.
  func excerpt(_ field: Field) -> String {
    CSVRecords.excerpt(String(decoding: contents(field).prefix(200), as: UTF8.self))
  }

  static func excerpt(_ text: String) -> String {
    text.isEmpty ? "an empty field" : "\"\(text.shortened(to: 40))\""
  }
}
