// Which convolutions run by Winograd's algorithm, and what they look like then.
//
// Stride 1, 3 x 3: F(4 x 4, 3 x 3), 36 products for 16 outputs instead of 144. Stride 2, 3 x 3 or 4 x 4: split by parity into
// convolutions of 2 x 2 taps and stride 1, F(4 x 4, 2 x 2). The forward role has four sources (parities of the input) that meet in one
// contraction over 4 c: 100 products instead of 256. The data gradient has four parts (parities of the output), each with its own
// filter. A 3 x 3 filter has a single tap at odd parity; its filter at the point infinity is zero, so those products are left out: 81
// products instead of 144.

/// One part: outputs of one parity, a grid of tiles per image.
typedef struct winograd_part {
  int64_t rows, columns;            // outputs
  int64_t tile_columns, tiles;      // per image
  int64_t first_y, first_x;         // input position of the first tile's window, before the source's shift
  int64_t out;                      // of the first output
  int32_t odd_y, odd_x;             // parity of the taps
} winograd_part;

typedef struct winograd {
  const fk_conv_geometry *geometry;
  fk_conv_role role;
  int32_t points, step;             // points per axis; distance of a window's neighbors in the input
  int32_t source_count, part_count;
  int64_t height, width, depth;     // of the input; depth is its channels
  int64_t end_y, end_x;             // of what the outputs see of it: past that a window has zeros, so nothing else leaks in by rounding
  int64_t contraction, columns;     // source_count * depth; output channels
  int64_t padded_columns, panels;
  int64_t out_image, out_row, out_column;
  winograd_part part[4];
} winograd;

/// Sources of a strided forward convolution in this order keep those of even row parity, of even column parity and of both adjacent.
static const int8_t winograd_source_parity[4][2] = {{0, 1}, {0, 0}, {1, 0}, {1, 1}};

/// Whether weights are transformed ahead: a question of c, k, r, s, strides, dilations and groups alone.
static int winograd_prepares(const fk_conv_geometry *g, fk_conv_role role) {
  if (role == FK_CONV_WEIGHT_GRADIENT || g->groups != 1 || g->dilation_h != 1 || g->dilation_w != 1) return 0;
  if (g->r != g->s || g->stride_h != g->stride_w || g->c < 16 || g->k < 16) return 0;
  return (g->stride_h == 1 && g->r == 3) || (g->stride_h == 2 && (g->r == 3 || g->r == 4));
}

static void winograd_set_part(winograd *j, int32_t index, int64_t rows, int64_t columns, int64_t first_y, int64_t first_x, int64_t out) {
  winograd_part *p = &j->part[index];
  p->rows = fk_max64(rows, 0), p->columns = fk_max64(columns, 0);
  p->tile_columns = fk_ceil_div(p->columns, winograd_outputs);
  p->tiles = fk_ceil_div(p->rows, winograd_outputs) * p->tile_columns;
  p->first_y = first_y, p->first_x = first_x, p->out = out;
  p->odd_y = index / 2, p->odd_x = index % 2;
}

