// The three contractions of the convolution, as plain loops. Sums run in double and in the order of the loops, so this is the oracle
// that the fast tables are measured against.
#include "scalar.h"

// Output channels that are summed at a time: their double sums live on the stack.
enum { lanes = 64 };

size_t fk_scalar_convolution_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g;
  (void)role;
  return 0;
}

static float finish(const fk_epilogue *e, double sum, int64_t position, int32_t channel) {
  float x = (float)sum;
  if (!e) return x;
  if (e->bias) x += e->bias[channel];
  if (e->residual) x += e->residual[position];
  return fk_activate(e->activation, x, e->slope, e->activation == FK_ACT_PRELU ? e->slopes[channel] : 0);
}

static void forward(const fk_conv_geometry *g, const float *x, const float *w, const fk_epilogue *e, float *y) {
  int32_t group_c = g->c / g->groups, group_k = g->k / g->groups;
  for (int64_t n = 0; n < g->n; n++)
    for (int64_t p = 0; p < g->p; p++)
      for (int64_t q = 0; q < g->q; q++)
        for (int32_t k0 = 0; k0 < g->k; k0 += lanes) {
          int32_t count = g->k - k0 < lanes ? g->k - k0 : lanes;
          double sum[lanes] = {0};
          int32_t source[lanes];
          for (int32_t i = 0; i < count; i++) source[i] = (k0 + i) / group_k * group_c;
          for (int32_t r = 0; r < g->r; r++)
            for (int32_t s = 0; s < g->s; s++) {
              int64_t h = p * g->stride_h - g->pad_top + r * g->dilation_h, v = q * g->stride_w - g->pad_left + s * g->dilation_w;
              if (h < 0 || h >= g->h || v < 0 || v >= g->w) continue;
              const float *pixel = x + ((n * g->h + h) * g->w + v) * g->c;
              const float *tap = w + (int64_t)(r * g->s + s) * group_c * g->k;
              for (int32_t c = 0; c < group_c; c++)
                for (int32_t i = 0; i < count; i++)
                  sum[i] += (double)pixel[source[i] + c] * tap[(int64_t)c * g->k + k0 + i];
            }
          int64_t position = ((n * g->p + p) * g->q + q) * g->k + k0;
          for (int32_t i = 0; i < count; i++) y[position + i] = finish(e, sum[i], position + i, k0 + i);
        }
}

static void data_gradient(const fk_conv_geometry *g, const float *dy, const float *w, const fk_epilogue *e, float *dx) {
  int32_t group_c = g->c / g->groups, group_k = g->k / g->groups;
  for (int64_t n = 0; n < g->n; n++)
    for (int64_t h = 0; h < g->h; h++)
      for (int64_t v = 0; v < g->w; v++)
        for (int32_t c0 = 0; c0 < g->c; c0 += lanes) {
          int32_t count = g->c - c0 < lanes ? g->c - c0 : lanes;
          double sum[lanes] = {0};
          for (int32_t r = 0; r < g->r; r++)
            for (int32_t s = 0; s < g->s; s++) {
              int64_t up = h + g->pad_top - r * g->dilation_h, left = v + g->pad_left - s * g->dilation_w;
              if (up < 0 || left < 0 || up % g->stride_h != 0 || left % g->stride_w != 0) continue;
              int64_t p = up / g->stride_h, q = left / g->stride_w;
              if (p >= g->p || q >= g->q) continue;
              const float *pixel = dy + ((n * g->p + p) * g->q + q) * g->k;
              const float *tap = w + (int64_t)(r * g->s + s) * group_c * g->k;
              for (int32_t i = 0; i < count; i++) {
                int32_t k0 = (c0 + i) / group_c * group_k;
                const float *row = tap + (int64_t)((c0 + i) % group_c) * g->k;
                for (int32_t k = k0; k < k0 + group_k; k++) sum[i] += (double)pixel[k] * row[k];
              }
            }
          int64_t position = ((n * g->h + h) * g->w + v) * g->c + c0;
          for (int32_t i = 0; i < count; i++) dx[position + i] = finish(e, sum[i], position + i, c0 + i);
        }
}

static void weight_gradient(const fk_conv_geometry *g, const float *x, const float *dy, float *dw) {
  int32_t group_c = g->c / g->groups, group_k = g->k / g->groups;
  for (int32_t r = 0; r < g->r; r++)
    for (int32_t s = 0; s < g->s; s++)
      for (int32_t c = 0; c < group_c; c++)
        for (int32_t k0 = 0; k0 < g->k; k0 += lanes) {
          int32_t count = g->k - k0 < lanes ? g->k - k0 : lanes;
          double sum[lanes] = {0};
          int32_t source[lanes];
          for (int32_t i = 0; i < count; i++) source[i] = (k0 + i) / group_k * group_c + c;
          for (int64_t n = 0; n < g->n; n++)
            for (int64_t p = 0; p < g->p; p++) {
              int64_t h = p * g->stride_h - g->pad_top + r * g->dilation_h;
              if (h < 0 || h >= g->h) continue;
              for (int64_t q = 0; q < g->q; q++) {
                int64_t v = q * g->stride_w - g->pad_left + s * g->dilation_w;
                if (v < 0 || v >= g->w) continue;
                const float *pixel = x + ((n * g->h + h) * g->w + v) * g->c;
                const float *slope = dy + ((n * g->p + p) * g->q + q) * g->k + k0;
                for (int32_t i = 0; i < count; i++) sum[i] += (double)pixel[source[i]] * slope[i];
              }
            }
          float *out = dw + ((int64_t)(r * g->s + s) * group_c + c) * g->k + k0;
          for (int32_t i = 0; i < count; i++) out[i] = (float)sum[i];
        }
}

fk_status fk_scalar_convolution(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, const fk_epilogue *epilogue,
                                float *out, void *memory, size_t bytes) {
  (void)memory;
  (void)bytes;
  if (fk_conv_geometry_is_bad(g)) return FK_BAD_GEOMETRY;
  switch (role) {
    case FK_CONV_FORWARD: forward(g, a, b, epilogue, out); return FK_OK;
    case FK_CONV_DATA_GRADIENT: data_gradient(g, a, b, epilogue, out); return FK_OK;
    case FK_CONV_WEIGHT_GRADIENT: weight_gradient(g, a, b, out); return FK_OK;
  }
  return FK_UNSUPPORTED;
}
