// Runs every slot of every table that this CPU has over random geometries, under the address and undefined-behavior sanitizers.
//
// Each buffer is an allocation of exactly its size, at an odd address half of the time, so one element too far is seen. Values are
// compared with the scalar table's, roughly: the exact tests are in BackendConformanceTests. Usage: driver [seed [rounds]].
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../Sources/CForgeKernels/fk_philox.h"
#include "../../Sources/CForgeKernels/include/forge_kernels.h"
#include "arguments.h"

static uint64_t state;
static int failures;

static uint32_t roll(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32);
}
static int32_t between(int32_t low, int32_t high) { return low + (int32_t)(roll() % (uint32_t)(high - low + 1)); }
static float value(void) { return (float)between(-1000, 1000) / 1000; }

// Allocations of one round, freed together.
static void *blocks[64];
static int block_count;

static void *bytes(size_t size) {
  // Half of the time the memory starts 4 bytes into its block, and still ends with it.
  size_t shift = roll() % 2 * 4;
  char *memory = malloc(size + shift ? size + shift : 1);
  if (!memory || block_count == 64) abort();
  blocks[block_count++] = memory;
  return memory + shift;
}
static float *floats(int64_t n) {
  float *p = bytes((size_t)n * sizeof(float));
  for (int64_t i = 0; i < n; i++) p[i] = value();
  return p;
}
static float *copy_of(const float *x, int64_t n) {
  float *p = bytes((size_t)n * sizeof(float));
  if (n) memcpy(p, x, (size_t)n * sizeof(float));
  return p;
}
static void free_all(void) {
  while (block_count) free(blocks[--block_count]);
}

/// How far sums of the longest depth drawn here may be off, in float, behind an activation whose slope is 1 at most: a tanh shows none of
/// their size.
static const float tanh_tolerance = 1e-3f;

static void compare(const fk_table *table, const char *what, const float *actual, const float *expected, int64_t n, float tolerance) {
  float most = 1, worst = 0;
  for (int64_t i = 0; i < n; i++) {
    float size = fk_absolute(expected[i]), error = fk_absolute(actual[i] - expected[i]);
    if (size > most) most = size;
    if (!(error <= worst)) worst = error;
  }
  if (worst <= tolerance * most) return;
  printf("%s %s: error %g of %g\n", table->name, what, (double)worst, (double)most);
  failures++;
}
static void expect(const fk_table *table, const char *what, fk_status status) {
  if (status == FK_OK) return;
  printf("%s %s: status %d\n", table->name, what, (int)status);
  failures++;
}

static fk_conv_geometry random_geometry(void) {
  fk_conv_geometry g = {.n = between(1, 3), .h = between(1, 12), .w = between(1, 30), .r = between(1, 5), .s = between(1, 5)};
  g.groups = roll() % 4 ? 1 : between(2, 4);
  int32_t most = roll() % 3 ? 18 : 100;
  g.c = between(1, most / g.groups) * g.groups;
  g.k = roll() % 6 == 0 ? g.groups : between(1, most / g.groups) * g.groups;
  if (roll() % 8 == 0) g.groups = g.k = g.c;
  // Whole vectors: the paths without rests.
  if (g.groups == 1 && roll() % 3 == 0) g.c = 16 << between(0, 3), g.k = 16 << between(0, 2);
  g.stride_h = between(1, 3), g.stride_w = between(1, 3), g.dilation_h = between(1, 2), g.dilation_w = between(1, 2);
  g.pad_top = between(0, 4), g.pad_left = between(0, 4);
  g.p = between(0, (g.h + 2 * g.pad_top) / g.stride_h + 1), g.q = between(1, (g.w + 2 * g.pad_left) / g.stride_w + 1);
  return g;
}

