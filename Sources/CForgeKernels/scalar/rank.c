// Products of a power iteration, of two arrays, and a scaled matrix plus an outer product; sums in double.
#include "scalar.h"

size_t fk_scalar_power_workspace(int64_t rows, int64_t columns) {
  (void)rows;
  // The caller's memory may start anywhere.
  return (size_t)fk_max64(0, columns) * sizeof(double) + sizeof(double);
}

fk_status fk_scalar_power_products(int64_t rows, int64_t columns, const float *matrix, const float *right, float *left, float *back,
                                   void *memory, size_t bytes) {
  if (rows < 0 || columns < 0) return FK_BAD_GEOMETRY;
  if (bytes < fk_scalar_power_workspace(rows, columns)) return FK_WORKSPACE_TOO_SMALL;
  double *sum = (double *)fk_round_up((size_t)(uintptr_t)memory, sizeof(double));
  for (int64_t c = 0; c < columns; c++) sum[c] = 0;
  for (int64_t row = 0; row < rows; row++, matrix += columns) {
    double product = 0;
    for (int64_t c = 0; c < columns; c++) product += (double)matrix[c] * right[c];
    left[row] = (float)product;
    for (int64_t c = 0; c < columns; c++) sum[c] += product * matrix[c];
  }
  for (int64_t c = 0; c < columns; c++) back[c] = (float)sum[c];
  return FK_OK;
}

fk_status fk_scalar_dot(size_t n, const float *a, const float *b, float *out) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)a[i] * b[i];
  *out = (float)sum;
  return FK_OK;
}

fk_status fk_scalar_add_outer(int64_t rows, int64_t columns, float scale, const float *x, float factor, const float *left,
                              const float *right, float *y) {
  if (rows < 0 || columns < 0) return FK_BAD_GEOMETRY;
  for (int64_t row = 0; row < rows; row++) {
    float rowwise = factor * left[row];
    for (int64_t c = 0; c < columns; c++) y[row * columns + c] = scale * x[row * columns + c] + rowwise * right[c];
  }
  return FK_OK;
}
