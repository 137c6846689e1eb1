// The three linear maps of Winograd's minimal filtering (Lavin & Gray 2016), one axis at a time, on vectors of channels.
//
// Four outputs y of a filter g over a window d are y = A' [(G g) * (B' d)], exact over the rationals: with 3 taps the 6 points are 0, a,
// -a, b, -b and infinity, with 2 taps the 5 points are 0, c, -c, d and infinity. A, B and G follow from the points: row p of A and G
// evaluates polynomials at p, row p of B' has the coefficients of the product of (x - q) over the other points q.

enum { winograd_outputs = 4, winograd_most_points = 6 };

// Powers of the points grow in A, their differences shrink in G. Largest errors over random layers of 16...130 channels, relative to the
// largest output: 2.8e-6 with these and 9.6e-6 with a = 1, b = 2; 4.7e-6 with these and 7.3e-6 with c = 1, d = 2.
#define FK_WINOGRAD_A 0.75f
#define FK_WINOGRAD_B 1.5f
#define FK_WINOGRAD_C 0.75f
#define FK_WINOGRAD_D 1.75f

/// v = B' d.
FK_INLINE void winograd_input(const int32_t points, const vf *d, vf *v) {
  if (points == 6) {
    const float a = FK_WINOGRAD_A, b = FK_WINOGRAD_B;
    vf even_a = vf_fma(vf_splat(-b * b), d[2], d[4]), odd_a = vf_fma(vf_splat(-b * b), d[1], d[3]);
    vf even_b = vf_fma(vf_splat(-a * a), d[2], d[4]), odd_b = vf_fma(vf_splat(-a * a), d[1], d[3]);
    v[0] = vf_fma(vf_splat(-a * a), vf_fma(vf_splat(-b * b), d[0], d[2]), even_a);
    v[1] = vf_fma(vf_splat(a), odd_a, even_a);
    v[2] = vf_fma(vf_splat(-a), odd_a, even_a);
    v[3] = vf_fma(vf_splat(b), odd_b, even_b);
    v[4] = vf_fma(vf_splat(-b), odd_b, even_b);
    v[5] = vf_fma(vf_splat(-a * a), odd_a, vf_fma(vf_splat(-b * b), d[3], d[5]));
  } else {
    const float a = FK_WINOGRAD_C, b = FK_WINOGRAD_D;
    vf even = vf_fma(vf_splat(-b), d[2], d[3]), odd = vf_fma(vf_splat(-b), d[1], d[2]), far = vf_fma(vf_splat(-a * a), d[1], d[3]);
    v[0] = vf_fma(vf_splat(-b), vf_fma(vf_splat(-a * a), d[0], d[2]), far);
    v[1] = vf_fma(vf_splat(a), odd, even);
    v[2] = vf_fma(vf_splat(-a), odd, even);
    v[3] = far;
    v[4] = vf_fma(vf_splat(-b), far, vf_fma(vf_splat(-a * a), d[2], d[4]));
  }
}

/// u = G g.
FK_INLINE void winograd_filter(const int32_t points, const vf *g, vf *u) {
  if (points == 6) {
    const float a = FK_WINOGRAD_A, b = FK_WINOGRAD_B;
    const vf at_a = vf_splat(1 / (2 * a * a * (a * a - b * b))), at_b = vf_splat(1 / (2 * b * b * (b * b - a * a)));
    vf even_a = vf_fma(vf_splat(a * a), g[2], g[0]), odd_a = vf_splat(a) * g[1];
    vf even_b = vf_fma(vf_splat(b * b), g[2], g[0]), odd_b = vf_splat(b) * g[1];
    u[0] = vf_splat(1 / (a * a * b * b)) * g[0];
    u[1] = at_a * (even_a + odd_a);
    u[2] = at_a * (even_a - odd_a);
    u[3] = at_b * (even_b + odd_b);
    u[4] = at_b * (even_b - odd_b);
    u[5] = g[2];
  } else {
    const float a = FK_WINOGRAD_C, b = FK_WINOGRAD_D;
    u[0] = vf_splat(1 / (a * a * b)) * g[0];
    u[1] = vf_splat(1 / (2 * a * a * (a - b))) * vf_fma(vf_splat(a), g[1], g[0]);
    u[2] = vf_splat(-1 / (2 * a * a * (a + b))) * vf_fma(vf_splat(-a), g[1], g[0]);
    u[3] = vf_splat(1 / (b * (b * b - a * a))) * vf_fma(vf_splat(b), g[1], g[0]);
    u[4] = g[1];
  }
}

/// y = A' m.
FK_INLINE void winograd_output(const int32_t points, const vf *m, vf *y) {
  vf sum = m[1] + m[2], difference = m[1] - m[2];
  if (points == 6) {
    const float a = FK_WINOGRAD_A, b = FK_WINOGRAD_B;
    vf sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    y[0] = (m[0] + sum) + sum2;
    y[1] = vf_fma(vf_splat(b), difference2, vf_splat(a) * difference);
    y[2] = vf_fma(vf_splat(b * b), sum2, vf_splat(a * a) * sum);
    y[3] = vf_fma(vf_splat(b * b * b), difference2, vf_fma(vf_splat(a * a * a), difference, m[5]));
  } else {
    const float a = FK_WINOGRAD_C, b = FK_WINOGRAD_D;
    y[0] = (m[0] + sum) + m[3];
    y[1] = vf_fma(vf_splat(b), m[3], vf_splat(a) * difference);
    y[2] = vf_fma(vf_splat(b * b), m[3], vf_splat(a * a) * sum);
    y[3] = vf_fma(vf_splat(b * b * b), m[3], vf_fma(vf_splat(a * a * a), difference, m[4]));
  }
}
