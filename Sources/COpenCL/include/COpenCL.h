// The OpenCL entry points that the backend uses, loaded at run time: one binary starts on machines with and without a
// loader.
#pragma once

#if __has_include(<CL/cl.h>)

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

// Every function that is used. The table below and its loader are generated from this list.
#define NN_OPENCL_FUNCTIONS(F) \
  F(clGetPlatformIDs) \
  F(clGetPlatformInfo) \
  F(clGetDeviceIDs) \
  F(clGetDeviceInfo) \
  F(clCreateContext) \
  F(clReleaseContext) \
  F(clCreateCommandQueue) \
  F(clReleaseCommandQueue) \
  F(clCreateBuffer) \
  F(clReleaseMemObject) \
  F(clEnqueueReadBuffer) \
  F(clEnqueueWriteBuffer) \
  F(clEnqueueCopyBuffer) \
  F(clEnqueueFillBuffer) \
  F(clEnqueueMapBuffer) \
  F(clEnqueueMigrateMemObjects) \
  F(clFlush) \
  F(clFinish) \
  F(clGetEventInfo) \
  F(clGetEventProfilingInfo) \
  F(clRetainEvent) \
  F(clReleaseEvent) \
  F(clCreateProgramWithSource) \
  F(clCreateProgramWithBinary) \
  F(clBuildProgram) \
  F(clGetProgramInfo) \
  F(clGetProgramBuildInfo) \
  F(clReleaseProgram) \
  F(clCreateKernel) \
  F(clGetKernelArgInfo) \
  F(clGetKernelInfo) \
  F(clGetKernelWorkGroupInfo) \
  F(clSetKernelArg) \
  F(clReleaseKernel) \
  F(clEnqueueNDRangeKernel)

#define NN_OPENCL_FIELD(function) __typeof__(function) *_Nonnull function;
/// The entry points of the loader, by name.
typedef struct NNOpenCLFunctions {
  NN_OPENCL_FUNCTIONS(NN_OPENCL_FIELD)
} NNOpenCLFunctions;
#undef NN_OPENCL_FIELD

/// The entry points of the system's loader, opened once. Null if there is no loader; `nn_opencl_load_error` then
/// returns the reason. Can be called from any thread.
const NNOpenCLFunctions *_Nullable nn_opencl_functions(void);

/// The reason why there are no entry points, as reported by the dynamic linker; empty if there are.
const char *_Nonnull nn_opencl_load_error(void);

/// The file that provides the entry points of `nn_opencl_functions`; null if there are none.
const char *_Nullable nn_opencl_loader_path(void);

/// Queries a driver's library for its platforms, like a loader. Returns null if it has some. Otherwise, returns the
/// reason, which the caller must free.
char *_Nullable nn_opencl_vendor_failure(const char *_Nonnull library);

/// Opens `library` and fills the table. Returns null on success. Otherwise, returns the reason, which the caller must
/// free.
char *_Nullable nn_opencl_open(const char *_Nonnull library, NNOpenCLFunctions *_Nonnull functions);

/// The number of times this process has become the child of a fork() since the entry points were opened. An OpenCL
/// context does not survive a fork: calls in the child hang or crash.
int nn_opencl_forks(void);

#elif defined(NN_OPENCL)
#error "CL/cl.h not found: install ocl-icd-opencl-dev and opencl-headers (Debian), or build with --disable-default-traits"
#endif
