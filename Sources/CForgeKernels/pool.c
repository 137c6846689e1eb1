// The thread pool behind fk_parallel: threads - 1 workers and the caller take indexes from one counter.
//
// A region begins and ends by atomic steps on one word, `state`; the lock is for sleeping and waking alone. Idle workers spin for a few
// microseconds (layers follow each other quickly), then give their core away whenever somebody wants it, then sleep on a condition
// variable, because the machine is shared. Waking a sleeper costs the caller 20 us and more on a virtual machine. Work is cut by the
// caller of fk_parallel, so nothing here can change a result.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "fk_internal.h"

enum { most_workers = 255, spin_nanoseconds = 10000, yield_nanoseconds = 100000 };

// `state`: the generation of the job, whether workers may still join it, how many are in it.
static const uint64_t one_generation = (uint64_t)1 << 32, open_bit = (uint64_t)1 << 31, inside_mask = ((uint64_t)1 << 31) - 1;

static struct {
  pthread_mutex_t entry;    // held by the one caller whose job runs
  pthread_mutex_t lock;     // guards what follows, and every sleep
  pthread_cond_t wake, done;
  int32_t workers;          // started
  _Atomic int32_t threads;  // wanted, caller included; 0 until asked
  _Atomic int32_t sleeping; // workers
  _Atomic int32_t waiting;  // the caller sleeps until its workers are done
  // The job: written before it opens, read by those inside.
  void (*body)(void *, int64_t);
  void *context;
  int64_t count;
  int32_t helpers;          // workers with a smaller number may help
  _Alignas(64) _Atomic uint64_t state;
  _Alignas(64) atomic_int_least64_t next;
} pool = {.entry = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static _Thread_local int inside_job;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int32_t online_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int32_t)n : 1;
}

int32_t fk_lanes(void) {
  static atomic_int lanes;
  int32_t n = atomic_load_explicit(&lanes, memory_order_relaxed);
  if (n == 0) {
    n = online_cores();
    n = n < 2 ? 2 : (n > 16 ? 16 : n);
    atomic_store_explicit(&lanes, n, memory_order_relaxed);
  }
  return n;
}

static void take_indexes(void (*body)(void *, int64_t), void *context, int64_t count) {
  inside_job = 1;
  for (;;) {
    int64_t i = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed);
    if (i >= count) break;
    body(context, i);
  }
  inside_job = 0;
}

/// Waits a while, first at full attention, until the state's bits under `mask` are other than `old`; 0 when they are still the same.
static int changes_soon(uint64_t mask, uint64_t old) {
  int64_t start = now();
  for (;;) {
    for (int32_t i = 0; i < 16; i++) {
      if ((atomic_load_explicit(&pool.state, memory_order_acquire) & mask) != old) return 1;
      pause_briefly();
    }
    int64_t waited = now() - start;
    if (waited > yield_nanoseconds) return 0;
    if (waited > spin_nanoseconds) sched_yield();
  }
}

static void *work(void *argument) {
  int32_t id = (int32_t)(intptr_t)argument;
  const uint64_t generation_mask = ~(one_generation - 1);
  uint64_t seen = 0;
  for (;;) {
    if (!changes_soon(generation_mask, seen)) {
      pthread_mutex_lock(&pool.lock);
      // The caller publishes, then looks for sleepers; a sleeper says so, then looks once more. One of them sees the other.
      atomic_fetch_add(&pool.sleeping, 1);
      while ((atomic_load(&pool.state) & generation_mask) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
      atomic_fetch_sub(&pool.sleeping, 1);
      pthread_mutex_unlock(&pool.lock);
    }
    uint64_t state = atomic_load(&pool.state);
    int joined = 0;
    while (state & open_bit && !joined) joined = atomic_compare_exchange_weak(&pool.state, &state, state + 1);
    seen = state & generation_mask;
    if (!joined) continue;
    if (id < pool.helpers) take_indexes(pool.body, pool.context, pool.count);
    state = atomic_fetch_sub(&pool.state, 1) - 1;
    if ((state & inside_mask) == 0 && atomic_load(&pool.waiting)) {
      // Once the lock was free the caller is asleep or has looked again; whoever wakes does not find it taken.
      pthread_mutex_lock(&pool.lock);
      pthread_mutex_unlock(&pool.lock);
      pthread_cond_signal(&pool.done);
    }
  }
  return NULL;
}

// A child of fork has no workers: it starts its own when it needs them.
static void forget_workers(void) {
  pthread_mutex_init(&pool.entry, NULL);
  pthread_mutex_init(&pool.lock, NULL);
  pthread_cond_init(&pool.wake, NULL);
  pthread_cond_init(&pool.done, NULL);
  pool.workers = 0;
  atomic_store(&pool.sleeping, 0);
  atomic_store(&pool.waiting, 0);
  atomic_store(&pool.state, atomic_load(&pool.state) & ~(open_bit | inside_mask));
  inside_job = 0;
}

static void start_workers(void) {
  static int hooked;
  if (!hooked) {
    pthread_atfork(NULL, NULL, forget_workers);
    hooked = 1;
  }
  while (pool.workers < pool.helpers) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &attributes, work, (void *)(intptr_t)pool.workers);
    pthread_attr_destroy(&attributes);
    if (failed) return;  // fewer workers, same results
    pool.workers++;
  }
}

void fk_set_threads(int32_t threads) {
  atomic_store(&pool.threads, threads <= 0 ? online_cores() : (threads > most_workers + 1 ? most_workers + 1 : threads));
}

int32_t fk_threads(void) {
  int32_t threads = atomic_load_explicit(&pool.threads, memory_order_relaxed);
  if (threads == 0) fk_set_threads(threads = online_cores());
  return threads;
}

void fk_parallel(int64_t count, void *context, void (*body)(void *context, int64_t index)) {
  if (count <= 0) return;
  // Inside a body, with nothing to share, or while another thread's job has the pool: run here.
  if (inside_job || count == 1 || fk_threads() == 1 || pthread_mutex_trylock(&pool.entry) != 0) {
    for (int64_t i = 0; i < count; i++) body(context, i);
    return;
  }
  pool.helpers = fk_threads() - 1;
  if (pool.workers < pool.helpers) start_workers();
  pool.body = body;
  pool.context = context;
  pool.count = count;
  atomic_store_explicit(&pool.next, 0, memory_order_relaxed);
  // Nobody is inside and nobody can join: the state is a generation alone.
  atomic_store(&pool.state, atomic_load(&pool.state) + one_generation + open_bit);
  if (atomic_load(&pool.sleeping)) {
    pthread_mutex_lock(&pool.lock);
    pthread_mutex_unlock(&pool.lock);
    pthread_cond_broadcast(&pool.wake);
  }

  take_indexes(body, context, count);

  uint64_t inside = atomic_fetch_and(&pool.state, ~open_bit) & inside_mask;
  while (inside != 0) {
    if (!changes_soon(inside_mask, inside)) {
      pthread_mutex_lock(&pool.lock);
      atomic_store(&pool.waiting, 1);
      while (atomic_load(&pool.state) & inside_mask) pthread_cond_wait(&pool.done, &pool.lock);
      atomic_store(&pool.waiting, 0);
      pthread_mutex_unlock(&pool.lock);
    }
    inside = atomic_load_explicit(&pool.state, memory_order_acquire) & inside_mask;
  }
  pthread_mutex_unlock(&pool.entry);
}
