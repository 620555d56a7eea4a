// BackendOpenCL
