import ModelFormats
import TestSupport
import Testing

@Suite("Pictures") struct PictureCommandTests {
  private static let log = """
    {"epoch": 1, "seconds": 0.5, "learningRate": 0.001, "loss": 0.9, "accuracy": 0.6, "validation_loss": 1.0}
    {"epoch": 2, "seconds": 0.5, "learningRate": 0.001, "loss": 0.5, "accuracy": 0.8, "validation_loss": null}
    {"epoch": 3, "seconds": 0.5, "learningRate": 0.0005, "loss": 0.4, "accuracy": 0.8, "validation_loss": 0.7}

    """

  /// A model of points and a model of images.
  private func models(in folder: TemporaryFolder) throws -> (points: String, images: [String]) {
    let points = folder("points.safetensors"), images = folder("images.safetensors")
    let trained = try Command.nn(
      "train", "--dataset", "moons", "--epochs", "3", "--hidden", "8", "--device", "cpu", "--save", points)
    try #require(trained.status == 0, "\(trained.error)")
    let data = try TinyImages().write(to: folder, in: "images")
    let arguments = ["--dataset", "mnist", "--data", data]
    let again = try Command.nn(
      ["train", "--epochs", "1", "--hidden", "4", "--limit", "60", "--device", "cpu", "--save", images] + arguments)
    try #require(again.status == 0, "\(again.error)")
    return (points, ["--model", images] + arguments)
  }

  @Test func curves() throws {
    let folder = try TemporaryFolder()
    let log = try folder.write(Self.log + "{\"epoch\": 4, \"lo", "run.jsonl")
    let out = folder("curves.svg")
    let result = try Command.nn("plot", log, "--out", out, "--title", "a run")
    #expect(result.status == 0 && result.error.contains(out), "\(result.error)")
    let svg = Command.read(out)
    #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n") && svg.contains("a run"))
    #expect(svg.contains("validation, best 0.7000 at epoch 3") && svg.contains(">learning rate<"))
    #expect(try Command.nn("plot", log, "--title", "a run").output == svg)
  }

  @Test func faultyLogsAreNamed() throws {
    let folder = try TemporaryFolder()
    let log = try folder.write("{\"epoch\": 1, \"loss\": 1}\n{\"epoch\" 2}\n", "run.jsonl")
    expectFault(try Command.nn("plot", log), 1, "run.jsonl", "line 2")
    let empty = try folder.write("\n", "empty.jsonl")
    expectFault(try Command.nn("plot", empty), 1, "empty.jsonl", "no epoch")
    expectFault(try Command.nn("plot", folder("missing.jsonl")), 1, "no such file")
    expectFault(try Command.nn("plot", "picture.txt"), 64, ".jsonl", "confusion")
  }

  @Test func models() throws {
    let folder = try TemporaryFolder()
    let architecture = try folder.write(
      """
      {"layers": [{"layer": "Residual", "layers": [{"layer": "Dense", "units": 6}]}, {"layer": "Dense", "units": 2}]}
      """, "model.json")
    let svg = try Command.nn("plot", architecture, "--input-shape", "6")
    #expect(svg.status == 0 && svg.output.contains("56 parameters") && svg.output.contains(">+<"), "\(svg.error)")
    let dot = folder("model.dot")
    #expect(try Command.nn("plot", architecture, "--input-shape", "6", "--out", dot).status == 0)
    #expect(Command.read(dot).hasPrefix("digraph model {") && Command.read(dot).contains("n1 -> n2;"))
    expectFault(try Command.nn("plot", architecture), 64, "--input-shape")
    expectFault(try Command.nn("plot", architecture, "--input-shape", "6", "--out", "x.png"), 64, ".svg or .dot")
  }

  @Test func whatAModelSays() throws {
    let folder = try TemporaryFolder()
    let (points, images) = try models(in: folder)
    let confusion = try Command.nn(["plot", "confusion"] + images)
    #expect(confusion.status == 0 && confusion.output.contains("of 50 examples right"), "\(confusion.error)")
    let sheet = folder("mistakes.png")
    #expect(try Command.nn(["plot", "mistakes", "--count", "3", "--out", sheet] + images).status == 0)
    #expect(try Array(folder.bytes("mistakes.png").prefix(4)) == [0x89, 0x50, 0x4E, 0x47])
    let mistakes = try Command.nn(["plot", "mistakes", "--count", "3"] + images)
    #expect(mistakes.output.split(separator: "<image ").count == 4 && mistakes.output.contains("the surest 3"))
    let weights = try Command.nn("plot", "weights", "--model", points)
    #expect(weights.status == 0 && weights.output.contains("0.weight [2, 8]"), "\(weights.error)")
    let boundary = try Command.nn("plot", "boundary", "--model", points, "--dataset", "moons")
    #expect(boundary.status == 0 && boundary.output.split(separator: "<circle ").count == 1001, "\(boundary.error)")
    expectFault(try Command.nn(["plot", "boundary"] + images), 1, "two numbers")
    expectFault(try Command.nn("plot", "mistakes", "--model", points, "--dataset", "moons"), 1, "pictures")
  }

  @Test func reports() throws {
    let folder = try TemporaryFolder()
    let (points, images) = try models(in: folder)
    let log = try folder.write(Self.log, "run.jsonl"), out = folder("run.html")
    let result = try Command.nn(
      "report", "--model", points, "--dataset", "moons", "--history", log, "--out", out, "--title", "moons & more")
    #expect(result.status == 0, "\(result.error)")
    let page = Command.read(out)
    for part in ["moons &amp; more", "Curves", "Model", "Confusion", "Classes", "Boundary", "First weights", "F1"] {
      #expect(page.contains(part), "\(part)")
    }
    #expect(!page.contains("src=") && !page.contains("<link") && !page.contains("<script"))
    #expect(try Command.nn(["report", "--out", out] + images).status == 0)
    #expect(Command.read(out).contains("Mistakes") && !Command.read(out).contains("Curves"))
    expectFault(try Command.nn("report", "--model", points, "--dataset", "moons", "--out", "run.pdf"), 64, ".html")
  }
}
