// Sums and maxima over some axes of a walk. Sums run in double; a long sum of few outputs is cut into FK_MAX_BLOCKS fixed blocks.

enum {
  column_chunk = 2 * FK_LANES,     // columns whose double sums stay in registers
  most_split_outputs = 1024,       // outputs whose block sums fit the stack
};

typedef struct reduce_job {
  fk_walk kept, reduced;      // kept: without the column axis, if there is one
  // Sums: the dense kept axis; columns is 1 when the innermost axis is reduced. Maxima: outputs per unit.
  int64_t columns, column_out;
  int64_t column_chunks, outputs, terms, blocks;
  const float *a;
  float *out;
  double *partial;            // [blocks, outputs, columns] when blocks > 1
} reduce_job;

typedef double vdouble __attribute__((ext_vector_type(FK_LANES)));

// A macro: two registers wide, so as a function's value it would concern the ABI.
#define vf_widen(x) __builtin_convertvector((vf)(x), vdouble)

FK_INLINE double vdouble_sum(const vdouble *x) {
  double lane[FK_LANES];
  for (int32_t i = 0; i < FK_LANES; i++) lane[i] = (*x)[i];
  for (int32_t width = FK_LANES / 2; width > 0; width /= 2)
    for (int32_t i = 0; i < width; i++) lane[i] += lane[i + width];
  return lane[0];
}

/// Sum of terms begin ..< end of one output whose innermost reduced axis may be dense.
static double sum_terms(const reduce_job *j, const float *a, int64_t begin, int64_t end) {
  const fk_walk *w = &j->reduced;
  if (w->rank == 0) return begin < end ? *a : 0;
  int32_t inner = w->rank - 1;
  int64_t extent = w->extent[inner], stride = w->a_stride[inner];
  fk_cursor at;
  fk_cursor_seek(&at, w, inner, begin / extent);
  int64_t start = begin % extent;
  vdouble sum0 = 0, sum1 = 0;
  double rest = 0;
  for (int64_t left = end - begin; left > 0; fk_cursor_advance(&at, w, inner), start = 0) {
    int64_t n = fk_min64(left, extent - start);
    const float *x = a + at.a + start * stride;
    left -= n;
    int64_t i = 0;
    if (stride == 1) {
      for (; i + 2 * FK_LANES <= n; i += 2 * FK_LANES) {
        sum0 += vf_widen(vf_load(x + i));
        sum1 += vf_widen(vf_load(x + i + FK_LANES));
      }
    }
    for (; i < n; i++) rest += x[i * stride];
  }
  sum0 += sum1;
  return vdouble_sum(&sum0) + rest;
}

/// Sums of up to column_chunk neighboring columns over terms begin ..< end.
static void sum_columns(const reduce_job *j, const float *a, int64_t count, int64_t begin, int64_t end, double *sums) {
  const fk_walk *w = &j->reduced;
  fk_cursor at;
  if (count == column_chunk) {
    vdouble sum0 = 0, sum1 = 0;
    int32_t inner = w->rank - 1;
    int64_t extent = w->extent[inner], stride = w->a_stride[inner], start = begin % extent;
    fk_cursor_seek(&at, w, inner, begin / extent);
    for (int64_t left = end - begin; left > 0; fk_cursor_advance(&at, w, inner), start = 0) {
      int64_t n = fk_min64(left, extent - start);
      const float *x = a + at.a + start * stride;
      left -= n;
      for (int64_t i = 0; i < n; i++, x += stride) {
        sum0 += vf_widen(vf_load(x));
        sum1 += vf_widen(vf_load(x + FK_LANES));
      }
    }
    for (int32_t i = 0; i < FK_LANES; i++) {
      sums[i] = sum0[i];
      sums[i + FK_LANES] = sum1[i];
    }
    return;
  }
  for (int64_t c = 0; c < count; c++) sums[c] = 0;
  fk_cursor_seek(&at, w, w->rank, begin);
  for (int64_t i = begin; i < end; i++, fk_cursor_advance(&at, w, w->rank))
    for (int64_t c = 0; c < count; c++) sums[c] += a[at.a + c];
}

static void sum_unit(void *context, int64_t unit) {
  const reduce_job *j = context;
  int64_t block = unit % j->blocks, chunk = unit / j->blocks % j->column_chunks, output = unit / j->blocks / j->column_chunks;
  int64_t begin = j->terms * block / j->blocks, end = j->terms * (block + 1) / j->blocks;
  int64_t first = chunk * column_chunk, count = fk_min64(column_chunk, j->columns - first);
  fk_cursor at;
  fk_cursor_seek(&at, &j->kept, j->kept.rank, output);
  double sums[column_chunk];
  if (j->columns == 1)
    sums[0] = sum_terms(j, j->a + at.a, begin, end);
  else
    sum_columns(j, j->a + at.a + first, count, begin, end, sums);
  for (int64_t c = 0; c < count; c++) {
    if (j->blocks > 1)
      j->partial[(block * j->outputs + output) * j->columns + first + c] = sums[c];
    else
      j->out[at.out + (first + c) * j->column_out] = (float)sums[c];
  }
}

