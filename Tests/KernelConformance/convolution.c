// Convolutions against the oracle: three roles, epilogues, prepared weights, shuffles, bands of rows, threads, splits of the batch.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

typedef struct sample {
  fk_conv_geometry g;
  fk_conv_role role;
  kind kind;
  int64_t na, nb, no;
  const float *a, *b;
  fk_epilogue e;
  double *expected, most;   // with the epilogue; the largest magnitude on the way
  char text[200];
} sample;

/// The output pixels of one image, and the floats that an image takes in `a` and in the output.
static int64_t image_floats(const fk_conv_geometry *g, int output, fk_conv_role role) {
  return (output == (role == FK_CONV_FORWARD)) ? (int64_t)g->p * g->q * g->k : (int64_t)g->h * g->w * g->c;
}

static float *run(const variant *v, const sample *s, int32_t threads, tally *t) {
  size_t bytes = v->table->convolution_workspace(&s->g, s->role);
  float *out = draw_floats(s->no);
  fk_set_threads(threads);
  if (v->table->convolution(&s->g, s->role, s->a, s->b, &s->e, out, draw_bytes(bytes), bytes) != FK_OK) fail(t, v, "status", s->text, 0);
  return out;
}

static float *run_prepared(const variant *v, const sample *s, const fk_epilogue *e, fk_precision precision, const void *weights, int32_t threads,
                           tally *t) {
  size_t bytes = v->table->prepared_workspace(&s->g, s->role, precision);
  float *out = draw_floats(s->no);
  fk_set_threads(threads);
  fk_status status = v->table->convolution_prepared(&s->g, s->role, precision, s->a, weights, e, out, draw_bytes(bytes), bytes);
  if (status != FK_OK) fail(t, v, "prepared status", s->text, (double)status);
  return out;
}

static void expect_same(const variant *v, const sample *s, const char *what, const float *x, const float *y, int64_t count, tally *t) {
  t->comparisons++;
  if (memcmp(x, y, (size_t)count * sizeof(float)) != 0) fail(t, v, what, s->text, 0);
}

static void expect_close(const variant *v, const sample *s, const char *what, const float *x, const double *expected, tally *t) {
  double error = relative_error(x, expected, s->no, s->most);
  t->comparisons++;
  if (error > t->worst[s->kind]) {
    t->worst[s->kind] = error;
    snprintf(t->worst_text[s->kind], sizeof t->worst_text[0], "%s %s", v->name, s->text);
  }
  if (error > FLOAT_TOLERANCE) fail(t, v, what, s->text, error);
}

/// The images in two calls.
static void check_split(const variant *v, const sample *s, const float *whole, tally *t) {
  sample part = *s;
  int32_t first = between(1, s->g.n - 1);
  float *joined = draw_bytes((size_t)s->no * sizeof(float));
  int64_t in = image_floats(&s->g, 0, s->role), out = image_floats(&s->g, 1, s->role);
  for (int32_t half = 0; half < 2; half++) {
    part.g.n = half ? s->g.n - first : first;
    part.no = part.g.n * out;
    part.a = s->a + (half ? first * in : 0);
    if (s->e.residual) part.e.residual = s->e.residual + (half ? first * out : 0);
    memcpy(joined + (half ? first * out : 0), run(v, &part, 2, t), (size_t)part.no * sizeof(float));
  }
  expect_same(v, s, "split of the batch", joined, whole, s->no, t);
}

/// The rows of the first image in two bands, each with the input rows that it reads.
static void check_bands(const variant *v, const sample *s, fk_precision precision, const void *weights, const float *whole, tally *t) {
  const fk_conv_geometry *g = &s->g;
  if (s->role != FK_CONV_FORWARD || g->p <= 4) return;
  t->bands++;
  int32_t cut = 4 * between(1, (g->p - 1) / 4);
  float *joined = draw_bytes((size_t)((int64_t)g->p * g->q * g->k) * sizeof(float));
  for (int32_t half = 0; half < 2; half++) {
    int32_t row = half ? cut : 0, rows = half ? g->p - cut : cut, top = row * g->stride_h - g->pad_top;
    // A unit of 4 rows reads its whole window, whether or not all of its rows are wanted.
    int32_t bottom = top + ((rows + 3) / 4 * 4 - 1) * g->stride_h + (g->r - 1) * g->dilation_h + 1, start = top > 0 ? top : 0;
    if (start > g->h) start = g->h;
    if (bottom > g->h) bottom = g->h;
    if (bottom < start) bottom = start;
    sample band = *s;
    band.g.n = 1, band.g.p = rows, band.g.pad_top = start - top, band.g.h = bottom - start;
    int64_t at = (int64_t)row * g->q * g->k;
    band.a = s->a + (int64_t)start * g->w * g->c;
    band.no = (int64_t)rows * g->q * g->k;
    if (s->e.residual) band.e.residual = s->e.residual + at;
    memcpy(joined + at, run_prepared(v, &band, &band.e, precision, weights, 1, t), (size_t)band.no * sizeof(float));
  }
  expect_same(v, s, precision == FK_INT16 ? "16-bit bands" : "bands", joined, whole, (int64_t)g->p * g->q * g->k, t);
}

