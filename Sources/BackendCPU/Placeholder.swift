// BackendCPU
