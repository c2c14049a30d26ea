// Debian's Abseil is built without the thread sanitizer, which only knows instrumented code and the
// pthread functions. It does not recognize absl::Mutex as a lock and reports races on everything
// that one guards. This file interposes the library's functions in every program of such a build
// and reports their effects to the sanitizer. It calls them through the dynamic linker, so that
// gRPC's locks are reported too.
//
// The sanitizer ignores everything between "pre" and "post", so that the functions of
// absl::Condition are not checked.

#include <sanitizer/tsan_interface.h>

#include <atomic>
#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "tests/sanitizers/real_function.h"

// The linker's symbols for the bounds of the program's code.
extern "C" const char __executable_start;
extern "C" const char etext;

namespace {

using lmsmail::testing::RealFunction;
using Mutex = absl::Mutex*;
using Condition = const absl::Condition&;
using Notification = const absl::Notification*;

#define MUTEX(rest) "_ZN4absl7debian35Mutex" rest
#define COND_VAR(rest) "_ZN4absl7debian37CondVar" rest
#define NOTIFICATION(rest) "4absl7debian312Notification" rest
constinit RealFunction<void(Mutex)> real_destroy{MUTEX("D1Ev")};
constinit RealFunction<void(Mutex)> real_lock{MUTEX("4LockEv")};
constinit RealFunction<void(Mutex)> real_unlock{MUTEX("6UnlockEv")};
constinit RealFunction<bool(Mutex)> real_try_lock{MUTEX("7TryLockEv")};
constinit RealFunction<void(Mutex)> real_reader_lock{MUTEX("10ReaderLockEv")};
constinit RealFunction<void(Mutex)> real_reader_unlock{MUTEX("12ReaderUnlockEv")};
constinit RealFunction<bool(Mutex)> real_reader_try_lock{MUTEX("13ReaderTryLockEv")};
constinit RealFunction<void(Mutex, Condition)> real_lock_when{MUTEX("8LockWhenERKNS0_9ConditionE")};
constinit RealFunction<bool(Mutex, Condition, absl::Time)> real_lock_when_with_deadline{
    MUTEX("20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE")};
constinit RealFunction<void(Mutex, Condition)> real_reader_lock_when{
    MUTEX("14ReaderLockWhenERKNS0_9ConditionE")};
constinit RealFunction<bool(Mutex, Condition, absl::Time)> real_reader_lock_when_with_deadline{
    MUTEX("26ReaderLockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE")};
constinit RealFunction<void(Mutex, Condition)> real_await{MUTEX("5AwaitERKNS0_9ConditionE")};
constinit RealFunction<bool(Mutex, Condition, absl::Time)> real_await_with_deadline{
    MUTEX("17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE")};
constinit RealFunction<void(absl::CondVar*, Mutex)> real_wait{COND_VAR("4WaitEPNS0_5MutexE")};
constinit RealFunction<bool(absl::CondVar*, Mutex, absl::Time)> real_wait_with_deadline{
    COND_VAR("16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE")};
constinit RealFunction<void(Notification)> real_notify{"_ZN" NOTIFICATION("6NotifyEv")};
constinit RealFunction<bool(Notification, absl::Time)> real_wait_for_notification{
    "_ZNK" NOTIFICATION("31WaitForNotificationWithDeadlineENS0_4TimeE")};
#undef MUTEX
#undef COND_VAR
#undef NOTIFICATION

constexpr unsigned kExclusive = 0;
constexpr unsigned kShared = __tsan_mutex_read_lock;
constexpr unsigned kTry = __tsan_mutex_try_lock;
constexpr unsigned kFailed = __tsan_mutex_try_lock_failed;

template <typename Function>
void Locking(Mutex mutex, unsigned how, Function lock) {
  __tsan_mutex_pre_lock(mutex, how);
  lock();
  __tsan_mutex_post_lock(mutex, how, 0);
}

template <typename Function>
bool TryLocking(Mutex mutex, unsigned how, Function lock) {
  __tsan_mutex_pre_lock(mutex, how | kTry);
  const bool locked = lock();
  __tsan_mutex_post_lock(mutex, how | kTry | (locked ? 0 : kFailed), 0);
  return locked;
}

template <typename Function>
void Unlocking(Mutex mutex, unsigned how, Function unlock) {
  __tsan_mutex_pre_unlock(mutex, how);
  unlock();
  __tsan_mutex_post_unlock(mutex, how);
}

// For functions that release the lock while they wait.
template <typename Function>
auto Waiting(Mutex mutex, Function wait) {
  // The bit of the mutex's only member that marks a lock by a writer.
  constexpr std::intptr_t kWriter = 0x0008;
  const auto& state = *reinterpret_cast<const std::atomic<std::intptr_t>*>(mutex);
  const unsigned how =
      (state.load(std::memory_order_relaxed) & kWriter) != 0 ? kExclusive : kShared;
  __tsan_mutex_pre_unlock(mutex, how);
  __tsan_mutex_post_unlock(mutex, how);
  __tsan_mutex_pre_lock(mutex, how);
  const auto result = wait();
  __tsan_mutex_post_lock(mutex, how, 0);
  return result;
}

// Returns whether the code belongs to the program and not to a shared library.
bool IsInThisProgram(const void* code) { return &__executable_start <= code && code < &etext; }

// Returns the flag that the inline function HasBeenNotified() reads. It follows the mutex.
void* FlagOf(Notification notification) {
  const auto address = reinterpret_cast<std::uintptr_t>(notification);
  return reinterpret_cast<void*>(address + sizeof(absl::Mutex));
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

Mutex::~Mutex() {
  // Libraries synchronise the destruction of their mutexes with atomics that the sanitizer does not
  // see.
  if (IsInThisProgram(__builtin_return_address(0))) __tsan_mutex_destroy(this, 0);
  real_destroy(this);
}

void Mutex::Lock() {
  Locking(this, kExclusive, [this] { real_lock(this); });
}
void Mutex::Unlock() {
  Unlocking(this, kExclusive, [this] { real_unlock(this); });
}
bool Mutex::TryLock() {
  return TryLocking(this, kExclusive, [this] { return real_try_lock(this); });
}
void Mutex::ReaderLock() {
  Locking(this, kShared, [this] { real_reader_lock(this); });
}
void Mutex::ReaderUnlock() {
  Unlocking(this, kShared, [this] { real_reader_unlock(this); });
}
bool Mutex::ReaderTryLock() {
  return TryLocking(this, kShared, [this] { return real_reader_try_lock(this); });
}

void Mutex::LockWhen(const Condition& condition) {
  Locking(this, kExclusive, [&] { real_lock_when(this, condition); });
}
bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  bool met = false;
  Locking(this, kExclusive, [&] { met = real_lock_when_with_deadline(this, condition, deadline); });
  return met;
}
bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  return LockWhenWithDeadline(condition, Now() + timeout);
}
void Mutex::ReaderLockWhen(const Condition& condition) {
  Locking(this, kShared, [&] { real_reader_lock_when(this, condition); });
}
bool Mutex::ReaderLockWhenWithDeadline(const Condition& condition, Time deadline) {
  bool met = false;
  Locking(this, kShared,
          [&] { met = real_reader_lock_when_with_deadline(this, condition, deadline); });
  return met;
}
bool Mutex::ReaderLockWhenWithTimeout(const Condition& condition, Duration timeout) {
  return ReaderLockWhenWithDeadline(condition, Now() + timeout);
}

void Mutex::Await(const Condition& condition) {
  Waiting(this, [&] {
    real_await(this, condition);
    return true;
  });
}
bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  return Waiting(this, [&] { return real_await_with_deadline(this, condition, deadline); });
}
bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  return AwaitWithDeadline(condition, Now() + timeout);
}

void CondVar::Wait(Mutex* mutex) {
  Waiting(mutex, [&] {
    real_wait(this, mutex);
    return true;
  });
}
bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  return Waiting(mutex, [&] { return real_wait_with_deadline(this, mutex, deadline); });
}
bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  return WaitWithDeadline(mutex, Now() + timeout);
}

void Notification::Notify() {
  __tsan_release(FlagOf(this));
  real_notify(this);
}
bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  const bool notified = real_wait_for_notification(this, deadline);
  if (notified) __tsan_acquire(FlagOf(this));
  return notified;
}
bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  return WaitForNotificationWithDeadline(Now() + timeout);
}
void Notification::WaitForNotification() const {
  WaitForNotificationWithDeadline(InfiniteFuture());
}

ABSL_NAMESPACE_END
}  // namespace absl
