// Activations whose gradient is one pass: leaky ReLU and PReLU; sums in double.
#include "scalar.h"

fk_status fk_scalar_leaky_relu_backward(size_t n, float slope, const float *y, const float *dy, float *dx) {
  for (size_t i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : slope * dy[i];
  return FK_OK;
}

static int is_bad(int64_t rows, int64_t channels, int64_t slope_count) {
  return rows < 0 || channels < 0 || (slope_count != 1 && slope_count != channels);
}

fk_status fk_scalar_prelu(int64_t rows, int64_t channels, int64_t slope_count, const float *x, const float *slopes, float *y) {
  if (is_bad(rows, channels, slope_count)) return FK_BAD_GEOMETRY;
  for (int64_t i = 0; i < rows * channels; i++) y[i] = x[i] > 0 ? x[i] : slopes[slope_count == 1 ? 0 : i % channels] * x[i];
  return FK_OK;
}

size_t fk_scalar_prelu_backward_workspace(int64_t rows, int64_t channels, int64_t slope_count) {
  (void)rows;
  (void)channels;
  // The caller's memory may start anywhere.
  return (size_t)(slope_count > 0 ? slope_count : 0) * sizeof(double) + sizeof(double);
}

fk_status fk_scalar_prelu_backward(int64_t rows, int64_t channels, int64_t slope_count, const float *x, const float *slopes,
                                   const float *dy, float *dx, float *dslopes, void *memory, size_t bytes) {
  if (is_bad(rows, channels, slope_count)) return FK_BAD_GEOMETRY;
  if (bytes < fk_scalar_prelu_backward_workspace(rows, channels, slope_count)) return FK_WORKSPACE_TOO_SMALL;
  double *sum = (double *)fk_round_up((size_t)(uintptr_t)memory, sizeof(double));
  for (int64_t c = 0; c < slope_count; c++) sum[c] = 0;
  for (int64_t i = 0; i < rows * channels; i++) {
    int64_t c = slope_count == 1 ? 0 : i % channels;
    float d = dy[i];
    if (!(x[i] > 0)) sum[c] += (double)d * x[i];
    dx[i] = x[i] > 0 ? d : slopes[c] * d;
  }
  for (int64_t c = 0; c < slope_count; c++) dslopes[c] = (float)sum[c];
  return FK_OK;
}