/// Maximum of the terms of one output; a NaN among them wins.
static float most_of_terms(const fk_walk *w, const float *a) {
  fk_cursor at = {0};
  int32_t inner = w->rank - 1;
  int64_t extent = w->extent[inner], stride = w->a_stride[inner], rows = fk_walk_count(w) / extent;
  float lane[FK_LANES], most = -fk_infinity();
  for (int32_t i = 0; i < FK_LANES; i++) lane[i] = most;
  for (int64_t row = 0; row < rows; row++, fk_cursor_advance(&at, w, inner)) {
    const float *x = a + at.a;
    int64_t i = 0;
    for (; stride == 1 && i + FK_LANES <= extent; i += FK_LANES)
      for (int32_t k = 0; k < FK_LANES; k++) lane[k] = fk_binary_apply(FK_MAXIMUM, x[i + k], lane[k]);
    for (; i < extent; i++) most = fk_binary_apply(FK_MAXIMUM, x[i * stride], most);
  }
  for (int32_t i = 0; i < FK_LANES; i++) most = fk_binary_apply(FK_MAXIMUM, lane[i], most);
  return most;
}

static void most_unit(void *context, int64_t unit) {
  const reduce_job *j = context;
  // Outputs are shared out in stretches, so that short rows do not pay for the counter.
  int64_t first = unit * j->columns, end = fk_min64(j->outputs, first + j->columns);
  fk_cursor at;
  fk_cursor_seek(&at, &j->kept, j->kept.rank, first);
  for (int64_t output = first; output < end; output++, fk_cursor_advance(&at, &j->kept, j->kept.rank))
    j->out[at.out] = most_of_terms(&j->reduced, j->a + at.a);
}

static void push_axis(fk_walk *w, const fk_walk *from, int32_t axis) {
  w->extent[w->rank] = from->extent[axis];
  w->out_stride[w->rank] = from->out_stride[axis];
  w->a_stride[w->rank++] = from->a_stride[axis];
}

static fk_status reduce_sum(const fk_walk *walk, const float *a, float *out) {
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  fk_walk w = simplified(walk, 1);
  if (fk_walk_count(&w) == 0) return fk_scalar_reduce_sum(walk, a, out);
  reduce_job j = {.columns = 1, .a = a, .out = out};
  int32_t inner = w.rank - 1, has_columns = w.out_stride[inner] != 0 && w.a_stride[inner] == 1 && w.extent[inner] > 1;
  for (int32_t i = 0; i < w.rank; i++) {
    if (w.out_stride[i] == 0)
      push_axis(&j.reduced, &w, i);
    else if (!(has_columns && i == inner))
      push_axis(&j.kept, &w, i);
  }
  j.outputs = fk_walk_count(&j.kept);
  j.terms = fk_walk_count(&j.reduced);
  if (has_columns && j.reduced.rank == 0) return copy(walk, a, out);
  if (has_columns) {
    j.columns = w.extent[inner];
    j.column_out = w.out_stride[inner];
  }
  j.column_chunks = fk_ceil_div(j.columns, column_chunk);
  j.blocks = j.outputs * j.columns <= most_split_outputs && j.terms >= 1024 ? FK_MAX_BLOCKS : 1;
  double partial[FK_MAX_BLOCKS * most_split_outputs];
  j.partial = partial;
  int64_t units = j.outputs * j.column_chunks * j.blocks;
  if (j.outputs * j.columns * j.terms < serial_elements)
    for (int64_t unit = 0; unit < units; unit++) sum_unit(&j, unit);
  else
    fk_parallel(units, &j, sum_unit);
  if (j.blocks == 1) return FK_OK;
  fk_cursor at = {0};
  for (int64_t output = 0; output < j.outputs; output++, fk_cursor_advance(&at, &j.kept, j.kept.rank))
    for (int64_t c = 0; c < j.columns; c++) {
      double sum = 0;
      for (int64_t block = 0; block < j.blocks; block++) sum += partial[(block * j.outputs + output) * j.columns + c];
      out[at.out + c * j.column_out] = (float)sum;
    }
  return FK_OK;
}

static fk_status reduce_max(const fk_walk *walk, const float *a, float *out) {
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  fk_walk w = simplified(walk, 1);
  reduce_job j = {.a = a, .out = out};
  for (int32_t i = 0; i < w.rank; i++) push_axis(w.out_stride[i] == 0 ? &j.reduced : &j.kept, &w, i);
  if (fk_walk_count(&w) == 0) return fk_scalar_reduce_max(walk, a, out);
  if (j.reduced.rank == 0) return copy(walk, a, out);
  j.outputs = fk_walk_count(&j.kept);
  int64_t terms = fk_walk_count(&j.reduced);
  j.columns = fk_max64(1, unit_elements / terms);
  int64_t units = fk_ceil_div(j.outputs, j.columns);
  if (j.outputs * terms < serial_elements)
    for (int64_t unit = 0; unit < units; unit++) most_unit(&j, unit);
  else
    fk_parallel(units, &j, most_unit);
  return FK_OK;
}
