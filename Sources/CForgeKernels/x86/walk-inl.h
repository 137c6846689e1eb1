// Strided walks brought to their simplest form and shared out among threads.

enum {
  serial_elements = 32768,    // below, one thread is faster than two
  unit_elements = 16384,
};

/// The same walk with the fewest axes: axes of one element go, neighbors that step together merge. Row-major order stays.
static fk_walk simplified(const fk_walk *walk, int operands) {
  fk_walk w = {0};
  for (int32_t i = 0; i < walk->rank; i++) {
    if (walk->extent[i] == 1) continue;
    int64_t out = walk->out_stride[i], a = walk->a_stride[i], b = operands > 1 ? walk->b_stride[i] : 0, n = walk->extent[i];
    int32_t last = w.rank - 1;
    if (last >= 0 && w.out_stride[last] == out * n && w.a_stride[last] == a * n && w.b_stride[last] == b * n) {
      w.extent[last] *= n;
    } else {
      last = w.rank++;
      w.extent[last] = n;
    }
    w.out_stride[last] = out;
    w.a_stride[last] = a;
    w.b_stride[last] = b;
  }
  if (w.rank == 0) {
    w.rank = 1;
    w.extent[0] = 1;
  }
  return w;
}

/// One stretch along the innermost axis.
typedef void row_body(int64_t n, const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *out, int64_t out_stride);

typedef struct row_job {
  fk_walk walk;
  row_body *body;
  const float *a, *b;
  float *out;
  int64_t rows, rows_per_unit, chunks;
} row_job;

static void run_rows(void *context, int64_t unit) {
  const row_job *j = context;
  const fk_walk *w = &j->walk;
  int32_t inner = w->rank - 1;
  int64_t first = unit / j->chunks * j->rows_per_unit, end = fk_min64(j->rows, first + j->rows_per_unit);
  int64_t start = unit % j->chunks * unit_elements, count = j->chunks == 1 ? w->extent[inner] : fk_min64(unit_elements, w->extent[inner] - start);
  int64_t out_stride = w->out_stride[inner], a_stride = w->a_stride[inner], b_stride = w->b_stride[inner];
  fk_cursor at;
  fk_cursor_seek(&at, w, inner, first);
  for (int64_t row = first; row < end; row++, fk_cursor_advance(&at, w, inner))
    j->body(count, j->a + at.a + start * a_stride, a_stride, j->b ? j->b + at.b + start * b_stride : NULL, b_stride,
            j->out + at.out + start * out_stride, out_stride);
}

/// Runs `body` over every row of a simplified walk; rows must not write to the same place.
static void for_each_row(const fk_walk *walk, row_body *body, const float *a, const float *b, float *out) {
  int64_t count = fk_walk_count(walk), inner = walk->extent[walk->rank - 1];
  if (count == 0) return;
  row_job j = {.walk = *walk, .body = body, .a = a, .b = b, .out = out, .rows = count / inner, .rows_per_unit = count / inner, .chunks = 1};
  if (count < serial_elements) {
    run_rows(&j, 0);
    return;
  }
  j.chunks = inner >= 2 * unit_elements ? fk_ceil_div(inner, unit_elements) : 1;
  j.rows_per_unit = j.chunks > 1 ? 1 : fk_max64(1, unit_elements / inner);
  fk_parallel(fk_ceil_div(j.rows, j.rows_per_unit) * j.chunks, &j, run_rows);
}