/// One to four channels on one side and filters up to 9 x 9: the direct kernels.
static fk_conv_geometry narrow_geometry(void) {
  fk_conv_geometry g = {.n = between(1, 2), .h = between(1, 14), .w = between(1, 45), .r = between(1, 9), .s = between(1, 9), .groups = 1};
  int32_t few = between(1, 4), many = between(1, roll() % 3 ? 40 : 100), turned = roll() % 2;
  g.c = turned ? many : few, g.k = turned ? few : many;
  g.stride_h = roll() % 2 ? 1 : between(1, 3), g.stride_w = roll() % 2 ? 1 : between(1, 3);
  g.dilation_h = between(1, 2), g.dilation_w = roll() % 2 ? 1 : between(1, 2);
  g.pad_top = between(-1, 5), g.pad_left = between(-1, 5);
  g.p = between(0, g.h / g.stride_h + 2), g.q = between(1, g.w / g.stride_w + 2);
  return g;
}

static void convolutions(const fk_table *table, fk_conv_geometry g) {
  const fk_table *scalar = fk_scalar_table();
  int64_t nx = (int64_t)g.n * g.h * g.w * g.c, nw = (int64_t)g.r * g.s * (g.c / g.groups) * g.k, ng = (int64_t)g.n * g.p * g.q * g.k;
  for (int32_t role = 0; role < 3; role++) {
    int64_t na = role == FK_CONV_DATA_GRADIENT ? ng : nx, nb = role == FK_CONV_WEIGHT_GRADIENT ? ng : nw;
    int64_t no = role == FK_CONV_FORWARD ? ng : role == FK_CONV_DATA_GRADIENT ? nx : nw;
    int32_t channels = role == FK_CONV_FORWARD ? g.k : g.c;
    float *a = floats(na), *b = floats(nb), *expected = floats(no), *actual = floats(no);
    fk_epilogue e = {0};
    if (role != FK_CONV_WEIGHT_GRADIENT && roll() % 2) {
      e.bias = roll() % 2 ? floats(channels) : NULL;
      e.residual = roll() % 2 ? floats(no) : NULL;
      e.activation = (fk_activation)between(0, 3);
      e.slope = 0.2f;
      e.slopes = floats(channels);
    }
    size_t size = table->convolution_workspace(&g, (fk_conv_role)role);
    expect(scalar, "convolution", scalar->convolution(&g, (fk_conv_role)role, a, b, &e, expected, NULL, 0));
    expect(table, "convolution", table->convolution(&g, (fk_conv_role)role, a, b, &e, actual, bytes(size), size));
    compare(table, "convolution", actual, expected, no, e.activation == FK_ACT_TANH ? tanh_tolerance : 1e-4f);
    free_all();
  }
}

