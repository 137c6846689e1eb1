// Matrix products and norms against the oracle.
#include <stdio.h>
#include <string.h>

#include "check.h"

void check_product(uint64_t seed, int64_t round, tally *t) {
  draw_begin(seed, round + 2000000011);
  fk_gemm_geometry g = draw_product();
  int64_t count = g.out_batch_stride * g.batch;
  float *a = draw_floats(g.a_batch_stride * g.batch), *b = draw_floats((int64_t)g.k * g.n * (g.b_batch_stride ? g.batch : 1));
  float *start = draw_floats(count);
  double *expected = draw_bytes((size_t)count * sizeof(double)), most = 0;
  for (int64_t i = 0; i < count; i++) expected[i] = start[i];
  oracle_product(&g, a, b, expected);
  most = oracle_epilogue(NULL, 1, count, expected);
  char text[120];
  snprintf(text, sizeof text, "%dx%d, sum over %d, batch %d, transposed %d %d, accumulate %d", g.m, g.n, g.k, g.batch, g.transpose_a,
           g.transpose_b, g.accumulate);
  for (const variant *v = variants(); v->table; v++) {
    float *out[2];
    for (int32_t threads = 1; threads <= 2; threads++) {
      size_t bytes = v->table->gemm_workspace(&g);
      out[threads - 1] = draw_bytes((size_t)count * sizeof(float));
      memcpy(out[threads - 1], start, (size_t)count * sizeof(float));
      fk_set_threads(threads);
      if (v->table->gemm(&g, a, b, out[threads - 1], draw_bytes(bytes), bytes) != FK_OK) fail(t, v, "product status", text, 0);
    }
    double error = relative_error(out[0], expected, count, most);
    t->comparisons += 2;
    if (error > FLOAT_TOLERANCE) fail(t, v, "product", text, error);
    if (memcmp(out[0], out[1], (size_t)count * sizeof(float)) != 0) fail(t, v, "product, threads", text, 0);
  }
  draw_end();
}

static void expect_close(const variant *v, const char *what, const char *text, const float *x, const double *expected, int64_t count, tally *t) {
  double *copy = draw_bytes((size_t)count * sizeof(double));
  memcpy(copy, expected, (size_t)count * sizeof(double));
  double error = relative_error(x, expected, count, oracle_epilogue(NULL, 1, count, copy));
  t->comparisons++;
  if (error > FLOAT_TOLERANCE) fail(t, v, what, text, error);
}

void check_norm(uint64_t seed, int64_t round, tally *t) {
  draw_begin(seed, round + 3000000019);
  fk_norm_geometry g = draw_norm();
  int64_t n = g.groups * g.rows * g.channels, statistics = g.groups * g.channels;
  int64_t affine = (g.rows_per_gamma ? g.groups * g.rows / g.rows_per_gamma : 1) * g.channels;
  norm_data d = {.x = draw_floats(n), .gamma = roll() % 3 ? draw_floats(affine) : NULL, .dy = draw_floats(n)};
  if (d.gamma) d.beta = draw_floats(affine);
  double *y = draw_bytes((size_t)n * sizeof(double)), *mean = draw_bytes((size_t)statistics * sizeof(double));
  double *inv_std = draw_bytes((size_t)statistics * sizeof(double)), *dx = draw_bytes((size_t)n * sizeof(double));
  double *dgamma = draw_bytes((size_t)affine * sizeof(double)), *dbeta = draw_bytes((size_t)affine * sizeof(double));
  oracle_norm_forward(&g, &d, y, mean, inv_std);
  float *mean_in = draw_bytes((size_t)statistics * sizeof(float)), *inv_std_in = draw_bytes((size_t)statistics * sizeof(float));
  for (int64_t i = 0; i < statistics; i++) mean_in[i] = (float)mean[i], inv_std_in[i] = (float)inv_std[i];
  d.mean = mean_in, d.inv_std = inv_std_in;
  oracle_norm_backward(&g, &d, dx, dgamma, dbeta);
  char text[120];
  snprintf(text, sizeof text, "groups %d rows %d channels %d gamma rows of %d", (int)g.groups, (int)g.rows, (int)g.channels, (int)g.rows_per_gamma);
  for (const variant *v = variants(); v->table; v++) {
    float *first = NULL;
    int64_t all = 2 * n + 2 * statistics + 2 * affine;
    for (int32_t threads = 1; threads <= 2; threads++) {
      float *o = draw_floats(all), *om = o + 2 * n, *os = om + statistics, *og = os + statistics, *ob = og + affine;
      size_t bytes = v->table->norm_workspace(&g);
      fk_set_threads(threads);
      fk_status forward = v->table->norm_forward(&g, d.x, d.gamma, d.beta, NULL, o, om, os, draw_bytes(bytes), bytes);
      fk_status backward = v->table->norm_backward(&g, d.x, d.gamma, d.beta, NULL, d.mean, d.inv_std, d.dy, o + n, d.gamma ? og : NULL,
                                                   d.gamma ? ob : NULL, NULL, draw_bytes(bytes), bytes);
      if (forward != FK_OK || backward != FK_OK) fail(t, v, "norm status", text, 0);
      if (!d.gamma) memset(og, 0, (size_t)(2 * affine) * sizeof(float));
      if (first && memcmp(first, o, (size_t)all * sizeof(float)) != 0) fail(t, v, "norm, threads", text, 0);
      first = o;
    }
    expect_close(v, "norm y", text, first, y, n, t);
    expect_close(v, "norm mean", text, first + 2 * n, mean, statistics, t);
    expect_close(v, "norm 1 / deviation", text, first + 2 * n + statistics, inv_std, statistics, t);
    expect_close(v, "norm dx", text, first + n, dx, n, t);
    if (!d.gamma) continue;
    expect_close(v, "norm dgamma", text, first + 2 * n + 2 * statistics, dgamma, affine, t);
    expect_close(v, "norm dbeta", text, first + 2 * n + 2 * statistics + affine, dbeta, affine, t);
  }
  draw_end();
}
