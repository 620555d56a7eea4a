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

  @Argument(help: "The programs to run.", completion: .list(Demo.all.map(\.name))) var names: [String] = []
  @Flag(help: "Run all of them.") var all = false
  @Flag(help: "Train for a shorter time, just long enough to see that it learns.") var quick = false

  @Option(
    help: ArgumentHelp(
      """
      A folder with the folders mnist-10k and fashion-mnist-900, of four IDX files each, and sentiment, of the files \
      amazon_cells_labelled.txt, imdb_labelled.txt and yelp_labelled.txt (a sentence, a tab, 0 or 1); without it the \
      data is generated.
      """,
      valueName: "folder"), completion: .directory)
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Write the pictures, in SVG, to this folder, which is created if it is missing.", valueName: "folder"),
    completion: .directory)
  var out: String?

  @Option(help: "The random seed of the weights, the order of the examples, and generated data.") var seed: UInt64 = 1
  @OptionGroup(title: "Device") var device: DeviceOptions
  @Flag(help: "Print one JSON object; text goes to standard error.") var json = false

  func run() throws {
    let demos = try chosen()
    let device = try self.device.resolve()
    if let out { try makeFolder(out) }
    if let data { try checkData(data) }
    var results: [(String, JSONValue)] = []
    for demo in demos {
      show("\(demo.name): \(demo.summary)")
      let context = DemoContext(
        device: device.device, seed: seed, isQuick: quick, data: data,
        show: { [json] text in
          for line in text.split(separator: "\n") { Self.show("  " + line, json) }
        },
        keep: { [out, json] name, svg in
          guard let out else { return }
          let path = "\(out)/\(name).svg"
          try withFileFailures { () throws(FileError) in try FileWriter.write(Array(svg.utf8), to: path) }
          Self.show("  picture: \(path)", json)
        })
      let result = try demo.run(on: context)
      results.append((demo.name, .object(JSONObject(result.figures.map { ($0.name, JSONValue.number($0.value)) }))))
    }
    if json { try Console.output(.object(JSONObject(results))) }
  }

  /// Checks the data folder, even for programs that read no data, because users who name a folder expect its data to be
  /// used.
  private func checkData(_ folder: String) throws {
    guard Folder.isFolder(folder) else { throw Failure("\(folder): expected a folder with data") }
    guard Demo.dataSets.contains(where: { Folder.isFolder(Folder.join(folder, $0)) }) else {
      throw Failure("\(folder): expected one of the folders \(Demo.dataSets.joined(separator: ", ")) in it, found none")
    }
  }

  private func makeFolder(_ path: String) throws {
    guard !path.isEmpty else { throw Failure.usage("--out: expected the name of a folder") }
    do { try Folder.create(path) } catch { throw Failure("\(error.path): \(error.reason)") }
  }

  private func chosen() throws -> [Demo] {
    if all { return Demo.all }
    if names.isEmpty {
      throw Failure.usage("expected the name of a program, or --all: \(Demo.all.map(\.name).joined(separator: ", "))")
    }
    return try names.map { name in
      guard let demo = Demo.named(name) else {
        throw Failure.usage(
          "there is no program \"\(name)\"; there are \(Demo.all.map(\.name).joined(separator: ", "))")
      }
      return demo
    }
  }

  private func show(_ line: String) { Self.show(line, json) }

  private static func show(_ line: String, _ json: Bool) {
    if json { Console.error(line) } else { Console.output(line) }
  }
}
