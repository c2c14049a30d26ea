#include "services/dispatch/cancellation_watch.h"

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(500);
// Far more than are cancelled while mail is in hand; what is older is known from the claim itself.
constexpr std::size_t kMaxRemembered = 100'000;

}  // namespace

bool CancellationWatch::Cancelled(const Mail& mail) {
  if (clock_.Now() - refreshed_ >= kInterval) Refresh();
  return messages_.contains(mail.id) || (mail.batch != 0 && batches_.contains(mail.batch));
}

void CancellationWatch::Refresh() {
  refreshed_ = clock_.Now();
  const absl::StatusOr<Cancellations> news = queue_.CancellationsSince(cursor_);
  if (!news.ok()) return;
  cursor_ = news->cursor;
  if (messages_.size() > kMaxRemembered) messages_.clear();
  if (batches_.size() > kMaxRemembered) batches_.clear();
  messages_.insert(news->messages.begin(), news->messages.end());
  batches_.insert(news->batches.begin(), news->batches.end());
}

}  // namespace lmsmail::dispatch
