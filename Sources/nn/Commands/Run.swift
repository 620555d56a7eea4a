import ArgumentParser
import CommandSupport

/// `nn run`.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a command that is described in a JSON file.",
    discussion: """
      nn run moons.json

      The file contains a command and its options, with the names of the command line:

      {"command": "train", "options": {"dataset": "moons", "hidden": [16, 16],
        "epochs": 20, "save": "moons.safetensors"}}

      All mistakes in it are reported at once, with their paths.
      """)

  @Argument(help: ArgumentHelp("The file.", valueName: "file.json"), completion: .file(extensions: ["json"]))
  var file: String

  @Flag(help: "Check the file without running it.")
  var check = false

  func run() throws {
    let run = try RunFile(file)
    var command = try NN.parseAsRoot([run.command] + run.arguments)
    if var files = (command as? any FileCommand)?.files {
      files.reads(file, "the run file")
      try files.check()
    }
    if check { return Console.output("nn \(run.command) \(run.arguments.joined(separator: " "))") }
    try command.run()
  }
}
