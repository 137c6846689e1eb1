// What a product is given and how it is cut.

enum {
  panel_columns = 2 * FK_LANES,
  block_tiles = FK_TILE_ROWS == 14 ? 6 : 14,
  block_rows = block_tiles * FK_TILE_ROWS,
  longest_block = 768,        // of the reduction: a tile's rows and a panel's rows of that length fit L1 and L2
  chunk_panels = 8,
  cache_line_floats = 16,
  page_floats = 1024,
  narrow_width = 4,           // up to this many columns are summed along the reduction instead of across columns
};

typedef struct product {
  window left;
  // Weight of (tap, channel) and column n: transposed ? b[tap * b_tap + n * b_step + channel] : b[tap * b_tap + channel * b_step + n].
  const float *b;
  int64_t b_tap, b_step;
  int transposed;
  int64_t width;              // columns
  // The output pixel of (image, row, column): out + image * out_image + row * out_row + column * out_column.
  float *out;
  int64_t out_image, out_row, out_column;
  const fk_epilogue *epilogue;  // or NULL
  const float *residual, *bias, *slopes;  // moved to the same origin as out
  int accumulate;
  int64_t images;
  int64_t lanes;              // that have scratch
  // Derived.
  int64_t pixels, panels, chunk, chunks, units;
  int narrow;
  int once;                   // a panel serves one unit alone, which packs it into its scratch
  float *packed, *scratch;
  int64_t scratch_floats;
  _Atomic int64_t next;
} product;

static int product_is_narrow(int64_t width, int64_t depth) { return width <= narrow_width && depth >= FK_LANES; }

static int product_is_once(int64_t pixels, int64_t width, int64_t depth) { return pixels <= block_rows && !product_is_narrow(width, depth); }

static int64_t product_scratch_floats(int64_t total, int64_t width, int once) {
  int64_t blocks = window_blocks(total, longest_block), length = fk_min64(longest_block, fk_ceil_div(total, FK_LANES) * FK_LANES);
  int64_t columns = fk_min64(fk_ceil_div(width, panel_columns), chunk_panels) * panel_columns;
  return block_rows * (length + (blocks > 1 ? columns : 0)) + (once ? panel_columns * length : 0) + FK_LANES;
}

static size_t product_packed_bytes(int64_t total, int64_t width) {
  return fk_round_up((size_t)(fk_ceil_div(width, FK_LANES) * FK_LANES * total) * sizeof(float), 64);
}

/// Bytes for the pieces, the packed weights and the scratch of every lane. `pixels`: at most so many, -1: any number.
static size_t product_workspace(int64_t tap_count, int64_t depth, int64_t width, int64_t pixels, int64_t lanes) {
  int64_t total = tap_count * depth;
  int packs = pixels < 0 || !product_is_once(pixels, width, depth), once = product_is_once(fk_max64(0, pixels), width, depth);
  return fk_round_up(window_bytes(tap_count, depth, longest_block), 64) + (packs ? product_packed_bytes(total, width) : 0) +
         (size_t)lanes * fk_round_up((size_t)product_scratch_floats(total, width, once) * sizeof(float), 64) + 64;
}

FK_INLINE int64_t panel_vectors(const product *j, int64_t panel) {
  return j->narrow ? 1 : (j->width - panel * panel_columns > FK_LANES ? 2 : 1);
}