/// Geometries of Winograd's algorithm, plain, prepared and shuffled.
static void winograd(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  int32_t kind = between(0, 2);
  fk_conv_geometry g = {.n = between(1, 3), .h = between(1, 20), .w = between(1, 24), .c = between(16, 50), .k = between(16, 50)};
  // Now and then weights that are transformed where they are multiplied.
  if (roll() % 4 == 0) g.c = between(60, 130), g.k = between(60, 130);
  g.r = g.s = kind == 2 ? 4 : 3, g.stride_h = g.stride_w = kind == 0 ? 1 : 2, g.dilation_h = g.dilation_w = g.groups = 1;
  g.pad_top = between(0, 4), g.pad_left = between(0, 4);
  g.p = between(0, (g.h + 2 * g.pad_top) / g.stride_h + 1), g.q = between(1, (g.w + 2 * g.pad_left) / g.stride_w + 1);
  int32_t shuffle = roll() % 3 ? 1 : between(2, 3);
  g.k = g.k / (shuffle * shuffle) * shuffle * shuffle + (g.k < 18 && shuffle == 3 ? 9 : 0);
  int64_t nx = (int64_t)g.n * g.h * g.w * g.c, nw = (int64_t)g.r * g.s * g.c * g.k, ng = (int64_t)g.n * g.p * g.q * g.k;
  for (int32_t role = 0; role < 2; role++) {
    int64_t na = role == FK_CONV_FORWARD ? nx : ng, no = role == FK_CONV_FORWARD ? ng : nx;
    int32_t channels = role == FK_CONV_FORWARD ? g.k : g.c;
    float *a = floats(na), *b = floats(nw), *expected = floats(no), *actual = floats(no);
    fk_epilogue e = {.bias = floats(channels), .activation = (fk_activation)between(0, 3), .slope = 0.2f, .slopes = floats(channels)};
    if (role == FK_CONV_FORWARD && shuffle > 1)
      e.shuffle = shuffle;
    else if (roll() % 2)
      e.residual = floats(no);
    void *plain = bytes(scalar->prepared_bytes(&g, (fk_conv_role)role, FK_FLOAT32));
    void *prepared = bytes(table->prepared_bytes(&g, (fk_conv_role)role, FK_FLOAT32));
    expect(scalar, "prepare", scalar->prepare(&g, (fk_conv_role)role, FK_FLOAT32, b, plain));
    expect(table, "prepare", table->prepare(&g, (fk_conv_role)role, FK_FLOAT32, b, prepared));
    size_t size = scalar->prepared_workspace(&g, (fk_conv_role)role, FK_FLOAT32);
    expect(scalar, "prepared", scalar->convolution_prepared(&g, (fk_conv_role)role, FK_FLOAT32, a, plain, &e, expected, bytes(size), size));
    size = table->prepared_workspace(&g, (fk_conv_role)role, FK_FLOAT32);
    expect(table, "prepared", table->convolution_prepared(&g, (fk_conv_role)role, FK_FLOAT32, a, prepared, &e, actual, bytes(size), size));
    float tolerance = e.activation == FK_ACT_TANH ? tanh_tolerance : 1e-4f;
    compare(table, "prepared convolution", actual, expected, no, tolerance);
    if (e.shuffle <= 1) {
      size = table->convolution_workspace(&g, (fk_conv_role)role);
      expect(table, "winograd", table->convolution(&g, (fk_conv_role)role, a, b, &e, actual, bytes(size), size));
      compare(table, "winograd", actual, expected, no, tolerance);
    }
    free_all();
  }
}

/// Prepared convolutions in 16-bit integers.
static void integers(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  // Products that are rounded on their own may move an integer by 1, which a steep tanh makes much of; all other tables give the
  // oracle's bytes.
  int fused = strcmp(table->name, "portable") != 0;
  fk_conv_role role = roll() % 2 ? FK_CONV_DATA_GRADIENT : FK_CONV_FORWARD;
  int32_t stride = role == FK_CONV_DATA_GRADIENT && roll() % 2 ? 2 : 1, kernel = stride == 2 ? 4 : 3, factor = between(1, 3);
  fk_conv_geometry g = {.n = between(1, 2), .h = between(1, 12), .w = between(1, 30), .c = between(8, 70), .k = between(8, 70), .r = kernel, .s = kernel,
                        .stride_h = stride, .stride_w = stride, .pad_top = between(0, 3), .pad_left = between(0, 3), .dilation_h = 1,
                        .dilation_w = 1, .groups = 1};
  g.p = between(0, (g.h + 2 * g.pad_top) / stride + 1), g.q = between(1, (g.w + 2 * g.pad_left) / stride + 1);
  if (role == FK_CONV_DATA_GRADIENT) factor = 1;
  // Whole vectors: tiles inside the image are read where they lie, without a padded copy.
  if (roll() % 2) g.c = 32 * between(1, 3), g.k = 32 * between(1, 3);
  if (factor > 1) g.k = factor * factor * between(2, 18);
  int64_t nx = (int64_t)g.n * g.h * g.w * g.c, ng = (int64_t)g.n * g.p * g.q * g.k, no = role == FK_CONV_FORWARD ? ng : nx;
  int32_t channels = role == FK_CONV_FORWARD ? g.k : g.c;
  float *a = floats(role == FK_CONV_FORWARD ? nx : ng), *b = floats((int64_t)kernel * kernel * g.c * g.k), *expected = floats(no), *actual = floats(no);
  if (roll() % 8 == 0 && ng > 0) a[0] = (roll() % 2 ? fk_infinity() : fk_nan());
  fk_epilogue e = {.bias = roll() % 2 ? floats(channels) : NULL, .residual = factor == 1 && roll() % 2 ? floats(no) : NULL,
                   .activation = (fk_activation)between(0, fused ? 3 : 2), .slope = 0.2f, .slopes = floats(channels / (factor * factor)),
                   .shuffle = factor};
  for (int32_t t = 0; t < 2; t++) {
    const fk_table *one = t ? table : scalar;
    void *prepared = bytes(one->prepared_bytes(&g, role, FK_INT16));
    size_t size = one->prepared_workspace(&g, role, FK_INT16);
    expect(one, "prepare", one->prepare(&g, role, FK_INT16, b, prepared));
    expect(one, "integers", one->convolution_prepared(&g, role, FK_INT16, a, prepared, &e, t ? actual : expected, bytes(size), size));
  }
  float most = 1, tolerance = fused ? 0 : 1e-3f;
  for (int64_t i = 0; i < no; i++)
    if (fk_absolute(expected[i]) > most) most = fk_absolute(expected[i]);
  for (int64_t i = 0; i < no; i++) {
    int both_nan = actual[i] != actual[i] && expected[i] != expected[i];
    if (both_nan || fk_absolute(actual[i] - expected[i]) <= tolerance * most) continue;
    printf("%s integers: %g is not %g\n", table->name, (double)actual[i], (double)expected[i]);
    failures++;
    break;
  }
  free_all();
}

