// Weight gradients by the transposed Winograd algorithm.
//
// A stride of 2 is split into phases: taps and input pixels of the same parity form a convolution of stride 1 with 2 or 1 taps an axis.
// A unit owns up to 64 x 64 channels of one phase and a block of tiles. It transforms a chunk of tiles at a time and adds their products
// to its sums, which stay in L2; the positions are visited in two halves where that is what makes them fit. Blocks are fixed by the
// geometry and added in order by the inverse transform.

#include "winograd-gradient-transform-inl.h"
#include "winograd-gradient-product-inl.h"

enum {
  wgrad_part = 64,            // channels of a unit, at most
  wgrad_chunk = 64,           // tiles transformed at a time
  wgrad_most_phases = 4,
};

static const float wgrad_zeros[wgrad_part + FK_LANES];

/// Taps tap_y, tap_y + stride, ... of the filter, taps_y of them; x likewise.
typedef struct wgrad_phase {
  int32_t tap_y, tap_x, taps_y, taps_x;
} wgrad_phase;

typedef struct wgrad {
  const fk_conv_geometry *g;
  const float *x, *dy;
  float *dw;
  wgrad_phase phases[wgrad_most_phases];
  int64_t phase_count;
  int64_t tiles_y, tiles_x, tiles;
  int64_t part_c, part_k, parts_c, parts_k;   // channels of a part (a multiple of FK_LANES), parts
  int64_t parts, blocks;                      // of all phases; of tiles
  int64_t input_step, gradient_step;          // floats between positions of a chunk
  int64_t sums_floats;                        // of a unit
  float *sums;                                // [blocks, parts, sums_floats] when blocks > 1
  float *scratch;
  int64_t scratch_floats;
  _Atomic int64_t next;
} wgrad;

static void wgrad_plan(wgrad *j, const fk_conv_geometry *g) {
  j->g = g;
  j->phase_count = 0;
  int64_t positions = 0;
  for (int32_t y = 0; y < g->stride_h && y < g->r; y++)
    for (int32_t x = 0; x < g->stride_w && x < g->s; x++) {
      wgrad_phase p = {y, x, (g->r - y + g->stride_h - 1) / g->stride_h, (g->s - x + g->stride_w - 1) / g->stride_w};
      j->phases[j->phase_count++] = p;
      positions = fk_max64(positions, wgrad_positions(p.taps_y) * wgrad_positions(p.taps_x));
    }
  j->tiles_y = fk_ceil_div(g->p, wgrad_tile);
  j->tiles_x = fk_ceil_div(g->q, wgrad_tile);
  j->tiles = g->n * j->tiles_y * j->tiles_x;
  j->parts_c = fk_ceil_div(g->c, wgrad_part);
  j->parts_k = fk_ceil_div(g->k, wgrad_part);
  j->part_c = fk_ceil_div(fk_ceil_div(g->c, j->parts_c), FK_LANES) * FK_LANES;
  j->part_k = fk_ceil_div(fk_ceil_div(g->k, j->parts_k), FK_LANES) * FK_LANES;
  j->parts_c = fk_ceil_div(g->c, j->part_c);
  j->parts_k = fk_ceil_div(g->k, j->part_k);
  j->parts = j->phase_count * j->parts_c * j->parts_k;
  j->blocks = fk_max64(1, fk_min64(FK_MAX_BLOCKS / j->parts, j->tiles / 128));
  // A line of slack keeps the positions of a tile from meeting in one set of the cache.
  j->input_step = wgrad_chunk * j->part_c + 16;
  j->gradient_step = wgrad_chunk * j->part_k + 16;
  j->sums_floats = positions * j->part_c * j->part_k;
  j->scratch_floats = positions * (j->input_step + j->gradient_step) + (j->blocks > 1 ? 0 : j->sums_floats);
}

