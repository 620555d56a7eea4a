/// The completion script of a shell. The parser generates one that offers only the names of subcommands after `nn plot`,
/// although `nn plot FILE` needs no name.
enum CompletionScript {
  /// The script in which `nn plot` also completes what `nn plot file` does.
  static func completingFiles(_ script: String) -> String {
    if script.hasPrefix("#!/bin/bash") { return changing(script, bash) }
    if script.hasPrefix("#compdef") { return changing(script, zsh) }
    return fish(script)
  }

  private static let parent = "_nn_plot", child = "_nn_plot_file"

  /// Changes the lines of the function for `nn plot`.
  private static func changing(
    _ script: String, _ change: (_ body: [Substring], _ child: [Substring]) -> [String]
  ) -> String {
    let lines = script.split(separator: "\n", omittingEmptySubsequences: false)
    guard let own = range(of: parent, in: lines), let other = range(of: child, in: lines) else { return script }
    let before = lines[..<own.lowerBound].map(String.init), after = lines[own.upperBound...].map(String.init)
    return (before + change(Array(lines[own]), Array(lines[other])) + after).joined(separator: "\n")
  }

  /// The lines of a function, without the first and the last one.
  private static func range(of function: String, in lines: [Substring]) -> Range<Int>? {
    guard let start = lines.firstIndex(where: { $0 == "\(function)() {" }),
      let end = lines[start...].firstIndex(of: "}")
    else { return nil }
    return start + 1..<end
  }

  /// The names of subcommands are offered for the first word. The other function reads all words once more.
  private static func bash(_ body: [Substring], _ child: [Substring]) -> [String] {
    ["    local -ar plot_words=(\"${unparsed_words[@]}\")"]
      + body.flatMap { line -> [String] in
        if !line.contains("COMPREPLY+=($(compgen -W 'file ") { return [String(line)] }
        return [
          "        [[ \"${#plot_words[@]}\" -gt 1 ]] || \(line.drop { $0 == " " })",
          "        unparsed_words=(\"${plot_words[@]}\")", "        \"\(self.child)\"",
        ]
      }
  }

  /// The first word can be what the other function offers for its first argument; later words are completed there.
  private static func zsh(_ body: [Substring], _ child: [Substring]) -> [String] {
    let start = "        ':file:"
    let files = child.first { $0.hasPrefix(start) }?.dropFirst(start.count).dropLast().split(
      separator: "'\\''", omittingEmptySubsequences: false)
    return body.flatMap { line -> [String] in
      if line.contains("_describe "), let files {
        return [String(line), "        " + files.joined(separator: "'") + " && ret=0"]
      }
      if line == "        esac" {
        return ["        *)", "            \"\(self.child)\" && ret=0", "            ;;", String(line)]
      }
      return [String(line)]
    }
  }

  /// Each line for `nn plot file` is also one for `nn plot`.
  private static func fish(_ script: String) -> String {
    let lines = script.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.flatMap { line -> [String] in
      guard line.hasPrefix("complete "), let name = line.firstRange(of: "\"nn plot file\"") else {
        return [String(line)]
      }
      return [line[..<name.lowerBound] + "\"nn plot\"" + line[name.upperBound...], String(line)]
    }.joined(separator: "\n")
  }
}
