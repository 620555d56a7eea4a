#if OpenCL
import COpenCL
import Synchronization

@testable import BackendOpenCL

/// A driver that reports the constants with which each enqueued kernel was built. Only one suite at a time may use it.
enum WatchedDriver {
  private struct Handle: @unchecked Sendable, Hashable {
    let pointer: OpaquePointer
  }

  private struct State {
    /// The compiler options of programs and of kernels.
    var programs: [Handle: String] = [:]
    var kernels: [Handle: String] = [:]
    var launches: [String] = []
    var runs = true
    var favorite: String?
    var seconds = 0.0
  }

  private static let state = Mutex(State())
  private static var cl: NNOpenCLFunctions { nn_opencl_functions()!.pointee }

  /// Starts again.
  /// - Parameters:
  ///   - runs: False to skip enqueued commands, so that a large problem takes no time.
  ///   - favorite: Kernels built with these constants take half a second of `seconds`, others a whole second.
  static func watch(runs: Bool = true, favorite: String? = nil) {
    state.withLock {
      $0.launches = []
      $0.runs = runs
      $0.favorite = favorite
    }
  }

  /// A clock that advances with each enqueued command.
  static func seconds() -> Double { state.withLock(\.seconds) }

  /// The compiler options of each enqueued kernel.
  static var launches: [String] { state.withLock(\.launches) }

  private static func note(_ kernel: OpaquePointer?) -> Bool {
    state.withLock { state in
      let options = kernel.flatMap { state.kernels[Handle(pointer: $0)] } ?? ""
      state.launches.append(options)
      let isFavorite = state.favorite.map { options.contains($0) } ?? false
      state.seconds += isFavorite ? 0.5 : 1
      return state.runs
    }
  }

  static var functions: NNOpenCLFunctions {
    var functions = cl
    functions.clBuildProgram = { program, count, devices, options, callback, data in
      if let program, let options {
        let text = String(cString: options)
        let handle = Handle(pointer: program)
        WatchedDriver.state.withLock { $0.programs[handle] = text }
      }
      return WatchedDriver.cl.clBuildProgram(program, count, devices, options, callback, data)
    }
    functions.clCreateKernel = { program, name, status in
      let kernel = WatchedDriver.cl.clCreateKernel(program, name, status)
      if let kernel, let program {
        let (made, of) = (Handle(pointer: kernel), Handle(pointer: program))
        WatchedDriver.state.withLock { $0.kernels[made] = $0.programs[of] }
      }
      return kernel
    }
    functions.clEnqueueNDRangeKernel = { queue, kernel, axes, offset, global, local, waits, list, event in
      guard WatchedDriver.note(kernel) else { return CL_SUCCESS }
      return WatchedDriver.cl.clEnqueueNDRangeKernel(
        queue, kernel, axes, offset, global, local, waits, list, event)
    }
    return functions
  }
}
#endif
