#if OpenCL
import HostSystem
import Files
import Synchronization
import TestSupport

@testable import BackendOpenCL

/// Optional compilers for GPUs. `Scripts/test-opencl gpu-code` installs them and sets the variables.
struct GPUCompilers {
  /// The LLVM compiler with NVIDIA and AMD targets, and the library of built-in functions for each of them.
  let clang, nvidiaLibrary, amdLibrary: String
  /// NVIDIA's assembler and disassembler.
  let ptxas, nvdisasm: String
  /// The compiler of Intel's driver, as a separate program.
  let ocloc: String

  /// The compilers named by the environment; nil if one is missing.
  static let fromEnvironment: GPUCompilers? = {
    func variable(_ name: String) -> String? { getenv("NN_GPU_\(name)").map { String(cString: $0) } }
    guard let clang = variable("CLANG"), let libraries = variable("LIBRARIES"), let ptxas = variable("PTXAS"),
      let nvdisasm = variable("NVDISASM"), let ocloc = variable("OCLOC")
    else { return nil }
    return GPUCompilers(
      clang: clang, nvidiaLibrary: libraries + "/nvptx64--nvidiacl.bc", amdLibrary: libraries + "/amdgcn--amdhsa.bc",
      ptxas: ptxas, nvdisasm: nvdisasm, ocloc: ocloc)
  }()

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The kernels of a program, assembled by NVIDIA's assembler for Hopper. The intermediate text does not come from
  /// NVIDIA's driver but from a related compiler.
  func nvidia(_ program: ProgramName) throws -> [NVIDIAKernel] {
    let compiled = GPUCompilers.compiled.withLock { all in
      if let known = all[program] { return known }
      let compiled = Compiled()
      all[program] = compiled
      return compiled
    }
    // Tests that need the same program at the same time wait for one compilation.
    return try compiled.kernels.withLock { kernels in
      if let kernels { return kernels }
      let result = try compileForNVIDIA(program)
      kernels = result
      return result
    }
  }

  /// The kernels of a program, once they are compiled.
  private final class Compiled: Sendable {
    let kernels = Mutex<[NVIDIAKernel]?>(nil)
  }

  /// The programs compiled so far, which several tests share.
  private static let compiled = Mutex<[ProgramName: Compiled]>([:])

  /// The kernels of a program, assembled for an architecture.
  func compileForNVIDIA(_ program: ProgramName, _ architecture: String = "sm_90") throws -> [NVIDIAKernel] {
    let folder = try TemporaryFolder()
    try compile(
      program, in: folder,
      // NVIDIA's compiler knows `asm`, a keyword of GNU C.
      "-target nvptx64--nvidiacl -Xclang -target-cpu -Xclang \(architecture) -Xclang -target-feature "
        + "-Xclang +ptx80 -fgnu-keywords -D__NV_CL_C_VERSION=120", library: nvidiaLibrary)
    let log = try run("\(ptxas) -v -arch=\(architecture) \(folder("code.s")) -o \(folder("code.bin"))")
    return try NVIDIAKernel.parse(log: log, listing: try run("\(nvdisasm) -c \(folder("code.bin"))"))
  }

  /// The number of bytes of memory per kernel for values that do not fit into registers on an AMD device.
  func amdScratch(_ program: ProgramName, _ device: String) throws -> [String: Int] {
    let folder = try TemporaryFolder()
    try compile(program, in: folder, "-target amdgcn--amdhsa -nogpulib -mcpu=\(device)", library: amdLibrary)
    var bytes: [String: Int] = [:]
    var name = ""
    for line in String(decoding: try folder.bytes("code.s"), as: UTF8.self).split(separator: "\n") {
      if let range = line.firstRange(of: "; @") { name = String(line[range.upperBound...]) }
      if line.hasPrefix("; ScratchSize: ") { bytes[name] = Int(line.dropFirst(15)) }
    }
    return bytes
  }

  /// The kernels of a program for which an Intel device does not have enough registers.
  func intelSpills(_ program: ProgramName, _ device: String) throws -> Set<String> {
    let folder = try TemporaryFolder()
    try folder.write(KernelSources.fromEnvironment.source(of: program.family), "code.cl")
    let log = try run(
      "\(ocloc) compile -file \(folder("code.cl")) -device \(device) -out_dir \(folder.path) "
        + "-options '-cl-std=\(program.usesDotProducts ? "CL3.0" : "CL1.2")\(program.definitions)'")
    guard log.contains("Build succeeded") else { throw Failure(description: String(log.prefix(2000))) }
    // "warning: kernel NAME  compiled SIMD8 allocated 128 regs and spilled around 57"
    let lines = log.split(separator: "\n").filter { $0.contains("spilled") }
    return Set(lines.compactMap { line in line.split(separator: " ").dropFirst(2).first.map(String.init) })
  }

  private func compile(_ program: ProgramName, in folder: TemporaryFolder, _ target: String, library: String) throws {
    try folder.write(KernelSources.fromEnvironment.source(of: program.family), "code.cl")
    _ = try run(
      "\(clang) -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -O3 -w -DFP_FAST_FMAF \(target)\(program.definitions) "
        + "-Xclang -mlink-builtin-bitcode -Xclang \(library) -S -o \(folder("code.s")) \(folder("code.cl"))")
  }

  /// The output of a command, including errors.
  private func run(_ command: String) throws -> String {
    let child = try ChildProcess("sh", ["-c", "exec \(command) 2>&1"])
    let deadline = monotonicSeconds() + 300
    var output: [UInt8] = []
    while true {
      let piece = try child.readOutput(deadline: deadline)
      if piece.isEmpty { break }
      output += piece
    }
    let text = String(decoding: output, as: UTF8.self)
    guard child.wait() == 0 else { throw Failure(description: "\(command): \(text.prefix(2000))") }
    return text
  }
}
#endif
