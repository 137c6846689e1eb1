// Window times weights: the forward convolution, its data gradient and the plain matrix product are all this.
//
// The weights are packed once into panels of 2 * FK_LANES columns. Work is cut into blocks of pixels; a lane (one thread at a time)
// takes blocks from a counter and owns a scratch buffer. Every output is summed by one lane in one fixed order, so neither the
// number of lanes nor the cutting shows in the result.

#include "product-plan-inl.h"
#include "product-pack-inl.h"
#include "product-store-inl.h"
#include "product-narrow-inl.h"

/// A unit's pixels as tiles of `height` rows (the last may have fewer), read in place or from the scratch.
typedef struct unit_tiles {
  int64_t count, height, tiles;
  pixel start[block_tiles];
  int direct[block_tiles];
  int64_t place[block_rows];
  float *scratch, *partial, *panel;
  int64_t partial_step, first_panel;
} unit_tiles;

FK_INLINE int64_t tile_rows(const unit_tiles *u, int64_t t) { return fk_min64(u->height, u->count - t * u->height); }

/// One tile times one panel of one block.
static void unit_product(const product *j, const unit_tiles *u, int64_t block, int64_t panel, int64_t t) {
  const window *w = &j->left;
  int64_t vectors = panel_vectors(j, panel), column = panel * panel_columns, rows = tile_rows(u, t), row = t * u->height;
  const float *b = j->packed + column * w->total + block * w->block_length * vectors * FK_LANES;
  if (j->narrow) b = j->packed + block * w->block_length;
  if (j->once) b = u->panel;
  const float *a = u->direct[t] ? window_base(w, u->start[t]) : u->scratch + row * w->block_length;
  int64_t step = u->direct[t] ? w->stride_x * w->pitch : w->block_length;
  pieces p = window_pieces(w, block, !u->direct[t]);
  float tile[FK_TILE_ROWS * panel_columns] __attribute__((aligned(64)));
  int64_t columns = fk_min64(vectors * FK_LANES, j->width - column);
  // The outputs' memory is claimed while they are summed.
  if (block == w->block_count - 1)
    for (int64_t m = 0; m < rows; m++)
      for (int64_t n = 0; n < columns; n += cache_line_floats) __builtin_prefetch(j->out + u->place[row + m] + column + n, 1, 3);
  if (j->narrow)
    narrow_tile(rows, j->width, a, step, p, b, w->total, tile);
  else
    rows_tiles[rows - 1][vectors - 1](a, step, p, b, tile);
  store_tile(j, tile, vectors * FK_LANES, rows, u->place + row, column, columns,
             u->partial + row * u->partial_step + (panel - u->first_panel) * panel_columns, u->partial_step, block == 0,
             block == w->block_count - 1);
}

static void product_unit(const product *j, int64_t unit, float *scratch) {
  const window *w = &j->left;
  int64_t first_pixel = unit / j->chunks * block_rows, first_panel = unit % j->chunks * j->chunk;
  int64_t end_panel = fk_min64(j->panels, first_panel + j->chunk);
  unit_tiles u = {.count = fk_min64(block_rows, j->pixels - first_pixel), .scratch = scratch, .first_panel = first_panel};
  u.tiles = fk_ceil_div(u.count, FK_TILE_ROWS);
  u.height = fk_ceil_div(u.count, u.tiles);
  u.partial = scratch + block_rows * w->block_length;
  u.partial_step = (end_panel - first_panel) * panel_columns;
  u.panel = u.partial + (w->block_count > 1 ? block_rows * u.partial_step : 0);

  // Rows that lie a multiple of a page apart would meet in one set of the cache.
  int scattered = w->stride_x * w->pitch % page_floats != 0 || end_panel - first_panel < 4;
  pixel p = window_pixel(w, first_pixel);
  for (int64_t t = 0; t < u.tiles; t++) {
    u.start[t] = p;
    u.direct[t] = scattered && window_is_direct(w, p, tile_rows(&u, t));
    for (int64_t m = 0; m < tile_rows(&u, t); m++, window_advance(w, &p))
      u.place[t * u.height + m] = p.image * j->out_image + p.row * j->out_row + p.column * j->out_column;
  }
  for (int64_t block = 0; block < w->block_count; block++) {
    for (int64_t t = 0; t < u.tiles; t++)
      if (!u.direct[t]) window_gather(w, block, u.start[t], tile_rows(&u, t), scratch + t * u.height * w->block_length, w->block_length);
    for (int64_t panel = first_panel; panel < end_panel; panel++) {
      if (j->once) pack_panel(j, panel, block * w->block_length, fk_min64(w->total, (block + 1) * w->block_length), u.panel);
      for (int64_t t = 0; t < u.tiles; t++) unit_product(j, &u, block, panel, t);
    }
  }
}

static void product_lane(void *context, int64_t lane) {
  product *j = context;
  float *scratch = j->scratch + lane * j->scratch_floats;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (unit >= j->units) return;
    product_unit(j, unit, scratch);
  }
}

/// Runs a job whose first part (up to `images`) is filled in. `memory` has product_workspace bytes for its extents.
static void product_run(product *j, void *memory) {
  window *w = &j->left;
  window_prepare(w, longest_block, FK_LANES, memory);
  char *at = (char *)memory + fk_round_up(window_bytes(w->tap_count, w->depth, longest_block), 64);
  j->pixels = j->images * w->rows * w->columns;
  j->panels = fk_ceil_div(j->width, panel_columns);
  if (j->pixels == 0 || j->width == 0) return;
  j->narrow = product_is_narrow(j->width, w->depth);
  j->once = product_is_once(j->pixels, j->width, w->depth);
  j->packed = (float *)at;
  if (!j->once) at += product_packed_bytes(w->total, j->width);
  j->scratch = (float *)at;
  j->scratch_floats = (int64_t)(fk_round_up((size_t)product_scratch_floats(w->total, j->width, j->once) * sizeof(float), 64) / sizeof(float));
  int64_t packed_panels = j->once ? 0 : j->panels;
  if (w->total * j->width > 16384)
    fk_parallel(packed_panels, j, product_pack);
  else
    for (int64_t panel = 0; panel < packed_panels; panel++) product_pack(j, panel);

  int64_t blocks = fk_ceil_div(j->pixels, block_rows);
  // Few blocks of pixels: the panels are shared out too.
  j->chunk = fk_max64(1, fk_min64(chunk_panels, j->panels * blocks / (4 * fk_lanes())));
  j->chunks = fk_ceil_div(j->panels, j->chunk);
  j->units = blocks * j->chunks;
  atomic_store(&j->next, 0);
  // Below this a sleeping thread wakes too late to help.
  int small = (double)j->pixels * (double)w->total * (double)j->width < 1e6;
  if (small)
    product_lane(j, 0);
  else
    fk_parallel(fk_min64(j->lanes, j->units), j, product_lane);
}
