#if OpenCL
import BackendCore
import COpenCL

@testable import BackendOpenCL

extension OpenCLBackend {
  /// Builds a program with further options for the compiler, and returns the names of all its kernels.
  func kernelNames(of name: ProgramName, options extra: String = "") throws -> [String] {
    let cl = context.cl
    let programs = ProgramCache(
      context, sources: options.sources, binaries: nil, definitions: options.definitions)
    let program = try programs.compile(
      options.sources.source(of: name.family), programs.options(for: name) + extra, describedAs: name.description)
    defer { _ = cl.clReleaseProgram(program) }
    let key = cl_program_info(CL_PROGRAM_KERNEL_NAMES)
    var length = 0
    try context.check(cl.clGetProgramInfo(program, key, 0, nil, &length), "the length of the kernels' names")
    var bytes = [UInt8](repeating: 0, count: length)
    try context.check(cl.clGetProgramInfo(program, key, length, &bytes, nil), "the kernels' names")
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(separator: ";").map(String.init)
  }
}
#endif
