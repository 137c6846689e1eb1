// The thread pool behind fk_parallel: threads - 1 workers and the caller take indexes from one counter.
//
// Idle workers spin for a few microseconds (layers follow each other quickly), then sleep on a condition variable, because the
// machine is shared. Work is cut by the caller of fk_parallel, so nothing here can change a result.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "fk_internal.h"

enum { most_workers = 255, spin_nanoseconds = 15000 };

static struct {
  pthread_mutex_t entry;    // held by the one caller whose job runs
  pthread_mutex_t lock;     // guards what follows
  pthread_cond_t wake, done;
  int32_t workers;          // started
  int32_t sleeping;
  int32_t threads;          // wanted, caller included; 0 until asked
  atomic_uint generation;   // of the job
  int open;                 // workers may still join the job
  atomic_int inside;        // workers in the job
  void (*body)(void *, int64_t);
  void *context;
  int64_t count;
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

static void *work(void *argument) {
  int32_t id = (int32_t)(intptr_t)argument;
  unsigned seen = 0;
  for (;;) {
    int64_t until = now() + spin_nanoseconds;
    while (atomic_load_explicit(&pool.generation, memory_order_acquire) == seen && now() < until)
      for (int32_t i = 0; i < 16; i++) pause_briefly();
    pthread_mutex_lock(&pool.lock);
    while (atomic_load_explicit(&pool.generation, memory_order_relaxed) == seen) {
      pool.sleeping++;
      pthread_cond_wait(&pool.wake, &pool.lock);
      pool.sleeping--;
    }
    seen = atomic_load_explicit(&pool.generation, memory_order_relaxed);
    int joins = pool.open && id < pool.threads - 1;
    void (*body)(void *, int64_t) = pool.body;
    void *context = pool.context;
    int64_t count = pool.count;
    if (joins) atomic_fetch_add_explicit(&pool.inside, 1, memory_order_relaxed);
    pthread_mutex_unlock(&pool.lock);
    if (!joins) continue;
    take_indexes(body, context, count);
    if (atomic_fetch_sub_explicit(&pool.inside, 1, memory_order_acq_rel) == 1) {
      pthread_mutex_lock(&pool.lock);
      pthread_cond_signal(&pool.done);
      pthread_mutex_unlock(&pool.lock);
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
  pool.workers = pool.sleeping = 0;
  pool.open = 0;
  atomic_store(&pool.inside, 0);
  inside_job = 0;
}

static void start_workers(void) {
  static int hooked;
  if (!hooked) {
    pthread_atfork(NULL, NULL, forget_workers);
    hooked = 1;
  }
  while (pool.workers < pool.threads - 1) {
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
  pthread_mutex_lock(&pool.lock);
  pool.threads = threads <= 0 ? online_cores() : (threads > most_workers + 1 ? most_workers + 1 : threads);
  pthread_mutex_unlock(&pool.lock);
}

int32_t fk_threads(void) {
  pthread_mutex_lock(&pool.lock);
  if (pool.threads == 0) pool.threads = online_cores();
  int32_t threads = pool.threads;
  pthread_mutex_unlock(&pool.lock);
  return threads;
}

void fk_parallel(int64_t count, void *context, void (*body)(void *context, int64_t index)) {
  if (count <= 0) return;
  // Inside a body, with nothing to share, or while another thread's job has the pool: run here.
  if (inside_job || count == 1 || fk_threads() == 1 || pthread_mutex_trylock(&pool.entry) != 0) {
    for (int64_t i = 0; i < count; i++) body(context, i);
    return;
  }
  pthread_mutex_lock(&pool.lock);
  start_workers();
  pool.body = body;
  pool.context = context;
  pool.count = count;
  pool.open = 1;
  atomic_store_explicit(&pool.next, 0, memory_order_relaxed);
  atomic_fetch_add_explicit(&pool.generation, 1, memory_order_release);
  if (pool.sleeping) pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);

  take_indexes(body, context, count);

  pthread_mutex_lock(&pool.lock);
  pool.open = 0;
  pthread_mutex_unlock(&pool.lock);
  int64_t until = now() + spin_nanoseconds;
  while (atomic_load_explicit(&pool.inside, memory_order_acquire) != 0 && now() < until)
    for (int32_t i = 0; i < 16; i++) pause_briefly();
  pthread_mutex_lock(&pool.lock);
  while (atomic_load_explicit(&pool.inside, memory_order_acquire) != 0) pthread_cond_wait(&pool.done, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
  pthread_mutex_unlock(&pool.entry);
}
