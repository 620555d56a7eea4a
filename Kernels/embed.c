#include "OpenCLKernels.h"