/// Weight gradients large enough for Winograd's algorithm: 3x3 filters and the strided 4x4 and 3x3 ones, tiles cut by the borders.
static void filter_gradients(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  int32_t kind = between(0, 2), taps = kind == 1 ? 4 : 3, stride = kind ? 2 : 1;
  fk_conv_geometry g = {.n = between(1, 2), .h = between(12, 18) * stride, .w = between(12, 18) * stride, .c = between(4, 20), .k = between(16, 36),
                        .r = taps, .s = taps, .stride_h = stride, .stride_w = stride, .dilation_h = 1, .dilation_w = 1, .groups = 1};
  g.pad_top = between(0, taps - 1), g.pad_left = between(0, taps - 1);
  g.p = between(g.h / stride - 3, g.h / stride + 1), g.q = between(g.w / stride - 3, g.w / stride + 1);
  int64_t nw = (int64_t)g.r * g.s * g.c * g.k;
  float *x = floats((int64_t)g.n * g.h * g.w * g.c), *dy = floats((int64_t)g.n * g.p * g.q * g.k), *expected = floats(nw), *actual = floats(nw);
  size_t size = table->convolution_workspace(&g, FK_CONV_WEIGHT_GRADIENT);
  expect(scalar, "filter gradient", scalar->convolution(&g, FK_CONV_WEIGHT_GRADIENT, x, dy, NULL, expected, NULL, 0));
  expect(table, "filter gradient", table->convolution(&g, FK_CONV_WEIGHT_GRADIENT, x, dy, NULL, actual, bytes(size), size));
  compare(table, "filter gradient", actual, expected, nw, 1e-5f);
  free_all();
}

