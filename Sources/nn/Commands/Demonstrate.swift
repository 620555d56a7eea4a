import ArgumentParser
import CommandSupport
import Demos
import Files
import ModelFormats

/// `nn demo`.
struct Demonstrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Runs the programs of an introduction to neural networks.",
    discussion: """
      nn demo perceptron --out pictures
      nn demo --all --quick

      \(Demo.all.map { "\($0.name): \($0.summary)" }.joined(separator: "\n"))

      With --json standard output is one object: the figures of each program by its name.
      """)

  @Argument(help: "Which programs to run.") var names: [String] = []
  @Flag(help: "Run all of them.") var all = false
  @Flag(help: "Train for a shorter time: enough to see that it learns.") var quick = false

  @Option(
    help: ArgumentHelp(
      """
      A folder with the folders mnist-10k and fashion-mnist-900, of four IDX files each, and sentiment, of the files \
      amazon_cells_labelled.txt, imdb_labelled.txt and yelp_labelled.txt (a sentence, a tab, 0 or 1); without it data is \
      made up.
      """,
      valueName: "folder"))
  var data: String?

  @Option(help: ArgumentHelp("Write the pictures, in SVG, into this folder.", valueName: "folder"))
  var out: String?

  @Option(help: "Decides weights, order and what is made up.") var seed: UInt64 = 1
  @OptionGroup(title: "Device") var device: DeviceOptions
  @Flag(help: "Print one JSON object; text goes to standard error.") var json = false

  func run() throws {
    let demos = try chosen()
    let device = try self.device.resolve()
    if let out, !Folder.isFolder(out) { throw Failure("\(out): there is no such folder to write pictures into") }
    if let data, !Folder.isFolder(data) { throw Failure("\(data): there is no such folder with data") }
    var results: [(String, JSONValue)] = []
    for demo in demos {
      show("\(demo.name): \(demo.summary)")
      let stage = Stage(
        device: device.device, seed: seed, isQuick: quick, data: data,
        show: { [json] text in
          for line in text.split(separator: "\n") { Self.show("  " + line, json) }
        },
        keep: { [out, json] name, svg in
          guard let out else { return }
          let path = "\(out)/\(name).svg"
          do {
            try FileWriter.write(Array(svg.utf8), to: path)
          } catch let error as FileError {
            throw Failure("\(error.path): \(error.reason)")
          }
          Self.show("  picture: \(path)", json)
        })
      let outcome = try demo.run(on: stage)
      results.append((demo.name, .object(JSONObject(outcome.figures.map { ($0.name, JSONValue.number($0.value)) }))))
    }
    if json { try Console.output(.object(JSONObject(results))) }
  }

  private func chosen() throws -> [Demo] {
    if all { return Demo.all }
    if names.isEmpty {
      throw Failure.usage("name a program, or say --all; there are \(Demo.all.map(\.name).joined(separator: ", "))")
    }
    return try names.map { name in
      guard let demo = Demo.named(name) else {
        throw Failure.usage("no program \"\(name)\"; there are \(Demo.all.map(\.name).joined(separator: ", "))")
      }
      return demo
    }
  }

  private func show(_ line: String) { Self.show(line, json) }

  private static func show(_ line: String, _ json: Bool) {
    if json { Console.error(line) } else { Console.output(line) }
  }
}
