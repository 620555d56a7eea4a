import HostMemory
import NeuralNetworks

/// Ends the program, with all that was printed before, where there is no memory for what a function is to make that cannot throw:
/// the system would end it without a word.
/// - Parameter count: Elements of `size` bytes.
func requireMemory(for operation: String, _ count: Int, of size: Int) {
  do { try HostMemory.check(count, of: size) } catch {
    ProgrammerError.end("\(operation): \(count) elements: \(error)")
  }
}