static void products(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  fk_gemm_geometry g = {.m = between(1, 70), .n = between(1, 70), .k = between(1, roll() % 4 ? 60 : 900), .batch = between(1, 2)};
  // Now and then a right operand that no cache holds.
  if (roll() % 16 == 0) g.k = between(1, 3) * 9000 + between(0, 40), g.n = between(120, 130), g.m = between(1, 5), g.batch = 1;
  g.transpose_a = between(0, 1), g.transpose_b = between(0, 1), g.accumulate = between(0, 1);
  g.a_batch_stride = (int64_t)g.m * g.k, g.b_batch_stride = roll() % 2 ? 0 : (int64_t)g.k * g.n, g.out_batch_stride = (int64_t)g.m * g.n;
  float *a = floats(g.a_batch_stride * g.batch), *b = floats(g.b_batch_stride ? (int64_t)g.k * g.n * g.batch : (int64_t)g.k * g.n);
  float *expected = floats(g.out_batch_stride * g.batch), *actual = copy_of(expected, g.out_batch_stride * g.batch);
  size_t size = table->gemm_workspace(&g);
  expect(scalar, "gemm", scalar->gemm(&g, a, b, expected, NULL, 0));
  expect(table, "gemm", table->gemm(&g, a, b, actual, bytes(size), size));
  compare(table, "gemm", actual, expected, g.out_batch_stride * g.batch, 1e-4f);
  free_all();
}

/// Random extents with row-major strides; returns the number of elements.
static int64_t random_walk(fk_walk *w) {
  *w = (fk_walk){.rank = between(0, 4)};
  int64_t count = 1;
  for (int32_t i = w->rank - 1; i >= 0; i--) {
    w->extent[i] = roll() % 4 ? between(1, 12) : between(1, 70);
    w->out_stride[i] = w->a_stride[i] = w->b_stride[i] = count;
    count *= w->extent[i];
  }
  return count;
}

/// Repeats an operand along random axes and closes the gaps; returns the elements that remain.
static int64_t squeeze(const fk_walk *w, int64_t *stride) {
  int64_t count = 1;
  for (int32_t i = w->rank - 1; i >= 0; i--) {
    stride[i] = roll() % 3 ? count : 0;
    if (stride[i]) count *= w->extent[i];
  }
  return count;
}

static void walks(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  fk_walk w;
  int64_t count = random_walk(&w), na = squeeze(&w, w.a_stride), nb = squeeze(&w, w.b_stride);
  float *a = floats(na), *b = floats(nb), *expected = floats(count), *actual = floats(count);
  fk_binary_op op = (fk_binary_op)between(0, FK_GREATER_MASK);
  expect(scalar, "binary", scalar->binary(op, &w, a, b, expected));
  expect(table, "binary", table->binary(op, &w, a, b, actual));
  if (op != FK_DIVIDE) compare(table, "binary", actual, expected, count, 0);
  expect(scalar, "copy", scalar->copy(&w, a, expected));
  expect(table, "copy", table->copy(&w, a, actual));
  expect(scalar, "copy_add", scalar->copy_add(&w, a, expected));
  expect(table, "copy_add", table->copy_add(&w, a, actual));
  compare(table, "copy and copy_add", actual, expected, count, 0);
  free_all();

  // A permute: the output's axes in reverse order.
  count = random_walk(&w);
  int64_t step = 1;
  for (int32_t i = 0; i < w.rank; i++) {
    w.out_stride[i] = step;
    step *= w.extent[i];
  }
  a = floats(count), expected = floats(count), actual = floats(count);
  expect(scalar, "permute", scalar->copy(&w, a, expected));
  expect(table, "permute", table->copy(&w, a, actual));
  compare(table, "permute", actual, expected, count, 0);
  free_all();

  count = random_walk(&w);
  int64_t kept = squeeze(&w, w.out_stride);
  a = floats(count), expected = floats(kept), actual = floats(kept);
  expect(scalar, "reduce_sum", scalar->reduce_sum(&w, a, expected));
  expect(table, "reduce_sum", table->reduce_sum(&w, a, actual));
  compare(table, "reduce_sum", actual, expected, kept, 1e-5f);
  expect(scalar, "reduce_max", scalar->reduce_max(&w, a, expected));
  expect(table, "reduce_max", table->reduce_max(&w, a, actual));
  compare(table, "reduce_max", actual, expected, kept, 0);
  free_all();
}

