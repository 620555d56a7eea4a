import ArgumentParser
import CommandSupport

/// `nn run`.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs what a JSON file says.",
    discussion: """
      nn run moons.json

      The file holds a command and its options, called as on the command line:

      {"command": "train", "options": {"dataset": "moons", "hidden": [16, 16], "epochs": 20, "save": "moons.safetensors"}}

      Every mistake in it is reported at once, with the path to it.
      """)

  @Argument(help: ArgumentHelp("The file.", valueName: "file.json"))
  var file: String

  @Flag(help: "Say whether the file makes sense, and run nothing.")
  var check = false

  func run() throws {
    let file = try RunFile(file)
    var command = try NN.parseAsRoot([file.command] + file.arguments)
    if check { return Console.output("nn \(file.command) \(file.arguments.joined(separator: " "))") }
    try command.run()
  }
}
