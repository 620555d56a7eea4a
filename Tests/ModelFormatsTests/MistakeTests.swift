import Testing

@testable import ModelFormats

/// Arguments that make no sense end the program with the operation and what it expects, and with all that was printed before.
@Suite struct MistakeTests {
  static let mistakes: [(message: String, body: @Sendable () -> Void)] = [
    (
      "WeightMapping.permuting: the axes are each of 0..<2 once, not [0, 0]",
      { _ = WeightMapping().permuting("a", [0, 0]) }
    ),
    ("WeightMapping.reshaping: extents are at least 0, not [-1]", { _ = WeightMapping().reshaping("a", to: [-1]) }),
    (
      "Checkpoints: everyEpochs (0), everySteps (1) and keeping (3) are at least 1",
      { _ = Checkpoints(in: "x", everyEpochs: 0) }
    ),
  ]

  @Test(arguments: mistakes.indices) func aMistakeIsNamedAndOutputIsDelivered(_ index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent, \.standardOutputContent]
    ) { [index] in
      print("said before")
      MistakeTests.mistakes[index].body()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains(Self.mistakes[index].message), "\(message)")
    let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(output.contains("said before"))
  }
}
