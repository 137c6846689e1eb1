// Strided copies and their adjoint, rows of embeddings.

static void copy_dense(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {
  (void)as, (void)b, (void)bs, (void)os;
  copy_floats(out, a, n);
}
static void copy_repeated(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {
  (void)as, (void)b, (void)bs, (void)os;
  float x = *a;
  for (int64_t i = 0; i < n; i++) out[i] = x;
}
static void copy_strided(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {
  (void)b, (void)bs;
  for (int64_t i = 0; i < n; i++) out[i * os] = a[i * as];
}
static void add_dense(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {
  (void)as, (void)b, (void)bs, (void)os;
  for (int64_t i = 0; i < n; i++) out[i] += a[i];
}
static void add_strided(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {
  (void)b, (void)bs;
  for (int64_t i = 0; i < n; i++) out[i * os] += a[i * as];
}

/// A walk whose innermost axis is dense in `out` and whose axis `across` is dense in `a`: squares of 16 x 16 keep both in cache.
typedef struct transpose_job {
  fk_walk outer;
  int64_t across, across_out, inner, inner_a;
  const float *a;
  float *out;
} transpose_job;

static void transpose_unit(void *context, int64_t unit) {
  const transpose_job *j = context;
  fk_cursor at;
  int64_t strips = fk_ceil_div(j->across, 16);
  fk_cursor_seek(&at, &j->outer, j->outer.rank, unit / strips);
  int64_t first = unit % strips * 16, end = fk_min64(j->across, first + 16);
  for (int64_t i = 0; i < j->inner; i += 16)
    for (int64_t k = first; k < end; k++) {
      const float *a = j->a + at.a + k;
      float *out = j->out + at.out + k * j->across_out;
      int64_t stop = fk_min64(j->inner, i + 16);
      for (int64_t e = i; e < stop; e++) out[e] = a[e * j->inner_a];
    }
}

static fk_status copy(const fk_walk *walk, const float *a, float *out) {
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  fk_walk w = simplified(walk, 1);
  int64_t count = fk_walk_count(&w);
  if (count == 0) return FK_OK;
  int32_t inner = w.rank - 1;
  if (w.out_stride[inner] == 1 && w.a_stride[inner] > 1 && w.extent[inner] >= 16)
    for (int32_t i = 0; i < inner; i++) {
      if (w.a_stride[i] != 1 || w.extent[i] < 16) continue;
      transpose_job j = {.across = w.extent[i], .across_out = w.out_stride[i], .inner = w.extent[inner], .inner_a = w.a_stride[inner], .a = a, .out = out};
      for (int32_t k = 0; k < inner; k++) {
        if (k == i) continue;
        j.outer.extent[j.outer.rank] = w.extent[k];
        j.outer.out_stride[j.outer.rank] = w.out_stride[k];
        j.outer.a_stride[j.outer.rank++] = w.a_stride[k];
      }
      int64_t units = fk_walk_count(&j.outer) * fk_ceil_div(j.across, 16);
      if (count < serial_elements)
        for (int64_t unit = 0; unit < units; unit++) transpose_unit(&j, unit);
      else
        fk_parallel(units, &j, transpose_unit);
      return FK_OK;
    }
  int64_t as = w.a_stride[inner];
  for_each_row(&w, w.out_stride[inner] != 1 ? copy_strided : as == 1 ? copy_dense : as == 0 ? copy_repeated : copy_strided, a, NULL, out);
  return FK_OK;
}

typedef struct add_job {
  fk_walk walk;               // without its first axis
  row_body *body;
  const float *a;
  float *out;
  int64_t a_stride, out_stride;  // of the first axis
} add_job;

static void add_slice(void *context, int64_t index) {
  const add_job *j = context;
  const fk_walk *w = &j->walk;
  int32_t inner = w->rank - 1;
  int64_t rows = fk_walk_count(w) / w->extent[inner];
  fk_cursor at = {0};
  for (int64_t row = 0; row < rows; row++, fk_cursor_advance(&at, w, inner))
    j->body(w->extent[inner], j->a + index * j->a_stride + at.a, w->a_stride[inner], NULL, 0, j->out + index * j->out_stride + at.out,
            w->out_stride[inner]);
}

static fk_status copy_add(const fk_walk *walk, const float *a, float *out) {
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  for (int32_t i = 0; i < walk->rank; i++)
    if (walk->extent[i] > 1 && walk->out_stride[i] == 0) return FK_BAD_GEOMETRY;
  fk_walk w = simplified(walk, 1);
  int64_t count = fk_walk_count(&w);
  if (count == 0) return FK_OK;
  // Slices of the first axis go to different threads only if they write to different places.
  int64_t span = 0;
  for (int32_t i = 1; i < w.rank; i++) span += (w.extent[i] - 1) * (w.out_stride[i] < 0 ? -w.out_stride[i] : w.out_stride[i]);
  int64_t first_stride = w.out_stride[0] < 0 ? -w.out_stride[0] : w.out_stride[0];
  add_job j = {.a = a, .out = out};
  int64_t slices = 1;
  if (w.rank > 1) {
    slices = w.extent[0];
    j.a_stride = w.a_stride[0];
    j.out_stride = w.out_stride[0];
    for (int32_t i = 1; i < w.rank; i++) {
      j.walk.extent[i - 1] = w.extent[i];
      j.walk.out_stride[i - 1] = w.out_stride[i];
      j.walk.a_stride[i - 1] = w.a_stride[i];
    }
    j.walk.rank = w.rank - 1;
  } else if (w.out_stride[0] == 1 && w.a_stride[0] == 1 && count >= serial_elements) {
    // One dense stretch: cut it.
    int64_t whole = count / unit_elements;
    j.walk = (fk_walk){.rank = 1, .extent = {unit_elements}, .out_stride = {1}, .a_stride = {1}};
    j.a_stride = j.out_stride = unit_elements;
    j.body = add_dense;
    fk_parallel(whole, &j, add_slice);
    add_dense(count - whole * unit_elements, a + whole * unit_elements, 1, NULL, 0, out + whole * unit_elements, 1);
    return FK_OK;
  } else {
    j.walk = w;
  }
  int32_t inner = j.walk.rank - 1;
  j.body = j.walk.out_stride[inner] == 1 && j.walk.a_stride[inner] == 1 ? add_dense : add_strided;
  if (count < serial_elements || first_stride <= span)
    for (int64_t i = 0; i < slices; i++) add_slice(&j, i);
  else
    fk_parallel(slices, &j, add_slice);
  return FK_OK;
}

typedef struct rows_job {
  size_t count, width, chunk;
  const int32_t *index;
  const float *from;
  float *to;
} rows_job;

static void gather_unit(void *context, int64_t unit) {
  const rows_job *j = context;
  size_t first = (size_t)unit * j->chunk, end = first + j->chunk < j->count ? first + j->chunk : j->count;
  for (size_t i = first; i < end; i++) copy_floats(j->to + i * j->width, j->from + (size_t)j->index[i] * j->width, (int64_t)j->width);
}

static fk_status gather_rows(size_t count, size_t width, const int32_t *index, const float *table, float *out) {
  if (count == 0 || width == 0) return FK_OK;
  rows_job j = {.count = count, .width = width, .chunk = count, .index = index, .from = table, .to = out};
  if (count * width < serial_elements) {
    gather_unit(&j, 0);
    return FK_OK;
  }
  j.chunk = (size_t)fk_max64(1, (int64_t)(unit_elements / width));
  fk_parallel(fk_ceil_div((int64_t)count, (int64_t)j.chunk), &j, gather_unit);
  return FK_OK;
}

// Threads own columns, so each row of the table gets its sums in ascending order.
static void scatter_unit(void *context, int64_t unit) {
  const rows_job *j = context;
  size_t first = (size_t)unit * j->chunk, width = j->width - first < j->chunk ? j->width - first : j->chunk;
  for (size_t i = 0; i < j->count; i++) {
    const float *from = j->from + i * j->width + first;
    float *to = j->to + (size_t)j->index[i] * j->width + first;
    for (size_t k = 0; k < width; k++) to[k] += from[k];
  }
}

static fk_status scatter_add_rows(size_t count, size_t width, const int32_t *index, const float *in, size_t table_rows, float *table) {
  (void)table_rows;
  if (count == 0 || width == 0) return FK_OK;
  rows_job j = {.count = count, .width = width, .chunk = width, .index = index, .from = in, .to = table};
  if (count * width < serial_elements) {
    scatter_unit(&j, 0);
    return FK_OK;
  }
  j.chunk = 256;
  fk_parallel(fk_ceil_div((int64_t)width, 256), &j, scatter_unit);
  return FK_OK;
}
