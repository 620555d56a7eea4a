#if OpenCL
import BackendCore
import COpenCL

@testable import BackendOpenCL

extension OpenCLBackend {
  /// The names of all kernels of a program.
  func kernelNames(of name: ProgramName) throws -> [String] {
    let cl = context.cl
    let program = try launcher.programs.program(name).handle
    let key = cl_program_info(CL_PROGRAM_KERNEL_NAMES)
    var length = 0
    try context.check(cl.clGetProgramInfo(program, key, 0, nil, &length), "the length of the kernels' names")
    var bytes = [UInt8](repeating: 0, count: length)
    try context.check(cl.clGetProgramInfo(program, key, length, &bytes, nil), "the kernels' names")
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(separator: ";").map(String.init)
  }
}
#endif
