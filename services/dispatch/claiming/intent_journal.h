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

// Records which mails this process handed over and how far each came, until their outcomes are
// recorded in the database. The file is mapped into memory, so it survives any end of the process:
// what was written belongs to the kernel. The next process then knows which mails were sent, which
// were not, and which few are uncertain: those between "." and the server's reply.
//
// The journal does not survive a crash of the machine, because nothing is synced to disk; leases
// recover the mail then. Thread-safe.
class IntentJournal {
 public:
  // Holds up to `mails` mails at a time; more are not recorded. An empty path keeps the journal in
  // memory only. FAILED_PRECONDITION when another process has the file open.
  static absl::StatusOr<std::unique_ptr<IntentJournal>> Open(const std::string& path,
                                                             std::size_t mails);
  ~IntentJournal();
  IntentJournal(const IntentJournal&) = delete;
  IntentJournal& operator=(const IntentJournal&) = delete;

  // Records the outcomes that the last process left: mails that were sent, and uncertain ones as
  // `decide` says. Then releases the rest of its claims and clears the journal. Must be called
  // first, and again after an error. A claim whose outcomes the queue refuses for good is left to
  // its lease.
  using Decide = absl::FunctionRef<Outcome(const ClaimedMail&, const DeliveryResult&)>;
  absl::Status Replay(QueueStore& queue, Decide decide);

  void ClaimOpened(ClaimId claim);
  void ClaimEnded(ClaimId claim);

  // Called before `mail` goes to the transport. Returns the token for DotSent.
  std::uint64_t HandedOver(ClaimId claim, const ClaimedMail& mail, std::string_view transport,
                           std::string_view content_hash);
  // Called before the last byte is sent. Never blocks. Ignores unknown tokens.
  void DotSent(std::uint64_t token);
  // Not called for an ambiguous result, which leaves the mail uncertain.
  void ReplyReceived(MessageId mail, bool accepted);
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