static int winograd_gradient_applies(const fk_conv_geometry *g) {
  if (g->groups != 1 || g->dilation_h != 1 || g->dilation_w != 1 || g->stride_h != g->stride_w || g->stride_h > 2) return 0;
  if (g->r != g->s || !(g->r == 3 || (g->r == 4 && g->stride_h == 2))) return 0;
  // A filter that sees padding alone has gradient 0, exactly.
  if (g->pad_top >= g->r || g->pad_left >= g->s) return 0;
  return g->c >= 16 && g->k >= 16 && g->p > 0 && g->q > 0 && g->n > 0;
}

static size_t winograd_gradient_workspace(const fk_conv_geometry *g) {
  wgrad j;
  wgrad_plan(&j, g);
  int64_t sums = j.blocks > 1 ? j.blocks * j.parts * j.sums_floats : 0;
  return (size_t)(sums + fk_lanes() * j.scratch_floats) * sizeof(float);
}

/// Pixels of one tile: rows y, y + step, ... of an image, zeros outside.
static void wgrad_pixels(const float *image, int64_t height, int64_t width, int64_t pitch, int64_t y, int64_t x, int64_t step, int64_t rows,
                         int64_t columns, const float **pixels) {
  for (int64_t i = 0; i < rows; i++, y += step) {
    int inside = y >= 0 && y < height;
    const float *row = image + (inside ? y * width * pitch : 0);
    for (int64_t c = 0, at = x; c < columns; c++, at += step) *pixels++ = inside && at >= 0 && at < width ? row + at * pitch : wgrad_zeros;
  }
}

/// Transforms `channels` channels of a tile; the last vector is filled up with zeros.
static void wgrad_transform_tile(wgrad_transform *transform, const float **pixels, int64_t count, int64_t channels, float *to, int64_t step) {
  int64_t vectors = channels / FK_LANES, rest = channels % FK_LANES;
  transform(pixels, vectors, to, step);
  if (rest == 0) return;
  float last[wgrad_most_positions * wgrad_most_positions][FK_LANES];
  for (int64_t i = 0; i < count; i++) {
    for (int64_t n = 0; n < FK_LANES; n++) last[i][n] = n < rest ? pixels[i][vectors * FK_LANES + n] : 0;
    pixels[i] = last[i];
  }
  transform(pixels, 1, to + vectors * FK_LANES, step);
}

static void wgrad_inverse_rows(const wgrad *j, int64_t part, const float *from, int64_t first, int64_t end) {
  const fk_conv_geometry *g = j->g;
  wgrad_phase p = j->phases[part / (j->parts_c * j->parts_k)];
  int64_t c = part / j->parts_k % j->parts_c * j->part_c, k = part % j->parts_k * j->part_k;
  int64_t floats = fk_min64(j->part_k, g->k - k), filter = (int64_t)g->c * g->k;
  end = fk_min64(end, g->c - c);
  for (int64_t row = first; row < end; row++) {
    const float *at = from + row * j->part_k;
    float *to = j->dw + ((int64_t)p.tap_y * g->s + p.tap_x) * filter + (c + row) * g->k + k;
    int64_t step = j->part_c * j->part_k, block = j->parts * j->sums_floats, tap_row = g->stride_h * g->s * filter;
    int64_t tap_column = g->stride_w * filter;
    switch (p.taps_y * 4 + p.taps_x) {
      case 5: wgrad_inverse(1, 1, at, step, j->blocks, block, floats, to, tap_row, tap_column); break;
      case 6: wgrad_inverse(1, 2, at, step, j->blocks, block, floats, to, tap_row, tap_column); break;
      case 9: wgrad_inverse(2, 1, at, step, j->blocks, block, floats, to, tap_row, tap_column); break;
      case 10: wgrad_inverse(2, 2, at, step, j->blocks, block, floats, to, tap_row, tap_column); break;
      default: wgrad_inverse(3, 3, at, step, j->blocks, block, floats, to, tap_row, tap_column); break;
    }
  }
}

