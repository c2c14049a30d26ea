#include "services/dispatch/claiming/cancellation_watch.h"

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(500);
// Far more than are cancelled while mail is claimed.
constexpr std::size_t kMaxRemembered = 100'000;

template <typename Key>
bool CancelledAfter(const absl::flat_hash_map<Key, absl::Time>& known, Key key, absl::Time time) {
  const auto it = known.find(key);
  return it != known.end() && it->second > time;
}

template <typename Key>
void Remember(const std::vector<Key>& keys, absl::Time now,
              absl::flat_hash_map<Key, absl::Time>& known) {
  if (known.size() > kMaxRemembered) known.clear();
  for (const Key key : keys) known[key] = now;
}

}  // namespace

void CancellationWatch::Refresh() {
  std::int64_t cursor = 0;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    if (now - refreshed_ < kInterval) return;
    refreshed_ = now;
    cursor = cursor_;
  }
  const absl::StatusOr<Cancellations> found = queue_.CancellationsSince(cursor);
  if (!found.ok()) return;
  absl::MutexLock lock(&mutex_);
  cursor_ = found->cursor;
  Remember(found->messages, clock_.Now(), messages_);
  Remember(found->batches, clock_.Now(), batches_);
}

bool CancellationWatch::Cancelled(const Mail& mail, absl::Time claimed) {
  Refresh();
  absl::MutexLock lock(&mutex_);
  return CancelledAfter(messages_, mail.id, claimed) ||
         (mail.batch != 0 && CancelledAfter(batches_, mail.batch, claimed));
}

}  // namespace lmsmail::dispatch
