// The weights as panels of 2 * FK_LANES columns.

/// Terms start ..< end of the (tap, channel) axis of one panel: [term][its columns], zeros beyond width.
static void pack_panel(const product *j, int64_t panel, int64_t start, int64_t end, float *to) {
  const window *w = &j->left;
  int64_t first = panel * panel_columns, columns = panel_vectors(j, panel) * FK_LANES, count = fk_min64(columns, j->width - first);
  for (int64_t term = start, length; term < end; term += length, to += length * columns) {
    int64_t t = term / w->depth, channel = term % w->depth;
    length = fk_min64(w->depth - channel, end - term);
    const float *from = j->b + w->taps[t].weight * j->b_tap + (j->transposed ? first * j->b_step + channel : channel * j->b_step + first);
    if (j->transposed) {
      transpose_floats(from, j->b_step, count, length, to, columns);
      for (int64_t c = 0; c < length && count < columns; c++) zero_floats(to + c * columns + count, columns - count);
    } else if (count == panel_columns) {
      for (int64_t c = 0; c < length; c++) copy_floats(to + c * panel_columns, from + c * j->b_step, panel_columns);
    } else {
      for (int64_t c = 0; c < length; c++) {
        copy_floats(to + c * columns, from + c * j->b_step, count);
        zero_floats(to + c * columns + count, columns - count);
      }
    }
  }
}

static void product_pack(void *context, int64_t panel) {
  const product *j = context;
  const window *w = &j->left;
  if (!j->narrow) {
    pack_panel(j, panel, 0, w->total, j->packed + panel * panel_columns * w->total);
    return;
  }
  // One row per column, in the order of the reduction.
  for (int64_t t = 0; t < w->tap_count; t++)
    for (int64_t c = 0; c < w->depth; c++) {
      const float *tap_weights = j->b + w->taps[t].weight * j->b_tap;
      for (int64_t n = 0; n < j->width; n++)
        j->packed[n * w->total + t * w->depth + c] = j->transposed ? tap_weights[n * j->b_step + c] : tap_weights[c * j->b_step + n];
    }
}
