// The OpenCL entry points that the backend uses, opened at run time: one binary starts on machines with and without a loader.
#pragma once

#if __has_include(<CL/cl.h>)

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

// Every function that is called, once; the table below and its loader are made from this list.
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
/// The entry points of the loader, by their own names.
typedef struct NNOpenCLFunctions {
  NN_OPENCL_FUNCTIONS(NN_OPENCL_FIELD)
} NNOpenCLFunctions;
#undef NN_OPENCL_FIELD

/// The entry points of the system's loader, opened once; null when there is none, and then `nn_opencl_load_error` says why.
/// Any thread may call.
const NNOpenCLFunctions *_Nullable nn_opencl_functions(void);

/// Why there are no entry points: the dynamic linker's own words; empty when there are.
const char *_Nonnull nn_opencl_load_error(void);

/// The file that the entry points of `nn_opencl_functions` come from; null when there are none.
const char *_Nullable nn_opencl_loader_path(void);

/// Asks a driver's library for its platforms, as a loader does. Returns null when it has some, or the reason why not, to be
/// freed by the caller.
char *_Nullable nn_opencl_vendor_failure(const char *_Nonnull library);

/// Opens `library` and fills the table. Returns null, or the reason why it failed, to be freed by the caller.
char *_Nullable nn_opencl_open(const char *_Nonnull library, NNOpenCLFunctions *_Nonnull functions);

/// How often this process has come out of fork() as the child since the entry points were opened. An OpenCL context does
/// not survive a fork: calls in the child hang or crash.
int nn_opencl_forks(void);

#elif defined(NN_OPENCL)
#error "CL/cl.h not found: install ocl-icd-opencl-dev and opencl-headers (Debian), or build with --disable-default-traits"
#endif
