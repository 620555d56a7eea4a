#if OpenCL
import BackendCore
import COpenCL
import NeuralNetworks
import Testing

@testable import BackendOpenCL

/// Memory runs out at each allocating call in turn, during the creation of a model and a whole training step. Each
/// time, there is either the documented error or none, nothing leaks, and the repeated step gives the same bits as a
/// run without failures.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct FailingCallTests {
  /// A small network with everything in the default one, plus dropout and gradient clipping.
  private struct Training {
    let model = Sequential {
      Dense(8, activation: .relu); Dropout(0.25); Dense(3)
    }
    let step: TrainingStep
    let batch: Batch

    init(on device: Device) throws {
      batch = Batch(
        input: Tensor(wholeNumbers(6 * 5), shape: [6, 5], on: device),
        target: Tensor(integers: [0, 1, 2, 2, 1, 0], on: device))
      try batch.input.checkPoison()
      try batch.target.checkPoison()
      try model.build(inputShape: [5], on: device, seed: 1)
      step = try TrainingStep(
        model, optimizer: .adam(learningRate: 0.01, clipping: .globalNorm(1)), loss: .crossEntropy(), seed: 2)
    }

    /// The loss of a step.
    func makeStep() throws -> Double { try step(batch).loss.item() }

    func numbers() throws -> [Float] { try model.parameters.flatMap { try $0.parameter.value.scalars() } }
  }

  /// The results of a run: the losses of three steps, and the weights after them.
  private struct Course: Equatable {
    var losses: [Double] = []
    var weights: [Float] = []
  }

  private func expectOutOfMemory(_ error: any Error, _ site: String, inUse: Int) {
    guard case DeviceError.outOfMemory(let requested, let live, let limit)? = error as? DeviceError else {
      Issue.record("\(site): \(error)")
      return
    }
    #expect(requested >= 0 && live >= inUse && limit > 0, "\(site)")
  }

  /// After a single failing call, the cache is released and the call succeeds; a second consecutive failure is an
  /// error. (The first step creates the state of the optimizer. The second may be recorded, and the third replayed.)
  @Test(arguments: TestDevices.all, [2, 3]) func aStepSurvives(device: OpenCLDevice, number: Int) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device), functions: ScarceDriver.functions)
    ScarceDriver.recover()
    let there = Device(backend)
    let expected = try course(on: there)
    for length in 1...3 {
      var (site, errors) = (0, 0)
      while true {
        let training = try Training(on: there)
        var course = Course()
        while course.losses.count < number - 1 { course.losses.append(try training.makeStep()) }
        backend.trimMemory()
        let (live, buffers) = (backend.memoryStatistics().liveBytes, ScarceDriver.buffers.load(ordering: .relaxed))
        ScarceDriver.fail(site, length)
        do {
          course.losses.append(try training.makeStep())
          ScarceDriver.recover()
        } catch {
          ScarceDriver.recover()
          errors += 1
          expectOutOfMemory(error, "call \(site)", inUse: live)
          if training.step.optimizer.step == number {
            // The update was performed, but the loss could not be read: the step is complete.
            course.losses.append(expected.losses[number - 1])
          } else {
            #expect(backend.memoryStatistics().liveBytes == live, "call \(site)")
            backend.trimMemory()
            #expect(ScarceDriver.buffers.load(ordering: .relaxed) == buffers, "call \(site)")
          }
        }
        let failures = ScarceDriver.failures.load(ordering: .relaxed)
        while course.losses.count < 3 { course.losses.append(try training.makeStep()) }
        course.weights = try training.numbers()
        #expect(course == expected, "call \(site) of step \(number), \(length) failing")
        if failures == 0 { break }
        site += 1
      }
      // The step makes dozens of such calls; most of them need memory.
      #expect(site > 10 && errors > site / 4, "\(site) calls, \(errors) errors")
    }
    backend.trimMemory()
    #expect(backend.memoryStatistics().liveBytes == 0)
  }

  /// The same for creating the model and its first step, on a device where everything else has been done before.
  @Test(arguments: TestDevices.all) func aBeginningSurvives(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device), functions: ScarceDriver.functions)
    ScarceDriver.recover()
    let there = Device(backend)
    let expected = try course(on: there)
    backend.trimMemory()
    let (live, buffers) = (backend.memoryStatistics().liveBytes, ScarceDriver.buffers.load(ordering: .relaxed))
    var site = 0
    while true {
      ScarceDriver.fail(site, 2)
      do {
        #expect(try course(on: there) == expected, "call \(site)")
      } catch {
        expectOutOfMemory(error, "call \(site)", inUse: live)
      }
      let failures = ScarceDriver.failures.load(ordering: .relaxed)
      ScarceDriver.recover()
      #expect(backend.memoryStatistics().liveBytes == live, "call \(site)")
      backend.trimMemory()
      #expect(ScarceDriver.buffers.load(ordering: .relaxed) == buffers, "call \(site)")
      if failures == 0 { break }
      site += 1
    }
    #expect(site > 40, "\(site) calls")
    #expect(try course(on: there) == expected)
  }

  private func course(on device: Device) throws -> Course {
    let training = try Training(on: device)
    let losses = [try training.makeStep(), try training.makeStep(), try training.makeStep()]
    return Course(losses: losses, weights: try training.numbers())
  }

  /// The first use of a device, when programs are built and pinned memory is mapped: each failing call causes a
  /// specific error or is handled, and the next call succeeds.
  @Test(arguments: TestDevices.all) func theFirstUseSurvives(device: OpenCLDevice) throws {
    var site = 0
    while true {
      ScarceDriver.recover()
      let backend = try OpenCLBackend(device, OpenCLOptions(for: device), functions: ScarceDriver.functions)
      let use = {
        let x = try backend.upload([1, 2, 3] as [Float])
        try backend.scan(.sum, x, AxisShape(outer: 1, extent: 3, inner: 1), reversed: false, into: x)
        return try backend.floats(x, count: 3)
      }
      ScarceDriver.fail(site, 2, with: CL_OUT_OF_HOST_MEMORY)
      do {
        #expect(try use() == [1, 3, 6], "call \(site)")
      } catch BackendError.outOfMemory {
      } catch BackendError.kernelBuild(let program, let log) {
        #expect(program.contains("Scan") && log.contains("CL_OUT_OF_HOST_MEMORY"), "call \(site): \(log)")
      }
      let failures = ScarceDriver.failures.load(ordering: .relaxed)
      ScarceDriver.recover()
      #expect(backend.memoryStatistics().liveBytes == 0, "call \(site)")
      #expect(try use() == [1, 3, 6], "call \(site)")
      if failures == 0 { break }
      site += 1
    }
    #expect(site >= 7, "\(site) calls")
  }
}
#endif
