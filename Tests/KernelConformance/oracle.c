#include "oracle.h"

#include <math.h>
#include <string.h>

// The oracle is most of the driver's time. Contraction is off, so every clone gives the same numbers.
#if defined(__x86_64__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

WIDE static void add_multiple(int64_t count, double factor, const double *x, double *y) {
  for (int64_t i = 0; i < count; i++) y[i] += factor * x[i];
}

void convolution_sizes(const fk_conv_geometry *g, fk_conv_role role, int64_t *a, int64_t *b, int64_t *out) {
  int64_t x = (int64_t)g->n * g->h * g->w * g->c, y = (int64_t)g->n * g->p * g->q * g->k;
  int64_t w = (int64_t)g->r * g->s * (g->c / g->groups) * g->k;
  *a = role == FK_CONV_DATA_GRADIENT ? y : x;
  *b = role == FK_CONV_WEIGHT_GRADIENT ? y : w;
  *out = role == FK_CONV_FORWARD ? y : role == FK_CONV_DATA_GRADIENT ? x : w;
}

static double *widened(const float *x, int64_t count) {
  double *y = draw_bytes((size_t)count * sizeof(double));
  for (int64_t i = 0; i < count; i++) y[i] = x[i];
  return y;
}

/// [r * s, c / groups, k] with the two channel axes of each tap and group exchanged: [r * s, groups, k / groups, c / groups].
static double *transposed_weights(const fk_conv_geometry *g, const float *w) {
  int64_t taps = (int64_t)g->r * g->s, depth = g->c / g->groups;
  double *t = draw_bytes((size_t)(taps * depth * g->k) * sizeof(double)), *to = t;
  for (int64_t tap = 0; tap < taps; tap++)
    for (int64_t k = 0; k < g->k; k++)
      for (int64_t c = 0; c < depth; c++) *to++ = w[(tap * depth + c) * g->k + k];
  return t;
}

void oracle_convolution(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, double *out) {
  int64_t na, nb, no, depth = g->c / g->groups, width = g->k / g->groups;
  convolution_sizes(g, role, &na, &nb, &no);
  memset(out, 0, (size_t)no * sizeof(double));
  double *second = role == FK_CONV_DATA_GRADIENT ? transposed_weights(g, b) : widened(b, nb);
  for (int64_t n = 0; n < g->n; n++)
    for (int64_t p = 0; p < g->p; p++)
      for (int64_t q = 0; q < g->q; q++)
        for (int64_t r = 0; r < g->r; r++)
          for (int64_t s = 0; s < g->s; s++) {
            int64_t h = p * g->stride_h - g->pad_top + r * g->dilation_h, v = q * g->stride_w - g->pad_left + s * g->dilation_w;
            if (h < 0 || h >= g->h || v < 0 || v >= g->w) continue;
            int64_t x = ((n * g->h + h) * g->w + v) * g->c, y = ((n * g->p + p) * g->q + q) * g->k, tap = (r * g->s + s) * depth * g->k;
            for (int64_t c = 0; role != FK_CONV_DATA_GRADIENT && c < g->c; c++) {
              int64_t first = c / depth * width, row = tap + c % depth * g->k + first;
              if (role == FK_CONV_FORWARD)
                add_multiple(width, a[x + c], second + row, out + y + first);
              else
                add_multiple(width, a[x + c], second + y + first, out + row);
            }
            for (int64_t k = 0; role == FK_CONV_DATA_GRADIENT && k < g->k; k++)
              add_multiple(depth, a[y + k], second + tap + k * depth, out + x + k / width * depth);
          }
}

double oracle_epilogue(const fk_epilogue *e, int32_t channels, int64_t count, double *out) {
  double most = 0;
  int32_t f = e && e->shuffle > 1 ? e->shuffle : 1;
  for (int64_t i = 0; i < count; i++) {
    most = fmax(most, fabs(out[i]));
    if (!e) continue;
    if (e->bias) out[i] += e->bias[i % channels];
    if (e->residual) out[i] += e->residual[i];
    most = fmax(most, fabs(out[i]));
    double slope = e->activation == FK_ACT_LEAKY_RELU ? e->slope : e->activation == FK_ACT_PRELU ? e->slopes[i % channels % (channels / (f * f))] : 1;
    if (out[i] < 0) out[i] *= slope;
    if (e->activation == FK_ACT_TANH) out[i] = tanh(out[i]);
  }
  return most;
}