static void stretches(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  int64_t n = roll() % 8 ? between(0, 100) : between(30000, 70000);
  float *x = floats(n), *expected = floats(n), *actual = floats(n);
  for (int64_t i = 0; i < n; i++)
    if (roll() % 4 == 0) x[i] = fk_from_bits(roll());
  for (int32_t op = 0; op <= FK_ROUND; op++) {
    expect(scalar, "unary", scalar->unary((fk_unary_op)op, (size_t)n, 0.3f, 0.9f, x, expected));
    expect(table, "unary", table->unary((fk_unary_op)op, (size_t)n, 0.3f, 0.9f, x, actual));
    for (int64_t i = 0; i < n; i++)
      if (fk_bits(actual[i]) != fk_bits(expected[i]) && (actual[i] == actual[i] || expected[i] == expected[i])) {
        printf("%s unary %d of %g\n", table->name, (int)op, (double)x[i]);
        failures++;
        break;
      }
  }
  expect(table, "fill", table->fill((size_t)n, 1, actual));
  uint64_t counter = roll();
  expect(scalar, "uniform", scalar->random_uniform(1, 2, counter, (size_t)n, -1, 1, expected));
  expect(table, "uniform", table->random_uniform(1, 2, counter, (size_t)n, -1, 1, actual));
  compare(table, "uniform", actual, expected, n, 0);
  expect(scalar, "normal", scalar->random_normal(1, 2, counter, (size_t)n, 0, 1, expected));
  expect(table, "normal", table->random_normal(1, 2, counter, (size_t)n, 0, 1, actual));
  compare(table, "normal", actual, expected, n, 0);
  fk_adam adam = {.learning_rate = 1e-3f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .weight_decay = 0.01f, .step = 3, .average_decay = 0.9f};
  float *gradient = floats(n), *m = floats(n), *v = floats(n);
  for (int64_t i = 0; i < n; i++) v[i] = v[i] * v[i];
  float *average = floats(n), *m2 = copy_of(m, n), *v2 = copy_of(v, n), *average2 = copy_of(average, n);
  // Two parts that meet anywhere, one of them averaged, one perhaps empty.
  size_t first = (size_t)between(0, (int32_t)n), rest = (size_t)n - first;
  fk_adam_part wanted[2] = {{first, gradient, expected, m, v, NULL}, {rest, gradient + first, expected + first, m + first, v + first, average}};
  fk_adam_part found[2] = {{first, gradient, actual, m2, v2, NULL}, {rest, gradient + first, actual + first, m2 + first, v2 + first, average2}};
  expect(scalar, "adam", scalar->adam(&adam, 2, wanted));
  expect(table, "adam", table->adam(&adam, 2, found));
  compare(table, "adam's average", average2, average, (int64_t)rest, 0);
  fk_average_part averaged[2] = {{first, gradient, expected}, {rest, gradient + first, expected + first}};
  expect(scalar, "ema", scalar->ema(0.99f, 2, averaged));
  averaged[0].average = actual, averaged[1].average = actual + first;
  expect(table, "ema", table->ema(0.99f, 2, averaged));
  compare(table, "adam and ema", actual, expected, n, 0);
  free_all();

  int32_t count = between(1, 40), width = between(1, 300), rows = between(1, 20);
  int32_t *index = bytes((size_t)count * sizeof(int32_t));
  for (int32_t i = 0; i < count; i++) index[i] = between(0, rows - 1);
  float *embedding = floats((int64_t)rows * width), *out = floats((int64_t)count * width), *second = copy_of(embedding, (int64_t)rows * width);
  expect(table, "gather", table->gather_rows((size_t)count, (size_t)width, index, embedding, out));
  expect(scalar, "scatter", scalar->scatter_add_rows((size_t)count, (size_t)width, index, out, (size_t)rows, embedding));
  expect(table, "scatter", table->scatter_add_rows((size_t)count, (size_t)width, index, out, (size_t)rows, second));
  compare(table, "scatter", second, embedding, (int64_t)rows * width, 0);
  free_all();
}

