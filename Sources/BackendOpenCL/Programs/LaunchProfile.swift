#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// Statistics of the commands of one name: a kernel, or "copy", "upload", "download".
package struct CommandProfile: Sendable {
  package let name: String
  /// The number of executions.
  package internal(set) var launches = 0
  /// The total device time in seconds, from the start to the end of each command.
  package internal(set) var seconds = 0.0
  /// The bytes of its operands, each counted once: the minimum memory traffic.
  package internal(set) var bytes = 0
}

/// The commands of a queue with their events, until their statistics are requested.
final class LaunchProfile: Sendable {
  private struct Command: @unchecked Sendable {
    let name: String
    let bytes: Int
    let event: cl_event
  }

  private let commands = Mutex<[Command]>([])

  /// Stores the event of a command.
  func add(_ name: String, bytes: Int, _ event: cl_event) {
    let command = Command(name: name, bytes: bytes, event: event)
    commands.withLock { $0.append(command) }
  }

  /// The statistics of the commands since the last call, by name, the longest first. The commands must have finished.
  func take(_ cl: NNOpenCLFunctions) -> [CommandProfile] {
    let finished = commands.withLock { commands in
      let all = commands
      commands.removeAll(keepingCapacity: true)
      return all
    }
    var totals: [String: CommandProfile] = [:]
    for command in finished {
      var total = totals[command.name] ?? CommandProfile(name: command.name)
      total.launches += 1
      total.bytes += command.bytes
      total.seconds += seconds(of: command.event, cl)
      totals[command.name] = total
      _ = cl.clReleaseEvent(command.event)
    }
    return totals.values.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
  }

  /// The duration of a command; 0 if the driver does not report it.
  private func seconds(of event: cl_event, _ cl: NNOpenCLFunctions) -> Double {
    var (start, end): (cl_ulong, cl_ulong) = (0, 0)
    let size = MemoryLayout<cl_ulong>.size
    guard
      cl.clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_START), size, &start, nil) == CL_SUCCESS,
      cl.clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_END), size, &end, nil) == CL_SUCCESS,
      end > start
    else { return 0 }
    return Double(end - start) * 1e-9
  }
}

extension OpenCLContext {
  /// Enqueues a command. With profiling enabled, it stores the command's event.
  func profiled(
    _ name: @autoclosure () -> String, bytes: Int, _ enqueue: (UnsafeMutablePointer<cl_event?>?) -> cl_int
  ) -> cl_int {
    guard let profile else { return enqueue(nil) }
    var event: cl_event?
    let status = enqueue(&event)
    if let event { profile.add(name(), bytes: bytes, event) }
    return status
  }
}

extension OpenCLBackend {
  /// Creates a separate backend whose commands are timed by the device, for benchmarks. Timing slows down launches.
  package static func profiled(_ device: OpenCLDevice) throws -> OpenCLBackend {
    var options = OpenCLOptions(for: device)
    options.isProfiled = true
    return try OpenCLBackend(device, options)
  }

  /// Waits, and returns the statistics of the commands since the last call, the longest first. Returns nothing on a
  /// backend that is not `profiled`.
  package func takeProfile() throws -> [CommandProfile] {
    try context.finish()
    return context.profile?.take(context.cl) ?? []
  }
}
#endif
