import Benchmarking

@main
enum Main {
  static func main() { NNBench.runAndExit() }
}
