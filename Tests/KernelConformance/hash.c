// Hashes of what every slot of a table writes, for comparing instruction sets byte by byte.
#include <stdio.h>
#include <string.h>

#include "check.h"

enum { SLOT_CONVOLUTION, SLOT_PREPARED, SLOT_INT16, SLOT_GEMM, SLOT_UNARY, SLOT_BINARY, SLOT_COPY, SLOT_REDUCE, SLOT_ROWS, SLOT_RANDOM, SLOT_STEPS,
       SLOT_NORM, SLOT_ACTIVATIONS, SLOT_COUNT };
static const char *const slot_names[SLOT_COUNT] = {"convolution", "prepared", "int16", "gemm", "unary", "binary", "copy", "reduce", "rows",
                                                   "random", "steps", "norm", "activations"};
static uint64_t hashes[SLOT_COUNT], counts[SLOT_COUNT];

/// FNV-1a over the bits. The sign and payload of a NaN are the hardware's, so every NaN counts as the same one.
static void add(int slot, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits = x[i] == x[i] ? fk_bits(x[i]) : 0x7fc00000u;
    for (int32_t byte = 0; byte < 4; byte++) hashes[slot] = (hashes[slot] ^ (bits >> 8 * byte & 0xff)) * 0x100000001b3ull;
  }
  counts[slot] += (uint64_t)count;
}

static void hash_convolutions(const fk_table *table) {
  fk_conv_geometry g;
  draw_convolution(&g, 2e5);
  for (int32_t role = 0; role < 3; role++) {
    int64_t na, nb, no;
    convolution_sizes(&g, (fk_conv_role)role, &na, &nb, &no);
    int32_t channels = role == FK_CONV_FORWARD ? g.k : g.c;
    fk_epilogue e = {.bias = draw_floats(channels), .residual = draw_floats(no), .slopes = draw_floats(channels), .slope = 0.2f,
                     .activation = (fk_activation)between(0, 3)};
    float *a = draw_floats(na), *b = draw_floats(nb), *out = draw_floats(no);
    size_t bytes = table->convolution_workspace(&g, (fk_conv_role)role);
    table->convolution(&g, (fk_conv_role)role, a, b, role == FK_CONV_WEIGHT_GRADIENT ? NULL : &e, out, draw_bytes(bytes), bytes);
    add(SLOT_CONVOLUTION, out, no);
    for (int32_t precision = 0; precision < 2 && role != FK_CONV_WEIGHT_GRADIENT; precision++) {
      size_t size = table->prepared_bytes(&g, (fk_conv_role)role, (fk_precision)precision);
      if (size == 0) continue;
      void *weights = draw_bytes(size);
      table->prepare(&g, (fk_conv_role)role, (fk_precision)precision, b, weights);
      bytes = table->prepared_workspace(&g, (fk_conv_role)role, (fk_precision)precision);
      table->convolution_prepared(&g, (fk_conv_role)role, (fk_precision)precision, a, weights, &e, out, draw_bytes(bytes), bytes);
      add(precision ? SLOT_INT16 : SLOT_PREPARED, out, no);
    }
  }
  draw_end();
}

static void hash_products(const fk_table *table) {
  fk_gemm_geometry g = draw_product();
  int64_t count = g.out_batch_stride * g.batch;
  float *a = draw_floats(g.a_batch_stride * g.batch), *b = draw_floats((int64_t)g.k * g.n * g.batch), *out = draw_floats(count);
  size_t bytes = table->gemm_workspace(&g);
  table->gemm(&g, a, b, out, draw_bytes(bytes), bytes);
  add(SLOT_GEMM, out, count);
  draw_end();
}

/// Values of every size, and every bit pattern.
static float *any_floats(int64_t n) {
  float *x = draw_floats(n);
  for (int64_t i = 0; i < n; i++) {
    if (roll() % 4 == 0) x[i] = fk_from_bits(roll());
    if (roll() % 4 == 0) x[i] *= 100;
  }
  return x;
}

static void hash_elementwise(const fk_table *table) {
  int64_t n = roll() % 8 ? between(1, 400) : between(30000, 40000);
  float *x = any_floats(n), *y = draw_floats(n);
  static const float exponents[] = {0, 1, 2, 3, 4, 0.5f, -1.5f};
  for (int32_t op = 0; op <= FK_ROUND; op++) {
    table->unary((fk_unary_op)op, (size_t)n, op == FK_POWER ? exponents[roll() % 7] : 0.3f, 0.9f, x, y);
    add(SLOT_UNARY, y, n);
  }
  table->fill((size_t)n, x[0], y);
  add(SLOT_UNARY, y, n);
  fk_walk w;
  int64_t count = draw_walk(&w), na = draw_repeats(&w, w.a_stride), nb = draw_repeats(&w, w.b_stride);
  float *a = any_floats(na), *b = any_floats(nb), *out = draw_floats(count);
  for (int32_t op = 0; op <= FK_GREATER_MASK; op++) {
    table->binary((fk_binary_op)op, &w, a, b, out);
    add(SLOT_BINARY, out, count);
  }
  table->copy(&w, a, out);
  table->copy_add(&w, a, out);
  add(SLOT_COPY, out, count);
  draw_end();

  count = draw_walk(&w);
  int64_t kept = draw_repeats(&w, w.out_stride);
  a = draw_floats(count), out = draw_floats(kept);
  table->reduce_sum(&w, a, out);
  add(SLOT_REDUCE, out, kept);
  table->reduce_max(&w, a, out);
  add(SLOT_REDUCE, out, kept);
  draw_end();
}

