#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"

#include "services/dispatch/message/message.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// Which mails this process has handed over and how far each came, until their outcomes are
// recorded. In a file that is mapped into memory: it survives the process, however that ends,
// because what was written to it belongs to the kernel. The successor then knows which mails were
// sent for certain, which certainly were not, and the few that are in doubt: those between "." and
// the answer.
//
// Not for a machine that fails: nothing is synced to the disk, and leases then do the work.
// Thread-safe.
class IntentJournal {
 public:
  // `mails` at a time, more are not journalled. An empty path keeps it in memory only.
  // FAILED_PRECONDITION when another process has the file.
  static absl::StatusOr<std::unique_ptr<IntentJournal>> Open(const std::string& path,
                                                             std::size_t mails);
  ~IntentJournal();
  IntentJournal(const IntentJournal&) = delete;
  IntentJournal& operator=(const IntentJournal&) = delete;

  // Says what the last process left, in the words of the queue: what was sent, what is in doubt.
  // Then gives the rest of its claims back and begins anew. Call before anything else; again after
  // an error. A claim whose outcomes the queue will never take is left to its lease.
  using Decide = absl::FunctionRef<Outcome(const ClaimedMail&, const DeliveryResult&)>;
  absl::Status Replay(QueueStore& queue, Decide decide);

  void ClaimOpened(ClaimId claim);
  void ClaimEnded(ClaimId claim);

  // Before `mail` goes to the transport. Returns the token to call DotSent with.
  std::uint64_t HandedOver(ClaimId claim, const ClaimedMail& mail, std::string_view transport,
                           std::string_view content_hash);
  // Before the last byte leaves. Never blocks. Tokens it does not know are ignored.
  void DotSent(std::uint64_t token);
  // Not for an ambiguous end, which leaves the mail as it was.
  void Answered(MessageId mail, bool accepted);
  void Recorded(absl::Span<const Outcome> outcomes);

 private:
  struct File;
  struct Entry;

  IntentJournal(int fd, void* memory, std::size_t size, std::size_t mails);
  Entry* EntryOf(MessageId mail) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Clear();

  const int fd_;  // -1: in memory only
  File* const file_;
  Entry* const entries_;
  const std::size_t size_;
  const std::size_t mails_;
  absl::Mutex mutex_;
  std::vector<std::size_t> free_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<MessageId, std::size_t> by_mail_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
