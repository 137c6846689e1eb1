// Weight gradients by the transposed Winograd algorithm.
//
// A stride of 2 is split into phases: taps and input pixels of the same parity form a convolution of stride 1 with 2 or 1 taps an axis.
// A unit owns up to 128 x 128 channels of one phase and a block of tiles. It transforms a chunk of tiles at a time, which stays in L2, and
// adds their products to its sums. Blocks are fixed by the geometry and added in order by the inverse transform.

enum {
  wgrad_part = 128,           // channels of a unit, at most
  wgrad_chunk = 32,           // tiles transformed at a time
  wgrad_block = 256,          // tiles that pay for sums of their own
  wgrad_sums = 2097152,       // floats of all blocks' sums
  wgrad_most_phases = 4,
  wgrad_fewest = 4,           // channels on either side, at least
  wgrad_few = 16,             // on one side, at least; at stride 2 on both
  wgrad_overhead = 14,        // tiles
  wgrad_slices = 8,           // of a part's rows, transformed back at a time
};

#include "winograd-gradient-transform-inl.h"
#include "winograd-gradient-product-inl.h"

/// Taps tap_y, tap_y + stride, ... of the filter, taps_y of them; x likewise.
typedef struct wgrad_phase {
  int32_t tap_y, tap_x, taps_y, taps_x;
} wgrad_phase;

