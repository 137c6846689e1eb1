// Normalization with its affine map and activation, forward and backward; statistics in double.
#include "scalar.h"

size_t fk_scalar_norm_workspace(const fk_norm_geometry *g) {
  // Per channel: the three sums of a group. The caller's memory may start anywhere.
  return (size_t)(g->channels > 0 ? g->channels : 0) * 3 * sizeof(double) + sizeof(double);
}

static int is_bad(const fk_norm_geometry *g) {
  return g->groups < 0 || g->rows < 0 || g->channels < 0 || g->rows_per_gamma < 0 ||
         (g->rows_per_gamma > 0 && (g->groups * g->rows) % g->rows_per_gamma != 0) ||
         (g->activation != FK_ACT_NONE && g->activation != FK_ACT_LEAKY_RELU && g->activation != FK_ACT_PRELU) ||
         (g->activation == FK_ACT_PRELU && g->slope_count != 1 && g->slope_count != g->channels);
}

/// Slope of channel c below zero.
static float slope_of(const fk_norm_geometry *g, const float *slopes, int64_t c) {
  switch (g->activation) {
    case FK_ACT_LEAKY_RELU: return g->slope;
    case FK_ACT_PRELU: return slopes[g->slope_count == 1 ? 0 : c];
    default: return 1;
  }
}

fk_status fk_scalar_norm_apply(const fk_norm_geometry *g, const float *x, const float *gamma, const float *beta, const float *slopes,
                               const float *mean, const float *inv_std, float *y) {
  if (is_bad(g)) return FK_BAD_GEOMETRY;
  int64_t channels = g->channels;
  for (int64_t row = 0; row < g->groups * g->rows; row++) {
    int64_t affine = (g->rows_per_gamma ? row / g->rows_per_gamma : 0) * channels, s = row / g->rows * channels;
    for (int64_t c = 0; c < channels; c++) {
      float value = (x[row * channels + c] - mean[s + c]) * inv_std[s + c];
      if (gamma) value *= gamma[affine + c];
      if (beta) value += beta[affine + c];
      y[row * channels + c] = value > 0 ? value : slope_of(g, slopes, c) * value;
    }
  }
  return FK_OK;
}

fk_status fk_scalar_norm_forward(const fk_norm_geometry *g, const float *x, const float *gamma, const float *beta, const float *slopes,
                                 float *y, float *mean, float *inv_std, void *memory, size_t bytes) {
  if (is_bad(g)) return FK_BAD_GEOMETRY;
  if (bytes < fk_scalar_norm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  int64_t channels = g->channels;
  double *sum = (double *)fk_round_up((size_t)(uintptr_t)memory, sizeof(double)), *squares = sum + channels;
  for (int64_t group = 0; group < g->groups; group++) {
    for (int64_t c = 0; c < 2 * channels; c++) sum[c] = 0;
    for (int64_t row = group * g->rows; row < (group + 1) * g->rows; row++)
      for (int64_t c = 0; c < channels; c++) {
        double value = x[row * channels + c];
        sum[c] += value;
        squares[c] += value * value;
      }
    for (int64_t c = 0; c < channels; c++) {
      double m = sum[c] / (double)g->rows, variance = squares[c] / (double)g->rows - m * m;
      // Rounding can make the variance of a constant channel slightly negative.
      mean[group * channels + c] = (float)m;
      inv_std[group * channels + c] = (float)(1.0 / __builtin_sqrt((variance > 0 ? variance : 0) + (double)g->epsilon));
    }
  }
  return fk_scalar_norm_apply(g, x, gamma, beta, slopes, mean, inv_std, y);
}

fk_status fk_scalar_norm_backward(const fk_norm_geometry *g, const float *x, const float *gamma, const float *beta, const float *slopes,
                                  const float *mean, const float *inv_std, const float *dy, float *dx, float *dgamma, float *dbeta,
                                  float *dslopes, void *memory, size_t bytes) {
  if (is_bad(g)) return FK_BAD_GEOMETRY;
  if (bytes < fk_scalar_norm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  int64_t channels = g->channels, all_rows = g->groups * g->rows;
  double *sum = (double *)fk_round_up((size_t)(uintptr_t)memory, sizeof(double)), *product = sum + channels, *slope_sum = product + channels;

  // dgamma and dbeta of each row of gamma; dslopes over all.
  int64_t affine_rows = g->rows_per_gamma ? g->rows_per_gamma : all_rows;
  for (int64_t c = 0; c < channels; c++) slope_sum[c] = 0;
  for (int64_t first = 0, affine = 0; (dgamma || dbeta || dslopes) && affine_rows > 0 && first < all_rows;
       first += affine_rows, affine += channels) {
    for (int64_t c = 0; c < 2 * channels; c++) sum[c] = 0;
    for (int64_t row = first; row < first + affine_rows; row++)
      for (int64_t c = 0; c < channels; c++) {
        int64_t s = row / g->rows * channels + c;
        float normal = (x[row * channels + c] - mean[s]) * inv_std[s];
        float before = (gamma ? normal * gamma[affine + c] : normal) + (beta ? beta[affine + c] : 0);
        float d = dy[row * channels + c];
        if (!(before > 0)) {
          slope_sum[c] += (double)d * before;
          d *= slope_of(g, slopes, c);
        }
        sum[c] += d;
        product[c] += (double)d * normal;
      }
    for (int64_t c = 0; c < channels; c++) {
      if (dbeta) dbeta[affine + c] = (float)sum[c];
      if (dgamma) dgamma[affine + c] = (float)product[c];
    }
  }
  for (int64_t c = 0; dslopes && c < channels; c++) dslopes[c] = (float)slope_sum[c];

  for (int64_t group = 0; group < g->groups; group++, mean += channels, inv_std += channels) {
    for (int64_t c = 0; c < 2 * channels; c++) sum[c] = 0;
    for (int32_t pass = 0; pass < 2; pass++)
      for (int64_t row = group * g->rows; row < (group + 1) * g->rows; row++) {
        int64_t affine = (g->rows_per_gamma ? row / g->rows_per_gamma : 0) * channels;
        for (int64_t c = 0; c < channels; c++) {
          float normal = (x[row * channels + c] - mean[c]) * inv_std[c];
          float before = (gamma ? normal * gamma[affine + c] : normal) + (beta ? beta[affine + c] : 0);
          float d = dy[row * channels + c];
          if (!(before > 0)) d *= slope_of(g, slopes, c);
          if (gamma) d *= gamma[affine + c];
          if (pass == 0) {
            sum[c] += d;
            product[c] += (double)d * normal;
          } else {
            dx[row * channels + c] = (float)(inv_std[c] * ((double)d - sum[c] / (double)g->rows - normal * (product[c] / (double)g->rows)));
          }
        }
      }
  }
  return FK_OK;
}