double *oracle_shuffled(const fk_conv_geometry *g, int32_t f, const double *in) {
  int64_t channels = g->k / (f * f);
  double *out = draw_bytes((size_t)((int64_t)g->n * g->p * g->q * g->k) * sizeof(double));
  for (int64_t row = 0; row < (int64_t)g->n * g->p; row++)
    for (int64_t q = 0; q < g->q; q++)
      for (int64_t k = 0; k < g->k; k++) {
        int64_t dy = k / channels / f, dx = k / channels % f;
        out[((row * f + dy) * g->q * f + q * f + dx) * channels + k % channels] = in[(row * g->q + q) * g->k + k];
      }
  return out;
}

void oracle_product(const fk_gemm_geometry *g, const float *a, const float *b, double *out) {
  for (int64_t i = 0; i < g->batch; i++, a += g->a_batch_stride, b += g->b_batch_stride, out += g->out_batch_stride)
    for (int64_t m = 0; m < g->m; m++)
      for (int64_t n = 0; n < g->n; n++) {
        double sum = 0;
        for (int64_t k = 0; k < g->k; k++)
          sum += (double)a[g->transpose_a ? k * g->m + m : m * g->k + k] * b[g->transpose_b ? n * g->k + k : k * g->n + n];
        out[m * g->n + n] = g->accumulate ? out[m * g->n + n] + sum : sum;
      }
}

static int64_t affine_row(const fk_norm_geometry *g, int64_t row) { return g->rows_per_gamma ? row / g->rows_per_gamma : 0; }

void oracle_norm_forward(const fk_norm_geometry *g, const norm_data *d, double *y, double *mean, double *inv_std) {
  for (int64_t group = 0; group < g->groups; group++)
    for (int64_t c = 0; c < g->channels; c++) {
      double sum = 0, squares = 0;
      int64_t first = group * g->rows, end = first + g->rows, at = group * g->channels + c;
      for (int64_t row = first; row < end; row++) sum += d->x[row * g->channels + c];
      mean[at] = sum / (double)g->rows;
      for (int64_t row = first; row < end; row++) squares += (d->x[row * g->channels + c] - mean[at]) * (d->x[row * g->channels + c] - mean[at]);
      inv_std[at] = 1 / sqrt(squares / (double)g->rows + (double)g->epsilon);
      for (int64_t row = first; row < end; row++) {
        int64_t affine = affine_row(g, row) * g->channels + c;
        double value = (d->x[row * g->channels + c] - mean[at]) * inv_std[at] * (d->gamma ? d->gamma[affine] : 1) + (d->beta ? d->beta[affine] : 0);
        y[row * g->channels + c] = value < 0 && g->activation == FK_ACT_LEAKY_RELU ? value * g->slope : value;
      }
    }
}

void oracle_norm_backward(const fk_norm_geometry *g, const norm_data *d, double *dx, double *dgamma, double *dbeta) {
  int64_t affine_count = g->rows_per_gamma ? g->groups * g->rows / g->rows_per_gamma : 1;
  for (int64_t i = 0; i < affine_count * g->channels; i++) dgamma[i] = dbeta[i] = 0;
  for (int64_t group = 0; group < g->groups; group++)
    for (int64_t c = 0; c < g->channels; c++) {
      int64_t first = group * g->rows, end = first + g->rows, at = group * g->channels + c;
      double sum = 0, product = 0;
      for (int32_t pass = 0; pass < 2; pass++)
        for (int64_t row = first; row < end; row++) {
          int64_t i = row * g->channels + c, affine = affine_row(g, row) * g->channels + c;
          // The mask is a decision, so it is made on the floats that the contract names.
          float normal = (d->x[i] - d->mean[at]) * d->inv_std[at];
          float before = normal * (d->gamma ? d->gamma[affine] : 1) + (d->beta ? d->beta[affine] : 0);
          double slope = d->dy[i], exact = ((double)d->x[i] - d->mean[at]) * d->inv_std[at];
          if (g->activation == FK_ACT_LEAKY_RELU && !(before > 0)) slope *= g->slope;
          if (pass == 0) {
            dbeta[affine] += slope;
            dgamma[affine] += slope * exact;
          }
          slope *= d->gamma ? d->gamma[affine] : 1;
          if (pass == 0) {
            sum += slope;
            product += slope * exact;
          } else {
            dx[i] = d->inv_std[at] * (slope - sum / (double)g->rows - exact * product / (double)g->rows);
          }
        }
    }
}
