#include "services/dispatch/claiming/cancellation_watch.h"

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(500);
// Far more than are cancelled while mail is in hand.
constexpr std::size_t kMaxRemembered = 100'000;

template <typename Key>
bool NewsAfter(const absl::flat_hash_map<Key, absl::Time>& news, Key key, absl::Time time) {
  const auto it = news.find(key);
  return it != news.end() && it->second > time;
}

template <typename Key>
void Remember(const std::vector<Key>& keys, absl::Time now,
              absl::flat_hash_map<Key, absl::Time>& news) {
  if (news.size() > kMaxRemembered) news.clear();
  for (const Key key : keys) news[key] = now;
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
  const absl::StatusOr<Cancellations> news = queue_.CancellationsSince(cursor);
  if (!news.ok()) return;
  absl::MutexLock lock(&mutex_);
  cursor_ = news->cursor;
  Remember(news->messages, clock_.Now(), messages_);
  Remember(news->batches, clock_.Now(), batches_);
}

bool CancellationWatch::Cancelled(const Mail& mail, absl::Time claimed) {
  Refresh();
  absl::MutexLock lock(&mutex_);
  return NewsAfter(messages_, mail.id, claimed) ||
         (mail.batch != 0 && NewsAfter(batches_, mail.batch, claimed));
}

}  // namespace lmsmail::dispatch