static void winograd_plan(winograd *j, const fk_conv_geometry *g, fk_conv_role role) {
  int32_t stride = g->stride_h, forward = role == FK_CONV_FORWARD;
  *j = (winograd){.geometry = g, .role = role, .points = stride == 1 ? 6 : 5, .step = forward ? stride : 1};
  j->source_count = forward ? stride * stride : 1;
  j->part_count = forward ? 1 : stride * stride;
  j->height = forward ? g->h : g->p, j->width = forward ? g->w : g->q, j->depth = forward ? g->c : g->k;
  j->end_y = forward ? (int64_t)(g->p - 1) * stride - g->pad_top + g->r : ((int64_t)g->h - 1 + g->pad_top) / stride + 1;
  j->end_x = forward ? (int64_t)(g->q - 1) * stride - g->pad_left + g->s : ((int64_t)g->w - 1 + g->pad_left) / stride + 1;
  j->end_y = fk_min64(j->height, j->end_y), j->end_x = fk_min64(j->width, j->end_x);
  j->contraction = j->source_count * j->depth;
  j->columns = forward ? g->k : g->c;
  j->padded_columns = fk_ceil_div(j->columns, FK_LANES) * FK_LANES;
  j->panels = fk_ceil_div(j->columns, panel_columns);
  int64_t rows = forward ? g->p : g->h, columns = forward ? g->q : g->w, spread = forward ? 1 : stride;
  j->out_column = spread * j->columns;
  j->out_row = spread * columns * j->columns;
  j->out_image = rows * columns * j->columns;
  if (forward) {
    winograd_set_part(j, 0, rows, columns, -g->pad_top, -g->pad_left, 0);
    return;
  }
  if (stride == 1) {
    winograd_set_part(j, 0, rows, columns, g->pad_top - 2, g->pad_left - 2, 0);
    return;
  }
  // Output 2 i + b with 2 i + b + pad - r even sees the taps r = 2 m + odd, odd = (b + pad) mod 2, at gradient (b + pad - odd) / 2 + i - m.
  // Two taps are reversed, so the window starts at m = 1; a single tap starts at m = 0.
  for (int32_t index = 0; index < 4; index++) {
    int32_t odd_y = index / 2, odd_x = index % 2, b_y = (odd_y + g->pad_top) & 1, b_x = (odd_x + g->pad_left) & 1;
    int32_t last_y = g->r == 3 && odd_y ? 0 : 1, last_x = g->s == 3 && odd_x ? 0 : 1;
    winograd_set_part(j, index, (rows - b_y + 1) / 2, (columns - b_x + 1) / 2, (b_y + g->pad_top - odd_y) / 2 - last_y,
                      (b_x + g->pad_left - odd_x) / 2 - last_x, (b_y * columns + b_x) * j->columns);
  }
}

/// Whether a convolution with plain weights, which it has to transform, is faster this way: where tiles are mostly outputs.
static int winograd_applies(const fk_conv_geometry *g, fk_conv_role role) {
  if (!winograd_prepares(g, role)) return 0;
  winograd j;
  winograd_plan(&j, g, role);
  int64_t outputs = 0, tiles = 0;
  for (int32_t i = 0; i < j.part_count; i++) outputs += j.part[i].rows * j.part[i].columns, tiles += j.part[i].tiles;
  // In tenths: products fall to 1/4, 1/2.56 and 1/1.78.
  int64_t least = j.points == 6 ? 4 : g->r == 4 ? 6 : 8;
  return tiles > 0 && outputs * 10 >= tiles * winograd_outputs * winograd_outputs * least;
}

/// The sources, first ..< first + count, whose filters at a position are not zero by construction.
typedef struct winograd_range {
  int32_t first, count;
} winograd_range;

static winograd_range winograd_sources(const winograd *j, const winograd_part *p, int32_t position) {
  int32_t last = j->points - 1, end_y = position / j->points == last, end_x = position % j->points == last;
  if (j->points != 5 || j->geometry->r == 4) return (winograd_range){0, j->source_count};
  if (j->source_count == 1) return (winograd_range){0, !(end_y && p->odd_y) && !(end_x && p->odd_x)};
  return (winograd_range){end_x ? 1 : 0, end_y ? (end_x ? 1 : 2) : (end_x ? 2 : 4)};
}

/// Index of the weight that a part's or source's filter has at (y, x), or -1.
static int32_t winograd_tap(const winograd *j, const winograd_part *p, int32_t source, int32_t y, int32_t x) {
  int32_t size = j->geometry->r;
  if (j->points == 6) return j->role == FK_CONV_FORWARD ? y * 3 + x : (2 - y) * 3 + 2 - x;
  if (j->role == FK_CONV_FORWARD)
    y = 2 * y + winograd_source_parity[source][0], x = 2 * x + winograd_source_parity[source][1];
  else {
    int32_t single_y = size == 3 && p->odd_y, single_x = size == 3 && p->odd_x;
    y = 2 * (single_y ? y : 1 - y) + p->odd_y, x = 2 * (single_x ? x : 1 - x) + p->odd_x;
  }
  return y < size && x < size ? y * size + x : -1;
}
