#include "CLapack.h"

#include <dlfcn.h>
#include <stdlib.h>

// Returns false from the function around it if the library lacks a function.
#define NN_LOAD(FUNCTION)                                                              \
  functions->FUNCTION = (__typeof__(functions->FUNCTION))dlsym(handle, #FUNCTION);     \
  if (!functions->FUNCTION) return false;

bool nn_lapack_open(const char *library, struct nn_lapack *functions) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return false;
  NN_LOAD(dgetrf_)
  NN_LOAD(dgetrs_)
  NN_LOAD(dgetri_)
  NN_LOAD(dpotrf_)
  NN_LOAD(dsytrf_)
  NN_LOAD(dtrtrs_)
  NN_LOAD(dgeqrf_)
  NN_LOAD(dorgqr_)
  NN_LOAD(dgesdd_)
  NN_LOAD(dsyevd_)
  NN_LOAD(dgelsd_)
  return true;
}

int32_t nn_lapack_lu(struct nn_lapack lapack, int32_t m, int32_t n, double *a, int32_t *pivots) {
  int32_t info;
  lapack.dgetrf_(&m, &n, a, &m, pivots, &info);
  return info;
}

int32_t nn_lapack_lu_solve(struct nn_lapack lapack, bool transposed, int32_t n, int32_t k, const double *lu,
                           const int32_t *pivots, double *b) {
  int32_t info;
  lapack.dgetrs_(transposed ? "T" : "N", &n, &k, lu, &n, pivots, b, &n, &info, 1);
  return info;
}

int32_t nn_lapack_cholesky(struct nn_lapack lapack, int32_t n, double *a) {
  int32_t info;
  lapack.dpotrf_("U", &n, a, &n, &info, 1);
  return info;
}

int32_t nn_lapack_triangular_solve(struct nn_lapack lapack, bool upper, bool transposed, int32_t n, int32_t k,
                                   const double *t, double *b) {
  int32_t info;
  lapack.dtrtrs_(upper ? "U" : "L", transposed ? "T" : "N", "N", &n, &k, t, &n, b, &n, &info, 1, 1, 1);
  return info;
}

// The functions below need memory for their work. A first call with the size -1 returns the best size, and CALL is
// evaluated again with this size.
#define NN_WITH_WORK(CALL)                                                             \
  double size;                                                                         \
  double *work = &size;                                                                \
  int32_t lwork = -1, info;                                                            \
  CALL;                                                                                \
  if (info) return info;                                                               \
  lwork = (int32_t)size;                                                               \
  work = malloc((size_t)lwork * sizeof(double));                                       \
  if (!work) return nn_lapack_no_memory;                                               \
  CALL;                                                                                \
  free(work);                                                                          \
  return info;

int32_t nn_lapack_lu_inverse(struct nn_lapack lapack, int32_t n, double *lu, const int32_t *pivots) {
  NN_WITH_WORK(lapack.dgetri_(&n, lu, &n, pivots, work, &lwork, &info))
}

int32_t nn_lapack_ldl(struct nn_lapack lapack, int32_t n, double *a, int32_t *pivots) {
  NN_WITH_WORK(lapack.dsytrf_("L", &n, a, &n, pivots, work, &lwork, &info, 1))
}

int32_t nn_lapack_qr(struct nn_lapack lapack, int32_t m, int32_t n, double *a, double *scales) {
  NN_WITH_WORK(lapack.dgeqrf_(&m, &n, a, &m, scales, work, &lwork, &info))
}

int32_t nn_lapack_orthonormal(struct nn_lapack lapack, int32_t m, int32_t k, double *a, const double *scales) {
  NN_WITH_WORK(lapack.dorgqr_(&m, &k, &k, a, &m, scales, work, &lwork, &info))
}

static int32_t svd(struct nn_lapack lapack, int32_t m, int32_t n, double *a, double *s, double *u, double *vt,
                   int32_t *integers) {
  int32_t k = m < n ? m : n;
  NN_WITH_WORK(lapack.dgesdd_(u ? "S" : "N", &m, &n, a, &m, s, u, &m, vt, &k, work, &lwork, integers, &info, 1))
}

int32_t nn_lapack_svd(struct nn_lapack lapack, int32_t m, int32_t n, double *a, double *s, double *u,
                      double *vt) {
  int32_t *integers = malloc(8 * (size_t)(m < n ? m : n) * sizeof(int32_t));
  if (!integers) return nn_lapack_no_memory;
  int32_t info = svd(lapack, m, n, a, s, u, vt, integers);
  free(integers);
  return info;
}

static int32_t symmetric_eigenvalues(struct nn_lapack lapack, bool vectors, int32_t n, double *a, double *w,
                                     int32_t *integers, int32_t count) {
  NN_WITH_WORK(lapack.dsyevd_(vectors ? "V" : "N", "U", &n, a, &n, w, work, &lwork, integers, &count, &info, 1, 1))
}

int32_t nn_lapack_symmetric_eigenvalues(struct nn_lapack lapack, bool vectors, int32_t n, double *a, double *w) {
  // The least number that LAPACK's documentation allows; it does not become faster with more.
  int32_t count = 3 + 5 * n;
  int32_t *integers = malloc((size_t)count * sizeof(int32_t));
  if (!integers) return nn_lapack_no_memory;
  int32_t info = symmetric_eigenvalues(lapack, vectors, n, a, w, integers, count);
  free(integers);
  return info;
}

int32_t nn_lapack_least_squares(struct nn_lapack lapack, int32_t m, int32_t n, int32_t k, double tolerance,
                                double *a, double *b, double *s) {
  int32_t rows = m > n ? m : n, rank, info, lwork = -1, integer_count;
  double size;
  lapack.dgelsd_(&m, &n, &k, a, &m, b, &rows, s, &tolerance, &rank, &size, &lwork, &integer_count, &info);
  if (info) return info;
  lwork = (int32_t)size;
  double *work = malloc((size_t)lwork * sizeof(double));
  int32_t *integers = malloc((size_t)integer_count * sizeof(int32_t));
  if (work && integers) {
    lapack.dgelsd_(&m, &n, &k, a, &m, b, &rows, s, &tolerance, &rank, work, &lwork, integers, &info);
  } else {
    info = nn_lapack_no_memory;
  }
  free(integers);
  free(work);
  return info;
}