typedef struct wgrad {
  const fk_conv_geometry *g;
  const float *x, *dy;
  float *dw;
  wgrad_phase phases[wgrad_most_phases];
  int64_t phase_count, positions;             // positions of all phases
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

/// Even parts of `channels`, at most wgrad_part long.
FK_INLINE int64_t wgrad_part_length(int64_t channels) {
  return fk_ceil_div(fk_ceil_div(channels, fk_ceil_div(channels, wgrad_part)), FK_LANES) * FK_LANES;
}

static void wgrad_plan(wgrad *j, const fk_conv_geometry *g) {
  j->g = g;
  j->phase_count = 0;
  j->positions = 0;
  int64_t most_positions = 0;
  for (int32_t y = 0; y < g->stride_h && y < g->r; y++)
    for (int32_t x = 0; x < g->stride_w && x < g->s; x++) {
      wgrad_phase p = {y, x, (g->r - y + g->stride_h - 1) / g->stride_h, (g->s - x + g->stride_w - 1) / g->stride_w};
      j->phases[j->phase_count++] = p;
      int64_t positions = (int64_t)wgrad_positions(p.taps_y) * wgrad_positions(p.taps_x);
      j->positions += positions;
      most_positions = fk_max64(most_positions, positions);
    }
  j->tiles_y = fk_ceil_div(g->p, wgrad_tile);
  j->tiles_x = fk_ceil_div(g->q, wgrad_tile);
  j->tiles = g->n * j->tiles_y * j->tiles_x;
  j->part_c = wgrad_part_length(g->c);
  j->part_k = wgrad_part_length(g->k);
  j->parts_c = fk_ceil_div(g->c, j->part_c);
  j->parts_k = fk_ceil_div(g->k, j->part_k);
  j->parts = j->phase_count * j->parts_c * j->parts_k;
  // A line of slack keeps the positions of a tile from meeting in one set of the cache.
  j->input_step = wgrad_chunk * j->part_c + 16;
  j->gradient_step = wgrad_chunk * j->part_k + 16;
  j->sums_floats = most_positions * j->part_c * j->part_k;
  int64_t most = fk_min64(FK_MAX_BLOCKS, wgrad_sums / j->sums_floats) / j->parts;
  // A lone part gets two blocks early, for two threads.
  j->blocks = fk_max64(1, fk_min64(most, j->parts == 1 && j->tiles >= wgrad_block / 2 ? fk_max64(2, j->tiles / wgrad_block) : j->tiles / wgrad_block));
  j->scratch_floats = most_positions * (j->input_step + j->gradient_step) + (j->blocks > 1 ? 0 : j->sums_floats);
}

static int winograd_gradient_applies(const fk_conv_geometry *g) {
  if (g->groups != 1 || g->dilation_h != 1 || g->dilation_w != 1 || g->stride_h != g->stride_w || g->stride_h > 2) return 0;
  if (g->r != g->s || !(g->r == 3 || (g->r == 4 && g->stride_h == 2))) return 0;
  // A filter that sees padding alone has gradient 0, exactly.
  if (g->pad_top >= g->r || g->pad_left >= g->s) return 0;
  int64_t fewest = fk_min64(g->c, g->k), most = fk_max64(g->c, g->k);
  if (most < wgrad_few || fewest < (g->stride_h == 1 ? wgrad_fewest : wgrad_few)) return 0;
  if (g->p <= 0 || g->q <= 0 || g->n <= 0) return 0;
  // Sums and the inverse transform cost as much as wgrad_overhead tiles; the products must save that.
  wgrad j;
  wgrad_plan(&j, g);
  return (double)(j.tiles + wgrad_overhead) * (double)j.positions < (double)g->n * g->p * g->q * g->r * g->s;
}

static size_t winograd_gradient_workspace(const fk_conv_geometry *g) {
  wgrad j;
  wgrad_plan(&j, g);
  int64_t sums = j.blocks > 1 ? j.blocks * j.parts * j.sums_floats : 0;
  return (size_t)(sums + fk_lanes() * j.scratch_floats) * sizeof(float);
}

/// A rectangle of rows x columns pixels, `step` apart, in images [images, height, width, pitch]; `channels` of each pixel.
typedef struct wgrad_view {
  const float *images;
  int64_t height, width, pitch, channels, step, rows, columns;
  int64_t offset_y, offset_x, stride;         // of the rectangle of tile (ty, tx): offset + stride * tile
} wgrad_view;

/// What stands for a pixel outside the image.
static const float wgrad_zeros[wgrad_part];

static void wgrad_pixels(const wgrad *j, const wgrad_view *v, int64_t tile, const float **pixels) {
  int64_t left = v->offset_x + tile % j->tiles_x * v->stride, y = v->offset_y + tile / j->tiles_x % j->tiles_y * v->stride;
  const float *image = v->images + tile / (j->tiles_x * j->tiles_y) * v->height * v->width * v->pitch;
  for (int64_t i = 0; i < v->rows; i++, y += v->step) {
    int inside = y >= 0 && y < v->height;
    const float *row = image + (inside ? y * v->width * v->pitch : 0);
    for (int64_t c = 0, x = left; c < v->columns; c++, x += v->step)
      *pixels++ = inside && x >= 0 && x < v->width ? row + x * v->pitch : wgrad_zeros;
  }
}

/// Transforms a tile's pixels; the last vector of channels is filled up with zeros.
static void wgrad_transform_tile(const wgrad_view *v, wgrad_transform *transform, const float **pixels, const float **next, float *to,
                                 int64_t step) {
  int64_t vectors = v->channels / FK_LANES, rest = v->channels % FK_LANES;
  transform(pixels, next, vectors, to, step);
  if (rest == 0) return;
  float last[wgrad_most_positions * wgrad_most_positions][FK_LANES];
  for (int64_t i = 0; i < v->rows * v->columns; i++) {
    for (int64_t n = 0; n < FK_LANES; n++) last[i][n] = n < rest ? pixels[i][vectors * FK_LANES + n] : 0;
    pixels[i] = last[i];
  }
  transform(pixels, pixels, 1, to + vectors * FK_LANES, step);
}

/// Transforms tiles first ..< first + count; tile t goes to to + t * part.
static void wgrad_transform_chunk(const wgrad *j, const wgrad_view *v, wgrad_transform *transform, int64_t first, int64_t count, float *to,
                                  int64_t part, int64_t step) {
  const float *pixels[2][wgrad_most_positions * wgrad_most_positions];
  wgrad_pixels(j, v, first, pixels[0]);
  for (int64_t t = 0; t < count; t++) {
    const float **now = pixels[t % 2], **next = pixels[(t + 1) % 2];
    wgrad_pixels(j, v, fk_min64(first + t + 1, j->tiles - 1), next);
    wgrad_transform_tile(v, transform, now, next, to + t * part, step);
  }
}

/// Rows first ..< end of a part of the weights, from its sums.
static void wgrad_inverse_rows(const wgrad *j, int64_t part, const float *sums, int64_t first, int64_t end) {
  const fk_conv_geometry *g = j->g;
  wgrad_phase p = j->phases[part / (j->parts_c * j->parts_k)];
  int64_t c = part / j->parts_k % j->parts_c * j->part_c, k = part % j->parts_k * j->part_k, filter = (int64_t)g->c * g->k;
  int64_t floats = fk_min64(j->part_k, g->k - k), step = j->part_c * j->part_k, block = j->parts * j->sums_floats;
  int64_t tap_row = g->stride_h * g->s * filter, tap_column = g->stride_w * filter;
  end = fk_min64(end, g->c - c);
  for (int64_t row = first; row < end; row++)
    wgrad_inverses[p.taps_y - 1][p.taps_x - 1](sums + row * j->part_k, step, j->blocks, block, floats,
                                               j->dw + ((int64_t)p.tap_y * g->s + p.tap_x) * filter + (c + row) * g->k + k, tap_row, tap_column);
}

static void wgrad_unit(const wgrad *j, int64_t unit, float *scratch) {
  const fk_conv_geometry *g = j->g;
  int64_t part = unit % j->parts, block = unit / j->parts;
  wgrad_phase p = j->phases[part / (j->parts_c * j->parts_k)];
  int64_t c = part / j->parts_k % j->parts_c * j->part_c, k = part % j->parts_k * j->part_k;
  int64_t rows = wgrad_positions(p.taps_y), columns = wgrad_positions(p.taps_x);
  wgrad_view input = {j->x + c, g->h, g->w, g->c, fk_min64(j->part_c, g->c - c), g->stride_h, rows, columns,
                      p.tap_y - g->pad_top, p.tap_x - g->pad_left, wgrad_tile * g->stride_h};
  wgrad_view gradient = {j->dy + k, g->p, g->q, g->k, fk_min64(j->part_k, g->k - k), 1, wgrad_tile, wgrad_tile, 0, 0, wgrad_tile};
  wgrad_transform *const *transforms = wgrad_transforms[p.taps_y - 1][p.taps_x - 1];
  float *left = scratch, *right = left + j->input_step * rows * columns;
  float *sums = j->blocks > 1 ? j->sums + unit * j->sums_floats : right + j->gradient_step * rows * columns;
  int64_t begin = j->tiles * block / j->blocks, end = j->tiles * (block + 1) / j->blocks;
  for (int64_t first = begin; first < end; first += wgrad_chunk) {
    int64_t count = fk_min64(wgrad_chunk, end - first);
    wgrad_transform_chunk(j, &input, transforms[0], first, count, left, j->part_c, j->input_step);
    wgrad_transform_chunk(j, &gradient, transforms[1], first, count, right, j->part_k, j->gradient_step);
    for (int64_t i = 0; i < rows * columns; i++)
      wgrad_accumulate(input.channels, fk_ceil_div(gradient.channels, FK_LANES) * FK_LANES, left + i * j->input_step, j->part_c,
                       right + i * j->gradient_step, j->part_k, count, sums + i * j->part_c * j->part_k, first == begin);
  }
  if (j->blocks == 1) wgrad_inverse_rows(j, part, sums, 0, j->part_c);
}

static void wgrad_lane(void *context, int64_t lane) {
  wgrad *j = context;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (unit >= j->blocks * j->parts) return;
    wgrad_unit(j, unit, j->scratch + lane * j->scratch_floats);
  }
}

/// The blocks' sums become weights.
static void wgrad_finish(void *context, int64_t index) {
  const wgrad *j = context;
  int64_t part = index / wgrad_slices, slice = index % wgrad_slices;
  wgrad_inverse_rows(j, part, j->sums + part * j->sums_floats, j->part_c * slice / wgrad_slices, j->part_c * (slice + 1) / wgrad_slices);
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
  if (j.blocks > 1) fk_parallel(j.parts * wgrad_slices, &j, wgrad_finish);
}
