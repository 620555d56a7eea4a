import HostSystem
import BackendCPU
import CommandSupport
import ModelFormats
import NeuralNetworks

#if OpenCL
import BackendOpenCL
#endif

/// The examination performed by `nn doctor`.
struct Examination {
  /// The findings in display order.
  let findings: [Finding]

  init() {
    let platforms = Platforms.find()
    let devices = Device.available()
    findings =
      [Examination.processor()] + Examination.openCL(platforms) + Examination.caches()
      + devices.map(Examination.selfTest)
  }

  var isBroken: Bool { findings.contains { $0.verdict == .broken } }

  // MARK: The processor

  private static func processor() -> Finding {
    let cpu = CPUBackend.shared
    let sets = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
    let threads = "\(cpu.threadCount) thread\(cpu.threadCount == 1 ? "" : "s")"
    let text = "\(cpu.name), uses \(cpu.instructionSet.rawValue) of \(sets); \(threads)"
    guard let fastest = InstructionSet.available.first, fastest != cpu.instructionSet else {
      return Finding(subject: "cpu", verdict: .good, text: text)
    }
    return Finding(
      subject: "cpu", verdict: .notice, text: text,
      advice: "without the variable NN_CPU_ISA it would use \(fastest.rawValue)")
  }

  // MARK: OpenCL

  private static func openCL(_ platforms: Platforms) -> [Finding] {
    #if OpenCL
    guard let loader = platforms.loader else {
      return [
        Finding(
          subject: "OpenCL", verdict: .notice, text: "there is no loader, so there is no GPU",
          advice: "install ocl-icd-libopencl1 (Debian, Ubuntu) and the driver of the GPU")
      ]
    }
    let place = platforms.place ?? "nowhere"
    var findings = [Finding(subject: "OpenCL loader", verdict: .good, text: "\(loader), looks for drivers in \(place)")]
    for (index, platform) in platforms.found.enumerated() {
      findings.append(
        Finding(subject: "OpenCL platform \(index)", verdict: .good, text: "\(platform.name), \(platform.version)"))
    }
    if platforms.found.isEmpty {
      findings.append(
        Finding(
          subject: "OpenCL", verdict: .notice, text: platforms.reason ?? "no device",
          advice: "install the driver of the GPU; it installs a file with its name in \(place)"))
    }
    findings += OpenCLVendors.tried().vendors.filter { $0.failure != nil }.map { vendor in
      Finding(
        subject: "OpenCL driver", verdict: .broken, text: oneLine("\(vendor)"),
        advice: "install the driver again, or remove \(vendor.source)")
    }
    findings += platforms.unlisted.map { driver in
      Finding(
        subject: "OpenCL driver", verdict: .notice,
        text: "\(driver) is named by no file, so the loader does not know it",
        advice: "set OCL_ICD_VENDORS=\(driver)")
    }
    return findings
    #else
    return [
      Finding(
        subject: "OpenCL", verdict: .notice, text: "left out of this build", advice: "build with the trait OpenCL")
    ]
    #endif
  }

  // MARK: Caches

  private static func caches() -> [Finding] {
    #if OpenCL
    let subject = "cache of OpenCL programs"
    guard let cache = CacheFolder.fromEnvironment() else {
      return [
        Finding(
          subject: subject, verdict: .notice, text: "there is no folder for it, so each process builds its programs",
          advice: "set HOME or XDG_CACHE_HOME")
      ]
    }
    let folder = cache.path
    if let fault = cache.fault {
      return [
        Finding(
          subject: subject, verdict: .notice,
          text: "\(folder) is not used, so programs are built in each process: \(fault)",
          advice: "remove it, or set XDG_CACHE_HOME")
      ]
    }
    guard let size = bytes(inFolder: folder) else {
      return [Finding(subject: subject, verdict: .good, text: "\(folder), not created yet")]
    }
    let text = "\(folder), \((Double(size) / 1e6).fixed(1)) MB"
    if mayWrite(in: folder) { return [Finding(subject: subject, verdict: .good, text: text + ", writable")] }
    return [
      Finding(
        subject: subject, verdict: .notice, text: text + ", not writable, so programs are built in each process",
        advice: "allow this account to write there, or set XDG_CACHE_HOME")
    ]
    #else
    return []
    #endif
  }

  // MARK: Devices

  private static func selfTest(_ listed: Device) -> Finding {
    let subject = "self-test \(listed.identifier)"
    let start = monotonicSeconds()
    do {
      let faults = try SelfTest(device: .named(listed.identifier)).faults()
      let time = "\((monotonicSeconds() - start).fixed(2)) s"
      if faults.isEmpty {
        return Finding(
          subject: subject, verdict: .good, text: "matrix product, softmax, and training step are correct, \(time)")
      }
      return Finding(
        subject: subject, verdict: .broken, text: faults.joined(separator: "; "),
        advice: "do not use this device; its driver or the device itself computes wrongly")
    } catch {
      return Finding(
        subject: subject, verdict: .broken, text: oneLine("\(error)"), advice: "use --device cpu, and see 'nn devices'")
    }
  }
}

/// A finding of `nn doctor`.
struct Finding {
  enum Verdict: String {
    case good
    /// The subject works but can be improved.
    case notice
    /// The subject does not work.
    case broken
  }

  /// The subject, such as "cpu" or "self-test opencl:0:0".
  let subject: String
  let verdict: Verdict
  let text: String
  /// The suggested action.
  var advice: String?

  var json: JSONValue {
    [
      "subject": .string(subject), "verdict": .string(verdict.rawValue), "text": .string(text),
      "advice": advice.map(JSONValue.string) ?? .null,
    ]
  }

  var lines: [String] {
    let mark =
      switch verdict {
      case .good: "ok    "
      case .notice: "note  "
      case .broken: "BROKEN"
      }
    return ["\(mark)  \(subject): \(text)"] + (advice.map { ["        → \($0)"] } ?? [])
  }
}