/// The same convolution with its output shuffled; no residual is allowed.
static void check_shuffle(const variant *v, const sample *s, const void *weights, tally *t) {
  int32_t f = s->g.k % 9 == 0 ? 3 : 2;
  if (s->role != FK_CONV_FORWARD || s->g.k % (f * f) != 0) return;
  t->shuffled++;
  fk_epilogue e = s->e;
  e.residual = NULL;
  e.shuffle = f;
  double *sums = draw_bytes((size_t)s->no * sizeof(double));
  oracle_convolution(&s->g, s->role, s->a, s->b, sums);
  sample shuffled = *s;
  shuffled.most = oracle_epilogue(&e, s->g.k, s->no, sums);
  const float *one = run_prepared(v, s, &e, FK_FLOAT32, weights, 1, t), *two = run_prepared(v, s, &e, FK_FLOAT32, weights, 2, t);
  expect_same(v, s, "shuffle, threads", two, one, s->no, t);
  expect_close(v, &shuffled, "shuffle", one, oracle_shuffled(&s->g, f, sums), t);
}

static void check_int16(const variant *v, const sample *s, tally *t) {
  size_t bytes = v->table->prepared_bytes(&s->g, s->role, FK_INT16);
  if (bytes == 0) return;
  t->int16++;
  void *weights = draw_bytes(bytes);
  if (v->table->prepare(&s->g, s->role, FK_INT16, s->b, weights) != FK_OK) fail(t, v, "16-bit prepare", s->text, 0);
  const float *one = run_prepared(v, s, &s->e, FK_INT16, weights, 1, t), *two = run_prepared(v, s, &s->e, FK_INT16, weights, 2, t);
  expect_same(v, s, "16-bit threads", two, one, s->no, t);
  check_bands(v, s, FK_INT16, weights, one, t);
  double error = 0;
  for (int64_t i = 0; i < s->no; i++) error += (one[i] - s->expected[i]) * (one[i] - s->expected[i]);
  error = s->most > 0 ? sqrt(error / (double)(s->no ? s->no : 1)) / s->most : 0;
  if (error > t->worst_int16) t->worst_int16 = error;
  // Images are asked for 65 dB below their peak; 60 dB (a factor of 1,000) is for outputs of one or two pixels too, whose peak is low.
  if (!(error <= 1e-3)) fail(t, v, "16-bit error", s->text, error);
}

static void check_prepared(const variant *v, const sample *s, tally *t) {
  t->prepared++;
  size_t bytes = v->table->prepared_bytes(&s->g, s->role, FK_FLOAT32);
  void *weights = draw_bytes(bytes);
  if (bytes == 0 || v->table->prepare(&s->g, s->role, FK_FLOAT32, s->b, weights) != FK_OK) {
    fail(t, v, "prepare", s->text, 0);
    return;
  }
  const float *one = run_prepared(v, s, &s->e, FK_FLOAT32, weights, 1, t), *two = run_prepared(v, s, &s->e, FK_FLOAT32, weights, 2, t);
  expect_close(v, s, "prepared", one, s->expected, t);
  expect_same(v, s, "prepared, threads", two, one, s->no, t);
  check_bands(v, s, FK_FLOAT32, weights, one, t);
  if (roll() % 4 == 0) check_shuffle(v, s, weights, t);
}

static void draw_sample(sample *s, const fk_conv_geometry *g, fk_conv_role role, kind kind) {
  *s = (sample){.g = *g, .role = role, .kind = kind};
  convolution_sizes(g, role, &s->na, &s->nb, &s->no);
  s->a = draw_floats(s->na);
  s->b = draw_floats(s->nb);
  s->expected = draw_bytes((size_t)s->no * sizeof(double));
  oracle_convolution(g, role, s->a, s->b, s->expected);
  int32_t channels = role == FK_CONV_FORWARD ? g->k : g->c;
  if (role != FK_CONV_WEIGHT_GRADIENT && roll() % 2) {
    s->e.bias = roll() % 2 ? draw_floats(channels) : NULL;
    s->e.residual = roll() % 2 ? draw_floats(s->no) : NULL;
    s->e.activation = (fk_activation)between(0, 3);
    s->e.slope = 0.2f;
    s->e.slopes = draw_floats(channels);
  }
  s->most = oracle_epilogue(&s->e, channels, s->no, s->expected);
  snprintf(s->text, sizeof s->text, "role %d n%d %dx%dx%d k%d %dx%d out %dx%d stride %d,%d pad %d,%d dilation %d,%d groups %d", (int)role, g->n,
           g->h, g->w, g->c, g->k, g->r, g->s, g->p, g->q, g->stride_h, g->stride_w, g->pad_top, g->pad_left, g->dilation_h, g->dilation_w,
           g->groups);
}

static void check_variant(const variant *v, const sample *s, tally *t) {
  const float *one = run(v, s, 1, t);
  expect_close(v, s, "convolution", one, s->expected, t);
  expect_same(v, s, "threads", run(v, s, 2, t), one, s->no, t);
  if (s->role == FK_CONV_WEIGHT_GRADIENT) return;
  if (s->g.n > 1) check_split(v, s, one, t);
  check_prepared(v, s, t);
  check_int16(v, s, t);
}

void check_convolution(uint64_t seed, int64_t round, tally *t) {
  draw_begin(seed, round);
  fk_conv_geometry g;
  // Threads join from a million multiplications on; every twentieth geometry is far above.
  kind kind = draw_convolution(&g, roll() % 20 == 0 ? 12e6 : roll() % 3 == 0 ? 2e6 : 2e5);
  t->kinds[kind]++;
  for (int32_t role = 0; role < 3; role++) {
    sample s;
    draw_sample(&s, &g, (fk_conv_role)role, kind);
    // The scalar table is an oracle itself, and slow: now and then.
    for (const variant *v = variants(); v->table; v++) {
      size_t mark = draw_mark();
      if (v->table != &fk_scalar || roll() % 16 == 0) check_variant(v, &s, t);
      draw_release(mark);
    }
  }
  draw_end();
}
