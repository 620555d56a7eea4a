import Testing

@testable import NeuralNetworks

@Suite struct PathPatternTests {
  @Test(arguments: [
    ("**", "0.weight", true), ("**", "weight", true), ("*", "weight", true), ("*", "0.weight", false),
    ("**.bias", "bias", true), ("**.bias", "0.bias", true), ("**.bias", "a.b.bias", true),
    ("**.bias", "0.weight", false),
    ("**.bias", "0.bias.velocity", false), ("encoder.**", "encoder.0.weight", true), ("encoder.**", "encoder", true),
    ("encoder.**", "encoders.0", false), ("1.*", "1.weight", true), ("1.*", "1.0.weight", false),
    ("*.weight", "0.weight", true), ("*.weight", "weight", false), ("a.**.c.**.e", "a.b.c.d.e", true),
    ("a.**.c.**.e", "a.c.e", true), ("a.**.c.**.e", "a.c.d", false), ("**.c.*", "c.c.c", true),
    ("dense*.weight", "dense12.weight", true), ("d*e*", "dense", true), ("d*x", "dense", false), ("", "weight", false),
    ("*ense", "dense", true), ("**", "", true),
  ])
  func matches(_ pattern: String, _ path: String, _ expected: Bool) {
    #expect(PathPattern(pattern).matches(path) == expected)
  }
}
