import Testing

/// Expects one line on standard error that starts with the program's name and contains these words, nothing on standard
/// output, and this exit code.
func expectFault(
  _ result: Command.Result, _ status: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(result.status == status, "\(result.error)", sourceLocation: sourceLocation)
  #expect(result.output.isEmpty, sourceLocation: sourceLocation)
  #expect(result.errorLines.count == 1, "\(result.error)", sourceLocation: sourceLocation)
  #expect(result.error.hasPrefix("nn"), "\(result.error)", sourceLocation: sourceLocation)
  for word in words { #expect(result.error.contains(word), "\(result.error)", sourceLocation: sourceLocation) }
}
