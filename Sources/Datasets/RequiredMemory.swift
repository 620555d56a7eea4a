import HostSystem
import NeuralNetworks

/// Ends the program with a message, after flushing its output, if there is not enough memory for the result of a
/// function that cannot throw. Otherwise, the system would end the program without a message.
/// - Parameter count: The number of elements of `size` bytes.
func requireMemory(for operation: String, _ count: Int, of size: Int) {
  do { try HostMemory.check(count, of: size) } catch {
    ProgrammerError.end("\(operation): \(count) elements: \(error)")
  }
}