static void wgrad_unit(const wgrad *j, int64_t unit, float *scratch) {
  const fk_conv_geometry *g = j->g;
  int64_t part = unit % j->parts, block = unit / j->parts;
  wgrad_phase p = j->phases[part / (j->parts_c * j->parts_k)];
  int64_t c = part / j->parts_k % j->parts_c * j->part_c, k = part % j->parts_k * j->part_k;
  int64_t channels = fk_min64(j->part_c, g->c - c), width = fk_min64(j->part_k, g->k - k);
  int64_t begin = j->tiles * block / j->blocks, end = j->tiles * (block + 1) / j->blocks, sums_step = j->part_c * j->part_k;
  int64_t rows = wgrad_positions(p.taps_y), columns = wgrad_positions(p.taps_x);
  float *input = scratch, *gradient = scratch + j->input_step * rows * columns;
  float *sums = j->blocks > 1 ? j->sums + unit * j->sums_floats : gradient + j->gradient_step * rows * columns;
  const float *pixels[wgrad_most_positions * wgrad_most_positions];
  for (int32_t half = 0; half < 2; half++) {
    wgrad_transform *const *transforms = wgrad_transforms[p.taps_y - 1][p.taps_x - 1][half];
    int64_t positions = wgrad_half_rows(p.taps_y, half) * columns;
    for (int64_t first = begin; first < end; first += wgrad_chunk) {
      int64_t count = fk_min64(wgrad_chunk, end - first);
      for (int64_t t = 0; t < count; t++) {
        int64_t tile = first + t, x = tile % j->tiles_x * wgrad_tile, y = tile / j->tiles_x % j->tiles_y * wgrad_tile;
        int64_t n = tile / (j->tiles_x * j->tiles_y);
        wgrad_pixels(j->x + n * g->h * g->w * g->c + c, g->h, g->w, g->c, y * g->stride_h + p.tap_y - g->pad_top,
                     x * g->stride_w + p.tap_x - g->pad_left, g->stride_h, rows, columns, pixels);
        wgrad_transform_tile(transforms[0], pixels, rows * columns, channels, input + t * j->part_c, j->input_step);
        wgrad_pixels(j->dy + n * g->p * g->q * g->k + k, g->p, g->q, g->k, y, x, 1, wgrad_tile, wgrad_tile, pixels);
        wgrad_transform_tile(transforms[1], pixels, wgrad_tile * wgrad_tile, width, gradient + t * j->part_k, j->gradient_step);
      }
      for (int64_t i = 0; i < positions; i++)
        wgrad_accumulate(channels, fk_ceil_div(width, FK_LANES) * FK_LANES, input + i * j->input_step, j->part_c,
                         gradient + i * j->gradient_step, j->part_k, count,
                         sums + (wgrad_half_first(p.taps_y, half) * columns + i) * sums_step, j->part_k, first == begin);
    }
  }
  if (j->blocks == 1) wgrad_inverse_rows(j, part, sums, 0, channels);
}

static void wgrad_lane(void *context, int64_t lane) {
  wgrad *j = context;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (unit >= j->blocks * j->parts) return;
    wgrad_unit(j, unit, j->scratch + lane * j->scratch_floats);
  }
}

/// The blocks' sums become weights, an eighth of a part's rows at a time.
static void wgrad_finish(void *context, int64_t index) {
  const wgrad *j = context;
  int64_t part = index / 8, eighth = index % 8;
  wgrad_inverse_rows(j, part, j->sums + part * j->sums_floats, j->part_c * eighth / 8, j->part_c * (eighth + 1) / 8);
}

/// `memory` is aligned and has winograd_gradient_workspace bytes.
static void winograd_gradient_run(const fk_conv_geometry *g, const float *x, const float *dy, float *dw, void *memory) {
  wgrad j;
  wgrad_plan(&j, g);
  j.x = x;
  j.dy = dy;
  j.dw = dw;
  j.sums = memory;
  j.scratch = j.sums + (j.blocks > 1 ? j.blocks * j.parts * j.sums_floats : 0);
  atomic_init(&j.next, 0);
  fk_parallel(fk_min64(fk_lanes(), j.blocks * j.parts), &j, wgrad_lane);
  if (j.blocks > 1) fk_parallel(j.parts * 8, &j, wgrad_finish);
}
