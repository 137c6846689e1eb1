// Twelve independent chains hide the latency of fma on every core so far (4 cycles, 2 per cycle). Without the licence to reassociate a
// compiler has to run the recurrence as it stands.

double FK_PEAK_BURST(int64_t rounds) {
  enum { chains = 12 };
  vf sum[chains];
  for (int32_t i = 0; i < chains; i++) sum[i] = vf_splat((float)i);
  vf x = vf_splat(0.999f), y = vf_splat(0.001f);
  for (int64_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int32_t i = 0; i < chains; i++) sum[i] = vf_fma(sum[i], x, y);
  }
  vf all = sum[0];
  for (int32_t i = 1; i < chains; i++) all += sum[i];
  volatile float sink = vf_sum(all);
  (void)sink;
  return 2.0 * chains * FK_LANES * (double)rounds;
}
