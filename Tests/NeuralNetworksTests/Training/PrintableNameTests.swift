import Testing

@testable import NeuralNetworks

/// Names hold anything; what a terminal acts on is shown as an escape, on one line.
@Suite struct PrintableNameTests {
  /// An escape sequence, a C1 control, a change of direction, line breaks of three kinds, and a return.
  static let hostile = [
    "\u{1B}[31mred", "a\u{9B}31mb", "a\u{202E}b", "a\nb", "a\u{2028}b", "a\u{85}b", "a\rb", "a\u{7}b",
  ]

  private func expectPrintable(
    _ text: String, lines: Int? = nil, _ location: SourceLocation = #_sourceLocation
  ) {
    let controls = text.unicodeScalars.filter {
      $0 != "\n" && ($0.value < 0x20 || (0x7F..<0xA0).contains($0.value) || [0x202E, 0x2028].contains($0.value))
    }
    #expect(controls.isEmpty, "\(text.debugDescription)", sourceLocation: location)
    if let lines {
      #expect(text.split(separator: "\n").count == lines, "\(text.debugDescription)", sourceLocation: location)
    }
  }

  private func expectError(_ location: SourceLocation = #_sourceLocation, _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("nothing was thrown", sourceLocation: location)
    } catch { expectPrintable("\(error)", lines: 1, location) }
  }

  private func metric(_ name: String) -> Metric { Metric(name) { prediction, _ in prediction.sum(axis: -1) } }

  @Test(arguments: hostile) func aMetricInProgressAndScores(_ name: String) throws {
    let model = Corners.compiled(metrics: [metric(name)])
    let sink = ProgressTests.Sink(columns: nil)
    let history = try model.fit(Corners.data(), .ofEpochs(2), sink: sink)
    expectPrintable(sink.text, lines: 2)
    #expect(history.epochs[0][name] != nil, "the name itself stays")
    expectPrintable("\(try model.evaluate(Corners.data()))", lines: 1)
    expectPrintable("\(history)", lines: 1)
    let bar = ProgressTests.Sink(columns: 100)
    _ = try model.fit(Corners.data(), .ofEpochs(1), sink: bar)
    let drawn = bar.text.split(separator: "\r").joined().split(separator: "\u{1B}[K", omittingEmptySubsequences: false)
    for part in drawn { expectPrintable(String(part)) }
  }

  @Test(arguments: hostile) func reasonsAndNotes(_ text: String) throws {
    let sink = ProgressTests.Sink(columns: nil)
    let stop = ClosureCallback(epochEnded: { _, run in
      run.note("note \(text)")
      run.stop(reason: "because of \(text)")
    })
    _ = try Corners.compiled().fit(Corners.data(), .ofEpochs(2, callbacks: [stop]), sink: sink)
    expectPrintable(sink.text, lines: 3)
  }

  @Test(arguments: hostile) func messagesOfErrors(_ name: String) throws {
    expectError {
      let model = Corners.compiled(metrics: [metric(name), metric(name)])
      try model.fit(Corners.data(), verbosity: .silent)
    }
    expectError {
      try Corners.compiled().fit(Corners.data(), callbacks: [EarlyStopping(monitor: name)], verbosity: .silent)
    }
    expectError {
      let model = Corners.model()
      let loss = Loss(name) { prediction, target in prediction.reshaped([7, 7, 7]) }
      model.compile(optimizer: .sgd(), loss: loss)
      try model.fit(Corners.data(), verbosity: .silent)
    }
    expectError {
      let input = Node.input([4])
      let graph = Graph(inputs: [name: input], outputs: ["y": Reshape([5])(input, name: name)])
      try graph.build()
    }
    expectError {
      try Corners.built(seed: 1).assign([(name, Tensor.ones([1]))], allowingMissing: true)
    }
  }

  @Test(arguments: hostile) func aSummary(_ name: String) throws {
    let input = Node.input([4])
    let graph = Graph(inputs: [name: input], outputs: ["y": Dense(2)(input, name: name)])
    expectPrintable("\(try graph.summary())")
  }

  /// The message that ends a program has the place of the layer, too.
  @Test func theEndOfAProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      final class Odd: Layer {
        let parts: [String: Dense] = ["\u{1B}[31m\n": Dense(2)]
        func forward(_ x: Tensor, _ context: Context) -> Tensor { parts.values.first!(x, context) }
      }
      let odd = Odd()
      try odd.build(inputShape: [4])
      _ = odd(.ones([1, 5]), .inference)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("(Dense)") && !message.contains("\u{1B}[31m"), "\(message.debugDescription)")
  }
}