static void norms(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  int32_t images = between(1, 3);
  fk_norm_geometry g = {.groups = between(1, 3), .rows = images * between(2, roll() % 6 ? 20 : 400), .channels = between(1, 70), .epsilon = 1e-3f};
  int32_t kind = between(0, 2);
  g.rows_per_gamma = kind == 0 ? 0 : kind == 1 ? g.rows / images : g.rows * g.groups;
  g.activation = (fk_activation)between(FK_ACT_NONE, FK_ACT_PRELU);
  g.slope = 0.2f;
  g.slope_count = roll() % 2 ? 1 : g.channels;
  int64_t n = g.groups * g.rows * g.channels, s = g.groups * g.channels;
  int64_t affine = (g.rows_per_gamma ? g.groups * g.rows / g.rows_per_gamma : 1) * g.channels;
  float *x = floats(n), *dy = floats(n), *gamma = roll() % 3 ? floats(affine) : NULL, *beta = gamma ? floats(affine) : NULL;
  float *y = floats(n), *mean = floats(s), *inverse = floats(s), *y2 = floats(n), *mean2 = floats(s), *inverse2 = floats(s);
  float *dgamma = gamma ? floats(affine) : NULL, *dbeta = gamma ? floats(affine) : NULL, *slopes = floats(g.slope_count);
  float *dgamma2 = gamma ? floats(affine) : NULL, *dbeta2 = gamma ? floats(affine) : NULL;
  int has_slopes = g.activation == FK_ACT_PRELU;
  float *dslopes = has_slopes ? floats(g.channels) : NULL, *dslopes2 = has_slopes ? floats(g.channels) : NULL;
  size_t size = scalar->norm_workspace(&g), size2 = table->norm_workspace(&g);
  expect(scalar, "norm", scalar->norm_forward(&g, x, gamma, beta, slopes, y, mean, inverse, bytes(size), size));
  expect(table, "norm", table->norm_forward(&g, x, gamma, beta, slopes, y2, mean2, inverse2, bytes(size2), size2));
  compare(table, "norm y", y2, y, n, 1e-4f);
  compare(table, "norm mean", mean2, mean, s, 1e-5f);
  compare(table, "norm inv_std", inverse2, inverse, s, 1e-4f);
  expect(table, "norm", table->norm_apply(&g, x, gamma, beta, slopes, mean2, inverse2, y));
  compare(table, "norm applied", y, y2, n, 0);
  expect(scalar, "norm", scalar->norm_backward(&g, x, gamma, beta, slopes, mean, inverse, dy, y, dgamma, dbeta, dslopes, bytes(size), size));
  expect(table, "norm",
         table->norm_backward(&g, x, gamma, beta, slopes, mean, inverse, dy, y2, dgamma2, dbeta2, dslopes2, bytes(size2), size2));
  compare(table, "norm dx", y2, y, n, 1e-4f);
  if (has_slopes) compare(table, "norm dslopes", dslopes2, dslopes, g.channels, 1e-4f);
  if (gamma) {
    compare(table, "norm dgamma", dgamma2, dgamma, affine, 1e-4f);
    compare(table, "norm dbeta", dbeta2, dbeta, affine, 1e-4f);
  }
  free_all();
}

