// The oracle of the convolutions in 16-bit integers: the steps of fk_int16.h one number at a time, products in 64 bits.
#include <string.h>

#include "../fk_int16.h"
#include "scalar.h"

/// a * b + c rounded once, without an instruction for it: the product is exact in double, and the double sum is rounded to odd, which
/// its rounding to float cannot tell from the exact sum (Boldo and Melquiond, 2008).
static float fused(float a, float b, float c) {
  double product = (double)a * b, addend = c, sum = product + addend;
  double back = sum - product, lost = (product - (sum - back)) + (addend - back);
  union {
    double d;
    uint64_t u;
  } odd = {.d = sum};
  // Without a rest, or with none that is a number, the sum stands.
  if (lost != 0 && lost == lost && !(odd.u & 1)) odd.u += (lost > 0) == (sum > 0) ? 1 : (uint64_t)-1;
  return (float)odd.d;
}

#define INT16_NUMBER float
#define INT16_FMA fused
#define INT16_SPLAT(x) (x)
#include "../fk_int16_transform.h"

/// The integer that a number times a scale rounds to.
static int16_t rounded(float x, float up) {
  uint32_t low = fk_bits(fused(x, up, FK_INT16_ROUND)) & 0xffff;
  return (int16_t)((int32_t)low - (low >= 0x8000 ? 0x10000 : 0));
}

static int64_t chunks_of(const fk_int16_plan *p) { return fk_ceil_div(p->depth, fk_int16_chunk); }
static int64_t scale_count(const fk_int16_plan *p) { return (int64_t)p->stride * p->stride * p->positions * chunks_of(p) * p->width; }
static int64_t weight_count(const fk_int16_plan *p) { return (int64_t)p->stride * p->stride * p->positions * p->depth * p->width; }

size_t fk_scalar_int16_bytes(const fk_conv_geometry *g, fk_conv_role role) {
  fk_int16_plan p;
  if (!fk_int16_plan_make(g, role, &p)) return 0;
  return (size_t)scale_count(&p) * sizeof(float) + (size_t)weight_count(&p) * sizeof(int16_t);
}

static void weights_of(const fk_int16_plan *p, int32_t phase, int64_t channel, int64_t column, const float *weights, float *u) {
  float taps[9];
  for (int32_t t = 0; t < p->taps * p->taps; t++)
    taps[t] = fk_int16_tap(p, phase, t / p->taps, t % p->taps, weights)[channel * fk_int16_depth_step(p) + column * fk_int16_width_step(p)];
  if (p->edge == 6)
    int16_weight_tile(6, taps, u);
  else
    int16_weight_tile(5, taps, u);
}

/// Scales [phase][position][chunk][column], then integers [phase][position][channel][column].
void fk_scalar_int16_prepare(const fk_conv_geometry *g, fk_conv_role role, const float *weights, void *prepared) {
  fk_int16_plan p;
  if (!fk_int16_plan_make(g, role, &p)) return;
  float *scales = prepared;
  int16_t *integers = (int16_t *)(scales + scale_count(&p));
  int64_t chunks = chunks_of(&p);
  for (int32_t phase = 0; phase < p.stride * p.stride; phase++)
    for (int64_t column = 0; column < p.width; column++)
      for (int64_t chunk = 0; chunk < chunks; chunk++) {
        float u[fk_int16_positions], sum[fk_int16_positions] = {0}, most[fk_int16_positions] = {0}, up[fk_int16_positions];
        int64_t first = chunk * fk_int16_chunk, end = fk_min64(p.depth, first + fk_int16_chunk);
        for (int64_t c = first; c < end; c++) {
          weights_of(&p, phase, c, column, weights, u);
          for (int32_t i = 0; i < p.positions; i++) {
            float size = fk_absolute(u[i]);
            sum[i] = fused(u[i], u[i], sum[i]);
            most[i] = most[i] > size ? most[i] : size;
          }
        }
        for (int32_t i = 0; i < p.positions; i++) {
          fk_int16_scale scale = fk_int16_weight_scale(sum[i], most[i]);
          up[i] = scale.up;
          scales[((phase * p.positions + i) * chunks + chunk) * p.width + column] = scale.down;
        }
        for (int64_t c = first; c < end; c++) {
          weights_of(&p, phase, c, column, weights, u);
          for (int32_t i = 0; i < p.positions; i++)
            integers[((phase * p.positions + i) * p.depth + c) * p.width + column] = rounded(u[i], up[i]);
        }
      }
}

/// The numbers of a tile [position][channel], the factors [position][chunk] that bring sums of its integers back, and the integers.
static size_t tile_bytes(const fk_int16_plan *p) {
  return (size_t)(p->positions * (p->depth + chunks_of(p))) * sizeof(float) + (size_t)(p->positions * p->depth) * sizeof(int16_t);
}

size_t fk_scalar_int16_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  fk_int16_plan p;
  return fk_int16_plan_make(g, role, &p) ? tile_bytes(&p) + sizeof(float) : 0;
}

static void input_lines(const fk_int16_plan *p, float *tile, int64_t from, int64_t step) {
  float d[6], v[6];
  for (int32_t i = 0; i < p->edge; i++) d[i] = tile[(from + i * step) * p->depth];
  int16_input_line(p->edge, d, v);
  for (int32_t i = 0; i < p->edge; i++) tile[(from + i * step) * p->depth] = v[i];
}