static void hash_steps(const fk_table *table) {
  int64_t n = between(1, 3000);
  float *out = draw_floats(n);
  uint64_t counter = roll();
  table->random_uniform(7, 2, counter, (size_t)n, -1, 1, out);
  add(SLOT_RANDOM, out, n);
  table->random_normal(7, 2, counter, (size_t)n, 0, 1, out);
  add(SLOT_RANDOM, out, n);
  fk_adam adam = {.learning_rate = 1e-3f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .weight_decay = 0.01f, .l2 = 0.02f, .step = between(1, 90)};
  float *m = draw_floats(n), *v = draw_floats(n), *gradient = draw_floats(n);
  for (int64_t i = 0; i < n; i++) v[i] *= v[i];
  table->adam(&adam, 1, &(fk_adam_part){(size_t)n, gradient, out, m, v, NULL});
  table->ema(0.99f, 1, &(fk_average_part){(size_t)n, gradient, m});
  add(SLOT_STEPS, out, n);
  add(SLOT_STEPS, m, n);
  add(SLOT_STEPS, v, n);
  int32_t count = between(1, 40), width = between(1, 300), rows = between(1, 20), *index = draw_bytes((size_t)count * sizeof(int32_t));
  for (int32_t i = 0; i < count; i++) index[i] = between(0, rows - 1);
  float *embedding = draw_floats((int64_t)rows * width), *gathered = draw_floats((int64_t)count * width);
  table->gather_rows((size_t)count, (size_t)width, index, embedding, gathered);
  table->scatter_add_rows((size_t)count, (size_t)width, index, gathered, (size_t)rows, embedding);
  add(SLOT_ROWS, gathered, (int64_t)count * width);
  add(SLOT_ROWS, embedding, (int64_t)rows * width);
  draw_end();
}

static void hash_activations(const fk_table *table) {
  int64_t rows = between(1, 300), channels = between(1, 130), n = rows * channels, count = roll() % 2 ? channels : 1;
  float *x = draw_floats(n), *dy = draw_floats(n), *slopes = draw_floats(count), *y = draw_floats(n), *dslopes = draw_floats(count);
  table->leaky_relu_backward((size_t)n, 0.2f, x, dy, y);
  add(SLOT_ACTIVATIONS, y, n);
  table->prelu(rows, channels, count, x, slopes, y);
  add(SLOT_ACTIVATIONS, y, n);
  size_t bytes = table->prelu_backward_workspace(rows, channels, count);
  table->prelu_backward(rows, channels, count, x, slopes, dy, y, dslopes, draw_bytes(bytes), bytes);
  add(SLOT_ACTIVATIONS, y, n);
  add(SLOT_ACTIVATIONS, dslopes, count);
  draw_end();
}

static void hash_norms(const fk_table *table) {
  fk_norm_geometry g = draw_norm();
  int64_t n = g.groups * g.rows * g.channels, statistics = g.groups * g.channels;
  int64_t affine = (g.rows_per_gamma ? g.groups * g.rows / g.rows_per_gamma : 1) * g.channels;
  float *x = draw_floats(n), *gamma = draw_floats(affine), *beta = draw_floats(affine), *dy = draw_floats(n), *y = draw_floats(n);
  float *mean = draw_floats(statistics), *inv_std = draw_floats(statistics), *dgamma = draw_floats(affine), *dbeta = draw_floats(affine);
  size_t bytes = table->norm_workspace(&g);
  table->norm_forward(&g, x, gamma, beta, NULL, y, mean, inv_std, draw_bytes(bytes), bytes);
  add(SLOT_NORM, y, n);
  add(SLOT_NORM, mean, statistics);
  add(SLOT_NORM, inv_std, statistics);
  table->norm_apply(&g, x, gamma, beta, NULL, mean, inv_std, y);
  add(SLOT_NORM, y, n);
  table->norm_backward(&g, x, gamma, beta, NULL, mean, inv_std, dy, y, dgamma, dbeta, NULL, draw_bytes(bytes), bytes);
  add(SLOT_NORM, y, n);
  add(SLOT_NORM, dgamma, affine);
  add(SLOT_NORM, dbeta, affine);
  draw_end();
}

void print_hashes(const variant *v, uint64_t seed, int64_t rounds) {
  for (int32_t i = 0; i < SLOT_COUNT; i++) hashes[i] = 0xcbf29ce484222325ull;
  fk_set_threads(2);
  for (int64_t round = 0; round < rounds; round++) {
    draw_begin(seed, round);
    hash_convolutions(v->table);
    hash_products(v->table);
    hash_elementwise(v->table);
    hash_steps(v->table);
    hash_norms(v->table);
    hash_activations(v->table);
  }
  for (int32_t i = 0; i < SLOT_COUNT; i++)
    printf("%-12s %016llx %llu floats\n", slot_names[i], (unsigned long long)hashes[i], (unsigned long long)counts[i]);
}
