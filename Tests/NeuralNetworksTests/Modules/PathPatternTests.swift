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

  @Test func aPatternThatMatchesNothingIsNamed() throws {
    func fault(_ pattern: String, _ paths: [String]) -> String? { PathPattern(pattern).fault(among: paths) }
    #expect(fault("0.*", ["0.weight", "0.bias"]) == nil)
    #expect(fault("**", []) == nil)
    #expect(fault("0.*", []) == nil)
    #expect(
      fault("encoder.**", ["0.weight", "0.bias"])
        == "no parameter matches \"encoder.**\"; the parameters are \"0.weight\", \"0.bias\"")
    let many = (0..<2000).map { "\($0)." + String(repeating: "name", count: 1000) }
    let long = try #require(fault("a\n" + String(repeating: "b", count: 10_000), many))
    #expect(long.hasSuffix(" and 1,996 more") && long.utf8.count < 600 && !long.contains("\n"), "\(long)")
  }

  @Test func freezingNothingEndsTheProgram() async {
    for operation in ["freeze", "unfreeze"] {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        [operation = operation as String] in
        let model = Sequential([Dense(2), BatchNorm()])
        model.freeze("1.running*")  // matches, although running statistics are not trained
        operation == "freeze" ? model.freeze("encoder.**") : model.unfreeze("encoder.**")
      }
      let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      let expected = "\(operation): no parameter matches \"encoder.**\"; the parameters are \"0.weight\", \"0.bias\", "
      #expect(message.contains(expected), "\(message)")
    }
  }

  /// A step with a group of nothing changes nothing, also where it is not the first.
  @Test func groupsOfNothingAreRefused() throws {
    let model = Sequential([Dense(2)])
    try model.build(inputShape: [3])
    let before = try #require(try model.parameters["0.weight"]?.value.scalars())
    let optimizer = Optimizer.sgd(groups: [ParameterGroup("0.*"), ParameterGroup("*.biass", weightDecay: 0)])
    let (_, gradients) = valueAndGradient(at: model) { $0(.ones([1, 3]), .inference).sum() }
    for _ in 0..<2 {
      let error = #expect(throws: ModelError.self) { try optimizer.update(model, with: gradients) }
      #expect(
        error.map { "\($0)" }
          == "SGD: ParameterGroup: no parameter matches \"*.biass\"; the parameters are \"0.weight\", "
          + "\"0.bias\"")
    }
    #expect(optimizer.step == 0)
    #expect(try model.parameters["0.weight"]?.value.scalars() == before)
  }
}