/// The sum of the squares of a chunk's numbers.
static float squares_of(const float *numbers, int64_t count) {
  float sum[fk_int16_partial_sums] = {0};
  for (int64_t c = 0; c < count; c++) sum[c % fk_int16_partial_sums] = fused(numbers[c], numbers[c], sum[c % fk_int16_partial_sums]);
  for (int32_t half = fk_int16_partial_sums / 2; half > 0; half /= 2)
    for (int32_t i = 0; i < half; i++) sum[i] += sum[i + half];
  return sum[0];
}

static void load_tile(const fk_int16_plan *p, const float *image, int64_t row, int64_t column, float *numbers, float *down, int16_t *integers) {
  for (int64_t c = 0; c < p->depth; c++) {
    float *tile = numbers + c;
    for (int32_t i = 0; i < p->positions; i++) {
      int64_t y = row + i / p->edge, x = column + i % p->edge;
      int inside = y >= 0 && y < p->end_rows && x >= 0 && x < p->end_columns;
      tile[i * p->depth] = inside ? image[(y * p->source_columns + x) * p->depth + c] : 0;
    }
    for (int32_t x = 0; x < p->edge; x++) input_lines(p, tile, x, p->edge);
    for (int32_t y = 0; y < p->edge; y++) input_lines(p, tile, (int64_t)y * p->edge, 1);
  }
  for (int32_t i = 0; i < p->positions; i++)
    for (int64_t chunk = 0; chunk < chunks_of(p); chunk++) {
      int64_t first = chunk * fk_int16_chunk, end = fk_min64(p->depth, first + fk_int16_chunk);
      fk_int16_scale scale = fk_int16_input_scale(squares_of(numbers + i * p->depth + first, end - first));
      for (int64_t c = first; c < end; c++) integers[i * p->depth + c] = rounded(numbers[i * p->depth + c], scale.up);
      down[i * chunks_of(p) + chunk] = scale.down;
    }
}

/// The outputs of one column of a tile.
static void store_tile(const fk_int16_plan *p, int32_t phase, const int16_t *left, const float *down, const float *scales, const int16_t *integers,
                       const fk_epilogue *e, int64_t image, int64_t tile_row, int64_t tile_column, int64_t column, float *out) {
  float products[fk_int16_positions], lines[24], line[6], y[4];
  int64_t chunks = chunks_of(p);
  for (int32_t i = 0; i < p->positions; i++)
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      int64_t sum = 0, at = phase * p->positions + i;
      for (int64_t c = chunk * fk_int16_chunk; c < fk_min64(p->depth, (chunk + 1) * fk_int16_chunk); c++)
        sum += (int64_t)left[i * p->depth + c] * integers[(at * p->depth + c) * p->width + column];
      float number = (float)sum * scales[(at * chunks + chunk) * p->width + column], back = down[i * chunks + chunk];
      products[i] = chunk == 0 ? number * back : fused(number, back, products[i]);
    }
  for (int32_t x = 0; x < p->edge; x++) {
    for (int32_t i = 0; i < p->edge; i++) line[i] = products[i * p->edge + x];
    int16_output_line(p->edge, line, y);
    for (int32_t i = 0; i < 4; i++) lines[i * p->edge + x] = y[i];
  }
  int64_t f = e && e->shuffle > 1 ? e->shuffle : 1, channels = p->width / (f * f), group = column / channels, channel = column % channels;
  for (int64_t i = 0; i < 4; i++) {
    int64_t row = (4 * tile_row + i) * p->stride + phase / p->stride;
    if (row >= p->out_rows) break;
    int16_output_line(p->edge, lines + i * p->edge, y);
    for (int64_t k = 0; k < 4; k++) {
      int64_t to = (4 * tile_column + k) * p->stride + phase % p->stride;
      if (to >= p->out_columns) break;
      int64_t at = (((image * p->out_rows + row) * f + group / f) * p->out_columns * f + to * f + group % f) * channels + channel;
      float value = y[k] + (e && e->bias ? e->bias[column] : 0);
      if (e && e->residual) value += e->residual[at];
      if (e) value = fk_activate(e->activation, value, e->slope, e->activation == FK_ACT_PRELU ? e->slopes[channel] : 0);
      out[at] = value;
    }
  }
}

void fk_scalar_int16_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const void *prepared, const fk_epilogue *e, float *out,
                         void *workspace) {
  fk_int16_plan p;
  if (!fk_int16_plan_make(g, role, &p)) return;
  const float *scales = prepared;
  const int16_t *integers = (const int16_t *)(scales + scale_count(&p));
  float *numbers = (float *)fk_round_up((size_t)(uintptr_t)workspace, sizeof(float));
  float *down = numbers + p.positions * p.depth;
  int16_t *left = (int16_t *)(down + p.positions * chunks_of(&p));
  for (int64_t image = 0; image < g->n; image++)
    for (int32_t phase = 0; phase < p.stride * p.stride; phase++)
      for (int64_t row = 0; row < p.tile_rows; row++)
        for (int64_t tile = 0; tile < p.tile_columns; tile++) {
          load_tile(&p, a + image * p.source_rows * p.source_columns * p.depth, 4 * row + p.first_y[phase / p.stride],
                    4 * tile + p.first_x[phase % p.stride], numbers, down, left);
          for (int64_t column = 0; column < p.width; column++)
            store_tile(&p, phase, left, down, scales, integers, e, image, row, tile, column, out);
        }
}