static void activations(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  int64_t rows = between(0, roll() % 6 ? 20 : 700), channels = between(1, 90), count = roll() % 2 ? 1 : channels, n = rows * channels;
  float *x = floats(n), *dy = floats(n), *slopes = floats(count), *expected = floats(n), *actual = floats(n);
  float *sums = floats(count), *sums2 = floats(count);
  expect(scalar, "prelu", scalar->prelu(rows, channels, count, x, slopes, expected));
  expect(table, "prelu", table->prelu(rows, channels, count, x, slopes, actual));
  compare(table, "prelu", actual, expected, n, 0);
  size_t size = scalar->prelu_backward_workspace(rows, channels, count), size2 = table->prelu_backward_workspace(rows, channels, count);
  expect(scalar, "prelu", scalar->prelu_backward(rows, channels, count, x, slopes, dy, expected, sums, bytes(size), size));
  expect(table, "prelu", table->prelu_backward(rows, channels, count, x, slopes, dy, actual, sums2, bytes(size2), size2));
  compare(table, "prelu dx", actual, expected, n, 0);
  compare(table, "prelu dslopes", sums2, sums, count, 1e-5f);
  expect(scalar, "leaky", scalar->leaky_relu_backward((size_t)n, 0.2f, x, dy, expected));
  expect(table, "leaky", table->leaky_relu_backward((size_t)n, 0.2f, x, dy, actual));
  compare(table, "leaky dx", actual, expected, n, 0);
  free_all();
}

static void ranks(const fk_table *table) {
  const fk_table *scalar = fk_scalar_table();
  int64_t rows = between(1, roll() % 6 ? 20 : 400), columns = between(1, 150), n = rows * columns;
  float *matrix = floats(n), *right = floats(columns), *left = floats(rows), *back = floats(columns), *left2 = floats(rows);
  float *back2 = floats(columns), *out = floats(n), *out2 = floats(n), sum, sum2;
  size_t size = scalar->power_workspace(rows, columns), size2 = table->power_workspace(rows, columns);
  expect(scalar, "power", scalar->power_products(rows, columns, matrix, right, left, back, bytes(size), size));
  expect(table, "power", table->power_products(rows, columns, matrix, right, left2, back2, bytes(size2), size2));
  compare(table, "power left", left2, left, rows, 1e-5f);
  compare(table, "power back", back2, back, columns, 1e-5f);
  expect(scalar, "outer", scalar->add_outer(rows, columns, 0.5f, matrix, -2, left, right, out));
  expect(table, "outer", table->add_outer(rows, columns, 0.5f, matrix, -2, left, right, out2));
  compare(table, "outer", out2, out, n, 0);
  expect(scalar, "dot", scalar->dot((size_t)n, matrix, out, &sum));
  expect(table, "dot", table->dot((size_t)n, matrix, out, &sum2));
  compare(table, "dot", &sum2, &sum, 1, 1e-5f);
  free_all();
}

/// kat_vectors of Random123 (D. E. Shaw Research, BSD licence), philox4x32 with 10 rounds. The second half of a counter is the stream.
static void known_answers(void) {
  static const struct {
    uint64_t block, stream, seed;
    uint32_t out[4];
  } known[] = {
      {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (int i = 0; i < 3; i++) {
    uint32_t out[4];
    fk_philox4x32_10(known[i].seed, known[i].stream, known[i].block, out);
    if (memcmp(out, known[i].out, sizeof out) != 0) {
      printf("philox vector %d\n", i);
      failures++;
    }
  }
}

int main(int argc, char **argv) {
  no_more_arguments(argc, 3);
  uint64_t seed = number_argument(argc, argv, 1, "seed", 0, 1);
  int rounds = (int)number_argument(argc, argv, 2, "rounds", 1, 60);
  static const char *const names[] = {"scalar", "portable", "avx2", "avx512", "neon"};
  known_answers();
  int tables = 0;
  for (size_t t = 0; t < sizeof names / sizeof names[0]; t++) {
    const fk_table *table = fk_table_named(names[t]);
    if (!table) continue;
    tables++;
    state = seed * 0x9E3779B97F4A7C15ull | 1;
    for (int i = 0; i < rounds; i++) {
      fk_set_threads(1 + i % 3);
      convolutions(table, random_geometry());
      convolutions(table, narrow_geometry());
      winograd(table);
      integers(table);
      if (i % 3 == 0) filter_gradients(table);
      products(table);
      walks(table);
      stretches(table);
      norms(table);
      activations(table);
      ranks(table);
    }
  }
  printf("kernel sanitizer: %d tables, %d rounds each, %d failures\n", tables, rounds, failures);
  return failures != 0;
}
