// The virtual left operand of a convolution: a matrix of (output pixel) x (tap, channel) that is never built as a whole.
//
// Taps that lie side by side in memory form one piece. A tile of pixels whose taps are all inside the image is read where it lies;
// any other tile is gathered, with zeros for the padding, into a small buffer.

/// One element of the filter: its offset in source pixels from the pixel that stride * output gives, and its index in the weights.
typedef struct tap {
  int32_t dy, dx, weight;
} tap;

typedef struct window {
  const float *source;              // [images, height, width, pitch]
  int64_t height, width, pitch;
  int64_t first, depth;             // channels first ..< first + depth take part
  int64_t stride_y, stride_x;
  int64_t rows, columns;            // output pixels per image
  const tap *taps;
  int64_t tap_count;
  int64_t low_y, high_y, low_x, high_x;
  int64_t total;                    // tap_count * depth
  int64_t block_length, block_count;  // the (tap, channel) axis is cut into blocks
  // Pieces, in order. `packed` is the offset inside the piece's block.
  int64_t *offset, *packed;
  int32_t *length, *dy, *dx, *channel;
  int64_t *block_first;             // [block_count + 1], indexes of pieces
} window;

static int64_t window_blocks(int64_t total, int64_t longest) { return total ? fk_ceil_div(total, longest) : 1; }

static size_t window_bytes(int64_t tap_count, int64_t depth, int64_t longest) {
  int64_t blocks = window_blocks(tap_count * depth, longest);
  return (size_t)((tap_count + blocks) * (2 * 8 + 4 * 4) + (blocks + 1) * 8 + 64);
}

/// Fills the derived fields; `memory` has window_bytes, aligned to 8. Block lengths are multiples of `unit` (except the last).
static void window_prepare(window *w, int64_t longest, int64_t unit, void *memory) {
  w->total = w->tap_count * w->depth;
  w->block_count = window_blocks(w->total, longest);
  w->block_length = w->total ? fk_ceil_div(fk_ceil_div(w->total, w->block_count), unit) * unit : unit;
  int64_t most = w->tap_count + w->block_count;
  w->offset = memory;
  w->packed = w->offset + most;
  w->block_first = w->packed + most;
  w->length = (int32_t *)(w->block_first + w->block_count + 1);
  w->dy = w->length + most;
  w->dx = w->dy + most;
  w->channel = w->dx + most;
  w->low_y = w->low_x = INT32_MAX;
  w->high_y = w->high_x = INT32_MIN;
  for (int64_t t = 0; t < w->tap_count; t++) {
    w->low_y = fk_min64(w->low_y, w->taps[t].dy);
    w->high_y = fk_max64(w->high_y, w->taps[t].dy);
    w->low_x = fk_min64(w->low_x, w->taps[t].dx);
    w->high_x = fk_max64(w->high_x, w->taps[t].dx);
  }
  int64_t piece = 0, position = 0, run_start = 0;
  for (int64_t block = 0; block < w->block_count; block++) {
    int64_t start = block * w->block_length, end = fk_min64(w->total, start + w->block_length);
    w->block_first[block] = piece;
    while (position < end) {
      int64_t t = position / w->depth;
      if (position % w->depth == 0 && (t == 0 || w->depth != w->pitch || w->taps[t].dy != w->taps[t - 1].dy || w->taps[t].dx != w->taps[t - 1].dx + 1))
        run_start = t;
      int64_t run_end = t + 1;
      while (w->depth == w->pitch && run_end < w->tap_count && w->taps[run_end].dy == w->taps[t].dy &&
             w->taps[run_end].dx == w->taps[run_end - 1].dx + 1)
        run_end++;
      int64_t stop = fk_min64(end, run_end * w->depth);
      int64_t inside = position - run_start * w->depth;
      w->dy[piece] = w->taps[run_start].dy;
      w->dx[piece] = w->taps[run_start].dx;
      w->channel[piece] = (int32_t)(w->first + inside);
      w->offset[piece] = ((int64_t)w->dy[piece] * w->width + w->dx[piece]) * w->pitch + w->first + inside;
      w->packed[piece] = position - start;
      w->length[piece] = (int32_t)(stop - position);
      piece++;
      position = stop;
    }
  }
  w->block_first[w->block_count] = piece;
}

/// The pieces of a block, read in place or from a gathered tile.
FK_INLINE pieces window_pieces(const window *w, int64_t block, int gathered) {
  int64_t first = w->block_first[block];
  return (pieces){(gathered ? w->packed : w->offset) + first, w->length + first, (int32_t)(w->block_first[block + 1] - first)};
}

typedef struct pixel {
  int64_t image, row, column;
} pixel;

FK_INLINE pixel window_pixel(const window *w, int64_t index) {
  int64_t line = index / w->columns;
  return (pixel){line / w->rows, line % w->rows, index % w->columns};
}

FK_INLINE void window_advance(const window *w, pixel *p) {
  if (++p->column < w->columns) return;
  p->column = 0;
  if (++p->row < w->rows) return;
  p->row = 0;
  p->image++;
}

/// Where the taps of a pixel are counted from; may lie outside the image.
FK_INLINE const float *window_base(const window *w, pixel p) {
  return w->source + ((p.image * w->height + p.row * w->stride_y) * w->width + p.column * w->stride_x) * w->pitch;
}

/// Whether `count` pixels from p on lie in one row and see no padding.
FK_INLINE int window_is_direct(const window *w, pixel p, int64_t count) {
  int64_t y = p.row * w->stride_y, x = p.column * w->stride_x, last = x + (count - 1) * w->stride_x;
  return p.column + count <= w->columns && y + w->low_y >= 0 && y + w->high_y < w->height && x + w->low_x >= 0 && last + w->high_x < w->width;
}

/// Writes the block of `count` pixels from p on as rows of `to`, `step` floats apart.
static void window_gather(const window *w, int64_t block, pixel p, int64_t count, float *to, int64_t step) {
  int64_t line = w->width * w->pitch, first = w->block_first[block], end = w->block_first[block + 1];
  for (int64_t m = 0; m < count; m++, to += step, window_advance(w, &p)) {
    const float *image = w->source + p.image * w->height * line;
    for (int64_t i = first; i < end; i++) {
      float *target = to + w->packed[i];
      int64_t length = w->length[i], y = p.row * w->stride_y + w->dy[i];
      int64_t start = (p.column * w->stride_x + w->dx[i]) * w->pitch + w->channel[i];
      if (y < 0 || y >= w->height || start >= line || start + length <= 0) {
        zero_floats(target, length);
        continue;
      }
      int64_t low = start < 0 ? -start : 0, high = fk_min64(length, line - start);
      if (low > 0) zero_floats(target, low);
      copy_floats(target + low, image + y * line + start + low, high - low);
      if (high < length) zero_floats(target + high, length - high);
    }
  }
}
