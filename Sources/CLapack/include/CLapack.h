/// LAPACK, opened when the first matrix is factored.
///
/// The package builds without LAPACK, and a program needs the library only if it uses these functions. They call LAPACK's
/// Fortran interface with integers of 32 bits, which OpenBLAS and Intel MKL have, too. All matrices are stored column by
/// column, without gaps, and have at least one element.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The entry points. All arguments are passed by reference, and the lengths of the strings follow the other arguments.
struct nn_lapack {
  void (*dgetrf_)(const int32_t *m, const int32_t *n, double *a, const int32_t *lda, int32_t *pivots, int32_t *info);
  void (*dgetrs_)(const char *trans, const int32_t *n, const int32_t *nrhs, const double *a, const int32_t *lda,
                  const int32_t *pivots, double *b, const int32_t *ldb, int32_t *info, size_t);
  void (*dgetri_)(const int32_t *n, double *a, const int32_t *lda, const int32_t *pivots, double *work,
                  const int32_t *lwork, int32_t *info);
  void (*dpotrf_)(const char *uplo, const int32_t *n, double *a, const int32_t *lda, int32_t *info, size_t);
  void (*dsytrf_)(const char *uplo, const int32_t *n, double *a, const int32_t *lda, int32_t *pivots, double *work,
                  const int32_t *lwork, int32_t *info, size_t);
  void (*dtrtrs_)(const char *uplo, const char *trans, const char *diag, const int32_t *n, const int32_t *nrhs,
                  const double *a, const int32_t *lda, double *b, const int32_t *ldb, int32_t *info, size_t, size_t,
                  size_t);
  void (*dgeqrf_)(const int32_t *m, const int32_t *n, double *a, const int32_t *lda, double *tau, double *work,
                  const int32_t *lwork, int32_t *info);
  void (*dorgqr_)(const int32_t *m, const int32_t *n, const int32_t *k, double *a, const int32_t *lda,
                  const double *tau, double *work, const int32_t *lwork, int32_t *info);
  void (*dgesdd_)(const char *jobz, const int32_t *m, const int32_t *n, double *a, const int32_t *lda, double *s,
                  double *_Nullable u, const int32_t *ldu, double *_Nullable vt, const int32_t *ldvt, double *work,
                  const int32_t *lwork, int32_t *iwork, int32_t *info, size_t);
  void (*dsyevd_)(const char *jobz, const char *uplo, const int32_t *n, double *a, const int32_t *lda, double *w,
                  double *work, const int32_t *lwork, int32_t *iwork, const int32_t *liwork, int32_t *info, size_t,
                  size_t);
  void (*dgelsd_)(const int32_t *m, const int32_t *n, const int32_t *nrhs, double *a, const int32_t *lda, double *b,
                  const int32_t *ldb, double *s, const double *rcond, int32_t *rank, double *work,
                  const int32_t *lwork, int32_t *iwork, int32_t *info);
};

/// Opens a library, which stays open. Returns false if there is none of this name, or if it lacks a function.
bool nn_lapack_open(const char *library, struct nn_lapack *functions);

/// The functions below return 0 on success, this number if there is no memory for their work, and otherwise LAPACK's
/// positive number for the failure.
enum { nn_lapack_no_memory = -1000 };

/// Replaces A, m×n, by its LU factorization with row exchanges. It fails at the first pivot that is 0, counted from 1, but
/// only after all of A is factored. `pivots` has min(m, n) elements.
int32_t nn_lapack_lu(struct nn_lapack lapack, int32_t m, int32_t n, double *a, int32_t *pivots);
/// Replaces B, n×k, by the solution of AX = B or AᵀX = B, where A is given by its LU factorization.
int32_t nn_lapack_lu_solve(struct nn_lapack lapack, bool transposed, int32_t n, int32_t k, const double *lu,
                           const int32_t *pivots, double *b);
/// Replaces the LU factorization of A by the inverse of A.
int32_t nn_lapack_lu_inverse(struct nn_lapack lapack, int32_t n, double *lu, const int32_t *pivots);
/// Replaces the upper triangle of the symmetric matrix A by U, where A = UᵀU. It fails with the order of the first
/// leading minor that is not positive.
int32_t nn_lapack_cholesky(struct nn_lapack lapack, int32_t n, double *a);
/// Replaces the lower triangle of the symmetric matrix A by its LDLᵀ factorization with exchanges of rows and columns, in
/// LAPACK's compact form. A positive pivot k belongs to a block of one row, exchanged with row k. Two equal negative pivots
/// belong to a block of two rows, whose second row was exchanged with row −k. Rows count from 1. It fails if a
/// block of one row is exactly 0, but only after all of A is factored. `pivots` has n elements.
int32_t nn_lapack_ldl(struct nn_lapack lapack, int32_t n, double *a, int32_t *pivots);
/// Replaces B, n×k, by the solution of TX = B or TᵀX = B with the lower or upper triangle of T. It fails at the first
/// diagonal element that is 0, counted from 1.
int32_t nn_lapack_triangular_solve(struct nn_lapack lapack, bool upper, bool transposed, int32_t n, int32_t k,
                                   const double *t, double *b);
/// Replaces A, m×n, by R in its upper triangle and reflectors below it. `scales` has min(m, n) elements.
int32_t nn_lapack_qr(struct nn_lapack lapack, int32_t m, int32_t n, double *a, double *scales);
/// Replaces k ≤ m columns of reflectors by orthonormal columns.
int32_t nn_lapack_orthonormal(struct nn_lapack lapack, int32_t m, int32_t k, double *a, const double *scales);
/// Computes min(m, n) singular values in descending order; unless `u` and `vt` are null, also U, m×min(m, n), and Vᵀ,
/// min(m, n)×n. A is overwritten.
int32_t nn_lapack_svd(struct nn_lapack lapack, int32_t m, int32_t n, double *a, double *s, double *_Nullable u,
                      double *_Nullable vt);
/// Computes the eigenvalues of a symmetric matrix, given by its upper triangle, in ascending order, and overwrites A;
/// if `vectors`, with the eigenvectors as columns.
int32_t nn_lapack_symmetric_eigenvalues(struct nn_lapack lapack, bool vectors, int32_t n, double *a, double *w);
/// Replaces the first n rows of B by the shortest X with the smallest ‖AX − B‖. B has max(m, n) rows, of which m are
/// given, and k columns. Singular values up to `tolerance` times the largest count as 0. `s` has min(m, n) elements; A
/// is overwritten.
int32_t nn_lapack_least_squares(struct nn_lapack lapack, int32_t m, int32_t n, int32_t k, double tolerance,
                                double *a, double *b, double *s);

#pragma clang assume_nonnull end
